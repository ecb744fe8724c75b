"""Runs statements and internal commands in the shell, and reports them as events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..light_classes import dataclass, field, replace
from ..plan.model import ItemId, PlanItem
from ..plan.variables import name_of_variable
from ..shells.base import Filling
from ..shells.quoting import Context
from ..shells.registry import SHELLS
from ..shells.snapshot import ShellState, is_exported
from ..text.lazy_pattern import LazyPattern
from .bindings import MASK, Bindings
from .event_log import EventLog
from .events import Event, Outcome, Output, ShellChanged, StatementFinished, StatementStarted
from .inner.shell_stack import ShellStack
from .ports import (
    Done,
    KeptShell,
    LiveShell,
    OutputChunk,
    PastShell,
    Resumption,
    RunContext,
    Silence,
    Stop,
    require_done,
)
from .restoration import enter_folder, restore_definitions
from .shell_history import make_digest

# a line that wants to leave the shell, other than by `exit` alone
_LEAVES = LazyPattern(r"(?:^|[;&|])\s*(?:exit|logout)\b")

_SLOW_START = 10.0  # seconds after which the operator is told that the shell has not started


@dataclass(slots=True)
class ShellIO:
    """Runs statements in a session, and makes events of their output and their changes."""

    shell: str  # its name, such as `bash`
    session: LiveShell
    context: RunContext
    log: EventLog
    bindings: Bindings
    stack: ShellStack
    resumption: Resumption | None = None
    started: bool = False
    host: str = ""  # where it runs; "" for this machine
    assigned: dict[str, str] = field(default_factory=dict)  # the values that variables were given
    shell_state: ShellState = field(init=False)  # set when the shell is started
    kept: KeptShell = field(default_factory=KeptShell)  # what statements have changed in it
    is_elsewhere: bool = False  # whether the folder of the run was replaced by another of its name

    @property
    def past(self) -> PastShell:
        """Return the state of this shell in the run that is resumed."""
        known = self.resumption.shells if self.resumption else {}
        return known.get(self.host, PastShell())

    def place_of(self, item: PlanItem) -> dict[str, object]:
        """Return the fields by which the event of a statement names it and its host."""
        return {**place_of(item), "host": self.host or None}

    def start_shell(self) -> Iterator[Event]:
        """Start the shell, once, and report what its configuration prints."""
        if self.started:
            return
        self.started = True
        slow = False
        for message in self.session.start():
            match message:
                case OutputChunk(data):
                    text = self.bindings.masker.feed(data).decode("utf-8", "surrogateescape")
                    if text:
                        yield self.log.make_event(Output, text=text, **_find_nowhere(self.host))
                case Silence(seconds) if seconds >= _SLOW_START and not slow:
                    slow = True
                    where = _name_place(self.host)
                    self.context.notice(
                        f"{self.shell} is still starting{where}; `--no-config` leaves out your files"
                    )
                case Done(ended=why, waited_for_key=waited) if why:
                    raise Stop(Outcome.WAITING if waited else Outcome.FAILED, self.bindings.mask(why))
        self.shell_state = ShellState(SHELLS[self.shell])
        self.shell_state.update(self.session.take_snapshot())
        for key, text in self.shell_state.definitions.items():  # the shell's configuration may set secrets
            self.bindings.learn_variable(key, text)
        if self.resumption is not None:
            past = self.past
            self.is_elsewhere = enter_folder(self.session, self.shell, past)
            restore_definitions(self.session, self.shell_state, past)
            self.kept = KeptShell(past.change.made, past.cwd, past.folder, self.host)

    def end_shell(self) -> Iterator[Event]:
        """Let the shell exit; report the output of its traps, and the jobs that were ended with it."""
        if not self.started:
            return
        self.context.before_wait()
        at = _find_nowhere(self.host)
        ending = self.session.end()
        while True:
            try:
                message = next(ending)
            except StopIteration as end:
                text = self.bindings.masker.flush(final=True)
                jobs: tuple[str, ...] = end.value
                break
            data = self.bindings.masker.feed(message.data) if isinstance(message, OutputChunk) else b""
            if data:
                yield self.log.make_event(Output, text=data.decode("utf-8", "surrogateescape"), **at)
        if text:
            yield self.log.make_event(Output, text=text.decode("utf-8", "surrogateescape"), **at)
        for command in jobs:
            self.context.notice(
                f"ended the background job `{self.bindings.mask(command)}`{_name_place(self.host)}"
            )

    def change_directory(self, item: PlanItem, cwd: str) -> Iterator[Event]:
        """Change to the folder that the annotation names; report that as a statement."""
        yield from self._run_own_statement(item, _write_cd(self.shell, cwd), f"cannot change to `{cwd}`")

    def has_variable(self, variable: str) -> bool:
        """Return whether the shell has a variable of this name."""
        return self.shell_state.has_variable(variable)

    def assign_variable(self, item: PlanItem, variable: str) -> Iterator[Event]:
        """Set a variable to its value, if it has one that the shell does not know.

        That is reported as a statement.
        A value of `--set` replaces the one that the shell had at its start.
        """
        name = name_of_variable(variable)
        value = self.bindings.values.get(name)
        if value is None or self.assigned.get(variable) == value.text:
            return
        if variable not in self.assigned and self.has_variable(variable) and value.origin != "--set":
            return
        self.assigned[variable] = value.text
        beginning = SHELLS[self.shell].assign.format(variable)
        filling = Filling(len(beginning), len(beginning) + 3, Context.BARE, value.text)
        pieces = SHELLS[self.shell].fill(f"{beginning}<x>", [filling])
        code = "".join(piece.text for piece in pieces)
        shown = beginning + MASK if value.secret else code
        yield from self._run_own_statement(item, code, f"cannot set `${variable}`", shown, sets=True)

    def _run_own_statement(
        self, item: PlanItem, code: str, problem: str, shown: str = "", *, sets: bool = False
    ) -> Iterator[Event]:
        """Run code of ours before a statement, and report it as statement 0; a failure ends the run.

        `sets` is whether the code sets variables.
        """
        at = {**self.place_of(item), "statement": 0}
        inside = self.stack.inside
        yield self.log.make_event(StatementStarted, text=shown or code, inside=inside, **at)
        began = self.context.clock()
        for message in self.session.run(code.encode("utf-8", "surrogateescape")):
            match message:
                case OutputChunk(data):
                    yield from self.emit_output(item, data)
                case Done():
                    yield from self.flush_output(item)
                    if sets and not inside:
                        yield from self.emit_changes(code, at)
                    failure = problem if message.status else ""
                    yield self.make_finished(
                        message, self.context.clock() - began, failure, at, inside=inside
                    )
                    if failure:
                        raise Stop(Outcome.FAILED, failure)

    # the session's own prompt ----------------------------------------------------------------------------

    def run_shell_prompt(self, item: PlanItem) -> Iterator[Event]:
        """Show the session's own prompt until the operator leaves it, and report each line as a statement."""
        yield from self.start_shell()
        if self.stack.entered:
            self.context.notice(f"This is the shell {self.stack.inside}.")
        explained = False
        while True:
            line = _read_line(self)
            if line is None or line.strip() in ("exit", "logout"):
                return
            if line.strip():
                yield from self._run_typed(item, line)
            if not explained and not self.stack.inside and _LEAVES.search(line):
                explained = True
                self.context.notice("This shell stays open. ^D, or `exit` alone in a line, returns.")

    def _run_typed(self, item: PlanItem, line: str) -> Iterator[Event]:
        at, inside = {**self.place_of(item), "statement": 0, "line": 0}, self.stack.inside
        yield self.log.make_event(StatementStarted, text=self.bindings.mask_typed(line), inside=inside, **at)
        began = self.context.clock()
        done: Done | None = None
        for message in self.session.run(line.encode("utf-8", "surrogateescape")):
            match message:
                case OutputChunk(data):
                    yield from self.emit_output(item, data, typed=True)
                case Silence():
                    yield from self.flush_output(item, final=False, typed=True)
                case Done():
                    done = message
        done = require_done(done)
        yield from self.flush_output(item, typed=True)
        took = self.context.clock() - began
        if not (done.ended or inside):
            yield from self.emit_changes(line, at)
        yield self.make_finished(done, took, "", at, inside=inside)

    def show_question(self, asked: bytes) -> None:
        """Show the operator what a program asks whose output is held back; that is no event."""
        if self.context.terminal:
            self.context.echo(self.bindings.mask(asked.decode("utf-8", "replace")).encode())

    def emit_changes(self, code: str, at: Mapping[str, object], *, secret: bool = False) -> Iterator[Event]:
        """Report how a statement has changed the shell's state; its code goes to the private store.

        `secret` is whether the variables that it has set are secrets.
        """
        change = self.shell_state.update_after(code, self.session.take_snapshot)
        if not change:
            return
        for key, text in change.made.items():
            self.bindings.learn_variable(key, text, secret)
        now = {key: text for key, text in self.kept.definitions.items() if key not in change.gone}
        self._keep_shell(replace(self.kept, definitions={**now, **change.made}))
        made = {key: make_digest(self.context.key, text) for key, text in change.made.items()}
        exported = tuple(key for key, text in change.made.items() if is_exported(text))
        yield self.log.make_event(ShellChanged, made=made, gone=change.gone, exported=exported, **at)

    def _keep_shell(self, shell: KeptShell) -> None:
        """Save the state of the shell if it has changed."""
        if shell != self.kept and self.context.keep_shell is not None:
            self.context.keep_shell(shell)
        self.kept = shell

    def emit_output(self, item: PlanItem, data: bytes, typed: bool = False) -> Iterator[Output]:
        """Report output, masked; the masker may hold back its end."""
        text = self.bindings.masker.feed(data).decode("utf-8", "surrogateescape")
        if text:
            yield self._make_output(item, text, typed)

    def flush_output(self, item: PlanItem, final: bool = True, typed: bool = False) -> Iterator[Output]:
        """Report the output that the masker has held back."""
        text = self.bindings.masker.flush(final).decode("utf-8", "surrogateescape")
        if text:
            yield self._make_output(item, text, typed)

    def _make_output(self, item: PlanItem, text: str, typed: bool) -> Output:
        at = self.place_of(item)
        return self.log.make_event(Output, text=text, **({**at, "statement": 0, "line": 0} if typed else at))

    def make_finished(
        self,
        done: Done,
        took: float,
        problem: str,
        at: Mapping[str, object],
        retry_after: float = 0.0,
        inside: str = "",
    ) -> StatementFinished:
        """Return the event of a statement's end; `took` and `retry_after` are in seconds.

        `inside` is where it has run, "" for the run's own shell.
        """
        folder, kept = done.folder or self.kept.folder, self.kept
        if not inside and (done.cwd != kept.cwd or folder != kept.folder):
            self._keep_shell(replace(self.kept, cwd=done.cwd, folder=folder))
        cwd = self.bindings.mask(done.cwd)
        return self.log.make_event(
            StatementFinished,
            status=done.status,
            pipestatus=done.pipestatus,
            duration=round(took, 3),
            cwd=cwd,
            cwd_digest="" if cwd == done.cwd else make_digest(self.context.key, done.cwd),
            problem=problem,
            doubt=done.killed,
            retry_after=retry_after,
            background=done.is_in_background,
            inside=inside,
            **at,
        )


def place_of(item: PlanItem) -> dict[str, int]:
    """Return the numbers by which events name an item, and its line."""
    where: ItemId = item.where
    return {"step": where.step, "block": where.block, "statement": where.statement, "line": item.line}


def _find_nowhere(host: str) -> dict[str, object]:
    """Return the place of events that belong to the shell itself."""
    return {"step": 0, "block": 0, "statement": 0, "line": 0, "host": host or None}


def _name_place(host: str) -> str:
    return f" on `{host}`" if host else ""


def _write_cd(shell: str, cwd: str) -> str:
    filling = Filling(0, len("<cwd>"), Context.BARE, cwd)
    return "cd " + "".join(piece.text for piece in SHELLS[shell].fill("<cwd>", [filling]))


def _read_line(io: ShellIO) -> str | None:
    """Return a line that the operator types at the session's own prompt; None for the end."""
    masker = io.bindings.masker
    reading = io.session.ask_line()
    while True:
        try:
            message = next(reading)
        except StopIteration as end:
            io.context.echo(masker.flush(final=True))
            line: str | None = end.value
            return line
        match message:
            case OutputChunk(data):
                io.context.echo(masker.feed(data))
            case Silence():
                io.context.echo(masker.flush(final=False))
