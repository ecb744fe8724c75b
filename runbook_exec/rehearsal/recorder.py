"""`runbook-exec FILE --record`: a real run writes the transcript that a rehearsal of it needs."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

from ..document.model import TRANSCRIPT
from ..engine.events import (
    Answered,
    Captured,
    Event,
    RunStarted,
    StatementFinished,
    StatementStarted,
    ValueGiven,
)
from ..engine.ports import Keyboard, RunContext
from ..masking.masker import Masker
from ..plan.model import ItemId, Plan, PlanItem, Value
from . import relay
from .allowlist import HARMLESS
from .call_server import CallServer, StandInMessage
from .recording_session import RecordingSession, TerminalMarkFilter, TerminalTrace, programs_on
from .relay import parse_report
from .stand_in_script import exec_script, format_script
from .transcript.writer import RecordedRun, format_transcript

# harmless, and yet another machine or another day answers otherwise
_MACHINE_DEPENDENT = frozenset(
    ("date", "df", "du", "groups", "hostname", "id", "logname", "nproc", "ps", "uname", "who", "whoami")
)


@dataclass(slots=True)
class RecordedCall:
    """A call of a real run: what with, in which statement, and what came of it."""

    words: tuple[str, ...]
    item: PlanItem | None
    pid: str
    start_time: float = 0.0  # seconds, monotonic
    end_time: float = 0.0
    status: int = 0
    pieces: list[tuple[float, int, bytes]] = field(default_factory=list)
    terminal: TerminalTrace | None = None  # where its output went to the terminal
    private: bool = False  # whether what it printed is or may be a secret


class Recorder:
    """Records one run: a context manager that has parts of its own for those of a run."""

    def __init__(self, plan: Plan, attended: bool) -> None:
        self._plan = plan
        self._attended = attended
        self._folder = Path(tempfile.mkdtemp(prefix="runbook-record-")).resolve()
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
        self._private = False  # whether the present statement prints a secret
        self._first_call = 0  # the number of calls before it
        self._captured_names: set[str] = set()  # from its output

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _bin(self) -> Path:
        return self._folder / "bin"

    # parts of the run ------------------------------------------------------------------------------------

    def session(
        self, shell: str, *, clean: bool, cwd: str | None, keyboard: Keyboard | None
    ) -> RecordingSession:
        """The session to run in."""
        session = RecordingSession(shell, clean=clean, cwd=cwd, keyboard=keyboard)
        session.marks, session.bin, session.prepare = self._marks, str(self._bin), self._install_stand_ins
        return session

    def context(self, world: RunContext) -> RunContext:
        """The world, whose secrets are noted to be left out."""
        self._masker = world.masker
        return replace(world, learned=self._learn)

    def watch(self, events: Generator[Event]) -> Generator[Event]:
        """The same events, of which those are noted that a rehearsal must answer."""
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
        """Write the transcript beside the runbook; raises OSError."""
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
                with path.open("xb") as file:
                    file.write(text)
                return path
        raise FileExistsError(f"too many transcripts beside {page}")

    def finish(self) -> str:
        """Write the transcript, and return the line that reports that."""
        try:
            return f"  recorded in {self.write_transcript()}, to be reviewed"
        except OSError as error:
            return f"  the record cannot be written: {(error.strerror or str(error)).lower()}"

    # what is noted ---------------------------------------------------------------------------------------

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
        """Only once all of its captures are known is what else a statement printed no secret."""
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
        """Make a recording stand-in for every program that may matter, and listen to them."""
        calls = self._folder / "calls"
        for folder in (calls, self._bin):
            folder.mkdir()
        one = self._folder / "stand-in"
        one.write_text(format_script(calls), encoding="utf-8")
        one.chmod(0o700)
        for name in {*programs_on(path)} - ({*HARMLESS} - _MACHINE_DEPENDENT):
            (self._bin / name).symlink_to(one)
        self._stack.enter_context(CallServer(calls, self._reply))

    def _reply(self, told: StandInMessage) -> str:
        if told.kind == "call":
            call = RecordedCall(
                tuple(told.words), self._item, told.pid, time.monotonic(), private=self._private
            )
            self._calls.append(call)
            python = (sys.executable, "-I", "-S", str(Path(relay.__file__)))
            mark = self._marks.mark
            base = ('"$__runbook_f"', '"$__runbook"')
            return exec_script([*python, *base, str(self._bin), mark, told.words[0]])
        call = next(call for call in reversed(self._calls) if call.pid == told.pid)
        code, call.pieces = parse_report(told.data)
        call.status = code if code >= 0 else 128 - code
        call.end_time = time.monotonic()
        return ""

    def _attach_terminals(self) -> None:
        """Give each call what the terminal showed of it."""
        shown: dict[str, Iterator[TerminalTrace]] = {
            pid: iter(terminals) for pid, terminals in self._marks.traces.items()
        }
        for call in self._calls:
            if not call.pieces and call.pid in shown:
                call.terminal = next(shown[call.pid], None)


def _transcript_names(page: Path) -> Iterator[str]:
    """What the transcript may be called: the first that is not there yet."""
    yield page.stem + TRANSCRIPT
    yield f"{page.stem}.recorded{TRANSCRIPT}"
    yield from (f"{page.stem}.recorded-{number}{TRANSCRIPT}" for number in range(2, 1000))
