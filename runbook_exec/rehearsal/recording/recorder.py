"""Records a run for `runbook-exec FILE --record`, and writes a transcript of it."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from ...document.model import TRANSCRIPT
from ...engine.events import (
    Answered,
    Captured,
    Event,
    RunStarted,
    StatementFinished,
    StatementStarted,
    ValueGiven,
)
from ...engine.ports import Keyboard, RunContext
from ...errors import reason
from ...journal.secret_store import find_memory_folder
from ...light_classes import replace
from ...masking.masker import Masker
from ...plan.model import ItemId, Plan, PlanItem, Value
from ...system.atomic_write import create_file
from ...system.temporary_folders import TemporaryFolder
from .. import relay
from ..allowlist import HARMLESS
from ..call_server import CallServer, StandInMessage
from ..environment import make_search_folder
from ..relay import parse_report
from ..stand_in_script import exec_script, format_script
from .recorded_run import RecordedCall, RecordedRun
from .session import RecordingSession, programs_on
from .terminal_trace import TerminalMarkFilter, TerminalTrace
from .writer import format_transcript

# harmless, but the output differs from machine to machine or from day to day
_MACHINE_DEPENDENT = frozenset(
    ("date", "df", "du", "groups", "hostname", "id", "logname", "nproc", "ps", "uname", "who", "whoami")
)


class Recorder:
    """Records one run: a context manager that replaces or wraps the parts of the run."""

    def __init__(self, plan: Plan, attended: bool) -> None:
        self._plan = plan
        self._attended = attended
        self._temporary = make_search_folder("record")
        self._folder = Path(self._temporary.path)
        self._marks = TerminalMarkFilter(secrets.token_hex(8))
        self._stack = ExitStack()
        self._items = {item.where: item for item in plan.items}
        self._item: PlanItem | None = None
        self._calls: list[RecordedCall] = []
        self._public: dict[str, str] = {}
        self._secret: dict[str, str] = {}
        self._done: dict[str, str] = {}
        self._choose: dict[str, str] = {}
        self._masker = Masker()
        self._private = False  # whether the current statement prints a secret
        self._first_call = 0  # the number of calls before the current statement
        self._captured_names: set[str] = set()  # from the output of the current statement

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        self._temporary.remove()

    @property
    def _bin(self) -> Path:
        return self._folder / "bin"

    # parts of the run ------------------------------------------------------------------------------------

    def session(
        self, shell: str, *, clean: bool, cwd: str | None, keyboard: Keyboard | None
    ) -> RecordingSession:
        """Make the session that the run uses."""
        session = RecordingSession(shell, clean=clean, cwd=cwd, keyboard=keyboard)
        session.marks, session.bin, session.prepare = self._marks, str(self._bin), self._install_stand_ins
        return session

    def context(self, world: RunContext) -> RunContext:
        """Make a context that also records the values of the run, and which of them are secret."""
        self._masker = world.masker
        return replace(world, on_value=self._learn)

    def watch(self, events: Generator[Event]) -> Generator[Event]:
        """Yield the same events, and note those that a rehearsal has to answer."""
        try:
            event = next(events)
            while True:
                self._note_event(event)
                try:
                    yield event
                except KeyboardInterrupt as interrupt:
                    event = events.throw(interrupt)
                else:
                    event = next(events)
        except StopIteration:
            return

    def write_transcript(self) -> Path:
        """Write the transcript beside the runbook and return its path. Raises OSError."""
        self._stack.close()
        self._attach_terminals()
        page = Path(self._plan.runbook.path)
        recording = RecordedRun(
            self._plan,
            tuple(self._calls),
            self._public,
            self._secret,
            self._done,
            self._choose,
            self._attended,
            self._masker.declared_values(),
        )
        text = format_transcript(recording).encode()
        for name in _transcript_names(page):
            path = page.with_name(name)
            with contextlib.suppress(FileExistsError):
                create_file(path, text)
                return path
        raise FileExistsError(f"too many transcripts beside {page}")

    def finish(self) -> str:
        """Write the transcript, and return the line that reports that."""
        try:
            return f"  recorded in {self.write_transcript()}, to be reviewed"
        except OSError as error:
            return f"  the record cannot be written: {reason(error)}"

    # notes -----------------------------------------------------------------------------------------------

    def _learn(self, name: str, value: Value) -> None:
        (self._secret if value.secret else self._public)[name] = value.text

    def _capture_names(self, item: PlanItem) -> set[str]:
        return {capture.name for where, capture in self._plan.captures if where == item.where}

    def _start_statement(self, event: StatementStarted) -> None:
        item = self._items.get(ItemId(event.step, event.block, event.statement))
        self._first_call = len(self._calls)
        self._captured_names = set()
        self._private = item is not None and (
            item.annotation.secret or any(map(self._plan.is_secret, self._capture_names(item)))
        )
        self._item = item or self._item

    def _finish_statement(self) -> None:
        """Mark the statement's output as public once all of its captures are known."""
        captures = self._capture_names(self._item) if self._item else set()
        if captures and captures <= self._captured_names:
            for call in self._calls[self._first_call :]:
                call.private = False

    def _note_event(self, event: Event) -> None:
        if isinstance(event, Captured):
            self._captured_names.add(event.name)
        if isinstance(event, StatementStarted):
            self._start_statement(event)
        elif isinstance(event, StatementFinished):
            self._finish_statement()
        elif isinstance(event, ValueGiven | Captured) and event.value is not None:
            self._public[event.name] = event.value
        elif isinstance(event, RunStarted):
            self._public |= event.values
        elif isinstance(event, Answered) and event.question in ("manual", "choose"):
            step = next((step for step in self._plan.procedure.steps if step.number == event.step), None)
            if step is not None and event.question == "manual" and event.answer == "done":
                self._done[step.label] = event.note
            elif step is not None and event.question == "choose" and event.answer.isdigit():
                self._choose[step.label] = event.answer

    def _install_stand_ins(self, path: str) -> None:
        """Make a recording stand-in for every program whose output may matter, and serve them."""
        self._bin.mkdir()
        memory = find_memory_folder(os.environ)  # what programs are given and print may be secret
        calls = Path(self._stack.enter_context(TemporaryFolder("calls", str(memory or self._folder))))
        one = self._folder / "stand-in"
        one.write_text(format_script(calls), encoding="utf-8", errors="surrogateescape")
        one.chmod(0o700)
        for name in {*programs_on(path)} - ({*HARMLESS} - _MACHINE_DEPENDENT):
            (self._bin / name).symlink_to(one)
        self._stack.enter_context(CallServer(calls, self._reply))

    def _reply(self, message: StandInMessage) -> str:
        if message.kind == "call":
            call = RecordedCall(
                tuple(message.words), self._item, message.pid, time.monotonic(), private=self._private
            )
            self._calls.append(call)
            python = (sys.executable, "-I", "-S", str(Path(relay.__file__)))
            mark = self._marks.mark
            base = ('"$__runbook_f"', '"$__runbook"')
            return exec_script([*python, *base, str(self._bin), mark, message.words[0]])
        call = next(call for call in reversed(self._calls) if call.pid == message.pid)
        call.status, call.pieces = parse_report(message.data)
        call.end_time = time.monotonic()
        return ""

    def _attach_terminals(self) -> None:
        """Attach to each call the output that went to the terminal."""
        shown: dict[str, Iterator[TerminalTrace]] = {
            pid: iter(terminals) for pid, terminals in self._marks.traces.items()
        }
        for call in self._calls:
            if not call.pieces and call.pid in shown:
                call.terminal = next(shown[call.pid], None)


def _transcript_names(page: Path) -> Iterator[str]:
    """Yield the names to try for the transcript, the plainest first."""
    yield page.stem + TRANSCRIPT
    yield f"{page.stem}.recorded{TRANSCRIPT}"
    yield from (f"{page.stem}.recorded-{number}{TRANSCRIPT}" for number in range(2, 1000))
