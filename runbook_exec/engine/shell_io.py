"""What a run does with its shell, told as events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..plan.model import ItemId, Plan, PlanItem, Value
from ..shells.base import Filling
from ..shells.quoting import Context
from ..shells.registry import SHELLS
from ..shells.snapshot import ShellState
from .bindings import Bindings
from .events import Captured, Event, Output, ShellChanged, StatementFinished, StatementStarted
from .ports import Resumption, RunContext, Shell, Stop
from .questions import Ask
from .state import State, apply

E = TypeVar("E", bound=Event)


@dataclass(slots=True)
class ShellIO:
    """The working state of one run."""

    plan: Plan
    state: State
    session: Shell
    ask: Ask
    context: RunContext
    resumption: Resumption | None = None
    seq: int = 0
    started: bool = False
    bindings: Bindings = field(default_factory=Bindings)
    shell_state: ShellState = field(init=False)  # once the shell is started

    def make_event(self, kind: type[E], **what: Any) -> E:
        """An event of this run, stamped and folded into the state."""
        self.seq += 1
        event = kind(run=self.context.run, seq=self.seq, time=self.context.now(), **what)
        self.state = apply(self.state, event)
        return event

    def bind_value(self, name: str, value: Value) -> None:
        """Keep the value of a placeholder."""
        self.bindings.bind_value(name, value)
        self.context.learned(name, value)

    def mask_declared(self) -> None:
        """Mask the secrets that the document declares, as far as they can be had before they are used."""
        self.bindings.mask_defaults(self.plan)
        for text in self.context.available_secrets(self.plan):
            self.bindings.masker.add(text)

    def change_directory(self, item: PlanItem, cwd: str) -> Iterator[Event]:
        """Go to the folder that the annotation names, as a statement that is told like any other."""
        code = "cd " + "".join(
            p.text for p in SHELLS[self.plan.procedure.shell].fill("<cwd>", [_bare_filling(cwd)])
        )
        at = {**place_of(item), "statement": 0}
        yield self.make_event(StatementStarted, text=code, **at)
        began = self.context.clock()
        for got in self.session.run(code.encode("utf-8", "surrogateescape")):
            if hasattr(got, "data"):
                yield from self.emit_output(item, got.data)
            elif hasattr(got, "status"):
                yield from self.flush_output(item)
                problem = f"cannot change to `{cwd}`" if got.status else ""
                yield self.make_finished(got, self.context.clock() - began, problem, at)
                if problem:
                    raise Stop("failed", problem)

    def start_shell(self) -> Iterator[Event]:
        """Start the shell, once; what its configuration prints is told."""
        if self.started:
            return
        self.started = True
        for got in self.session.start():
            if hasattr(got, "data"):
                text = self.bindings.masker.feed(got.data).decode("utf-8", "surrogateescape")
                if text:
                    yield self.make_event(Output, step=0, block=0, statement=0, line=0, text=text)
            elif getattr(got, "ended", ""):
                raise Stop("failed", f"{got.ended} while starting")
        self.shell_state = ShellState(SHELLS[self.plan.procedure.shell])
        self.shell_state.update(self.session.take_snapshot())
        if self.resumption is not None:
            self.restore_shell(self.resumption)

    def run_shell_prompt(self, item: PlanItem) -> Iterator[Event]:
        """The session's own prompt, until the operator leaves it; what is typed is told as a statement."""
        yield from self.start_shell()
        while True:
            line = self.read_line()
            if line is None or line.strip() in ("exit", "logout"):
                return
            if line.strip():
                at = {**place_of(item), "statement": 0, "line": 0}
                yield self.make_event(StatementStarted, text=self.bindings.mask_typed(line), **at)
                began = self.context.clock()
                done: Any = None
                for got in self.session.run(line.encode("utf-8", "surrogateescape")):
                    if hasattr(got, "data"):
                        yield from self.emit_output(item, got.data, typed=True)
                    elif hasattr(got, "seconds"):
                        yield from self.flush_output(item, final=False, typed=True)
                    elif hasattr(got, "status"):
                        done = got
                yield from self.flush_output(item, typed=True)
                took = self.context.clock() - began
                if not done.ended:
                    yield from self.emit_changes(line, at)
                yield self.make_finished(done, took, "", at)

    def read_line(self) -> str | None:
        """A line that the operator types at the session's own prompt; None for the end."""
        line: str | None = None
        masker = self.bindings.masker
        for got in self.session.ask_line():
            if hasattr(got, "data"):
                self.context.echo(masker.feed(got.data))
            elif hasattr(got, "seconds"):
                self.context.echo(masker.flush(final=False))
            elif isinstance(got, str):
                line = got
        self.context.echo(masker.flush(final=True))
        return line

    def restore_shell(self, was: Resumption) -> None:
        """Give the shell back what it held, and its folder; what that prints is of no interest."""
        for _ in self.session.run(
            self.shell_state.build_restore_code(was.state_change).encode("utf-8", "surrogateescape")
        ):
            pass
        if not was.cwd:
            return
        fill = SHELLS[self.plan.procedure.shell].fill
        code = "cd " + "".join(piece.text for piece in fill("<cwd>", [_bare_filling(was.cwd)]))
        for got in self.session.run(code.encode("utf-8", "surrogateescape")):
            if getattr(got, "status", 0):
                self.context.notice(f"cannot go back to `{was.cwd}`, where the shell was")
        self.shell_state.update(self.session.take_snapshot())

    def emit_changes(self, code: str, at: Mapping[str, int]) -> Iterator[Event]:
        """How a statement has changed what the shell holds; what is or may be a secret is left out."""
        change = self.shell_state.update_after(code, self.session.take_snapshot)
        made = {key: text for key, text in change.made.items() if not self.bindings.holds_secret(key, text)}
        if made or change.gone:
            yield self.make_event(ShellChanged, made=made, gone=change.gone, **at)

    def keep_secrets(self) -> None:
        """Keep the secrets that nobody could give a second time, for as long as the run is not finished."""
        if self.context.keep_secrets is None:
            return
        known = self.plan.inputs
        values = {
            name: value.text
            for name, value in self.bindings.values.items()
            if value.secret and not (name in known and known[name].source)
        }
        seen = self.bindings.seen_tokens()
        if values or seen:
            self.context.keep_secrets(values, seen)

    def emit_output(self, item: PlanItem, data: bytes, typed: bool = False) -> Iterator[Output]:
        text = self.bindings.masker.feed(data).decode("utf-8", "surrogateescape")
        if text:
            yield self.make_output(item, text, typed)

    def flush_output(self, item: PlanItem, final: bool = True, typed: bool = False) -> Iterator[Output]:
        text = self.bindings.masker.flush(final).decode("utf-8", "surrogateescape")
        if text:
            yield self.make_output(item, text, typed)

    def make_output(self, item: PlanItem, text: str, typed: bool = False) -> Output:
        at = place_of(item)
        return self.make_event(Output, text=text, **({**at, "statement": 0, "line": 0} if typed else at))

    def emit_captures(self, item: PlanItem, learned: Mapping[str, Value]) -> Iterator[Event]:
        """What was taken from a statement's output, without the secrets themselves."""
        for name, value in learned.items():
            yield self.make_event(
                Captured,
                name=name,
                secret=value.secret,
                length=len(value.text),
                value=None if value.secret else value.text,
                **place_of(item),
            )

    def make_finished(self, done: Any, took: float, problem: str, at: Mapping[str, int]) -> StatementFinished:
        return self.make_event(
            StatementFinished,
            status=done.status,
            pipestatus=done.pipestatus,
            duration=round(took, 3),
            cwd=self.bindings.mask(done.cwd),
            problem=problem,
            doubt=done.killed,
            **at,
        )


def place_of(item: PlanItem) -> dict[str, int]:
    """Where an item stands, as events tell it."""
    where: ItemId = item.where
    return {"step": where.step, "block": where.block, "statement": where.statement, "line": item.line}


def _bare_filling(value: str) -> Filling:
    return Filling(0, len("<cwd>"), Context.BARE, value)
