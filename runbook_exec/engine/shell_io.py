"""What a run does with its shell, told as events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..plan.model import Item, Plan, Value, Where
from ..shells.base import Filling
from ..shells.quoting import Context
from ..shells.registry import SHELLS
from ..shells.snapshot import Holds
from .bindings import Knowledge
from .events import Captured, Event, Output, ShellChanged, StatementFinished, StatementStarted
from .ports import Resumption, Shell, Stop, World
from .questions import Ask
from .state import State, after

E = TypeVar("E", bound=Event)


@dataclass(slots=True)
class Working:
    """The working state of one run."""

    plan: Plan
    state: State
    session: Shell
    ask: Ask
    world: World
    resumption: Resumption | None = None
    seq: int = 0
    started: bool = False
    knows: Knowledge = field(default_factory=Knowledge)
    holds: Holds = field(default_factory=lambda: Holds(""))

    def say(self, kind: type[E], **what: Any) -> E:
        """An event of this run, stamped and folded into the state."""
        self.seq += 1
        event = kind(run=self.world.run, seq=self.seq, time=self.world.now(), **what)
        self.state = after(self.state, event)
        return event

    def learn(self, name: str, value: Value) -> None:
        """Keep the value of a placeholder."""
        self.knows.learn(name, value)
        self.world.learned(name, value)

    def hide_declared(self) -> None:
        """Mask the secrets that the document declares, as far as they can be had before they are used."""
        self.knows.hide_defaults(self.plan)
        for text in self.world.at_hand(self.plan):
            self.knows.masker.add(text)

    def hidden(self, item: Item, cwd: str) -> Iterator[Event]:
        """Go to the folder that the annotation names, as a statement that is told like any other."""
        code = "cd " + "".join(p.text for p in SHELLS[self.plan.procedure.shell].fill("<cwd>", [_bare(cwd)]))
        at = {**place_of(item), "statement": 0}
        yield self.say(StatementStarted, text=code, **at)
        began = self.world.clock()
        for got in self.session.run(code.encode("utf-8", "surrogateescape")):
            if hasattr(got, "data"):
                yield from self.stream(item, got.data)
            elif hasattr(got, "status"):
                yield from self.rest(item)
                problem = f"cannot change to `{cwd}`" if got.status else ""
                yield self.finished(got, self.world.clock() - began, problem, at)
                if problem:
                    raise Stop("failed", problem)

    def start(self) -> Iterator[Event]:
        """Start the shell, once; what its configuration prints is told."""
        if self.started:
            return
        self.started = True
        for got in self.session.start():
            if hasattr(got, "data"):
                text = self.knows.masker.feed(got.data).decode("utf-8", "surrogateescape")
                if text:
                    yield self.say(Output, step=0, block=0, statement=0, line=0, text=text)
            elif getattr(got, "ended", ""):
                raise Stop("failed", f"{got.ended} while starting")
        self.holds = Holds(self.plan.procedure.shell)
        self.holds.look(self.session.look())
        if self.resumption is not None:
            self.restore(self.resumption)

    def live(self, item: Item) -> Iterator[Event]:
        """The session's own prompt, until the operator leaves it; what is typed is told as a statement."""
        yield from self.start()
        while True:
            line = self.typed()
            if line is None or line.strip() in ("exit", "logout"):
                return
            if line.strip():
                at = {**place_of(item), "statement": 0, "line": 0}
                yield self.say(StatementStarted, text=self.knows.mask_typed(line), **at)
                began = self.world.clock()
                done: Any = None
                for got in self.session.run(line.encode("utf-8", "surrogateescape")):
                    if hasattr(got, "data"):
                        yield from self.stream(item, got.data, typed=True)
                    elif hasattr(got, "seconds"):
                        yield from self.rest(item, final=False, typed=True)
                    elif hasattr(got, "status"):
                        done = got
                yield from self.rest(item, typed=True)
                took = self.world.clock() - began
                if not done.ended:
                    yield from self.changed(line, at)
                yield self.finished(done, took, "", at)

    def typed(self) -> str | None:
        """A line that the operator types at the session's own prompt; None for the end."""
        line: str | None = None
        masker = self.knows.masker
        for got in self.session.ask_line():
            if hasattr(got, "data"):
                self.world.echo(masker.feed(got.data))
            elif hasattr(got, "seconds"):
                self.world.echo(masker.flush(final=False))
            elif isinstance(got, str):
                line = got
        self.world.echo(masker.flush(final=True))
        return line

    def restore(self, was: Resumption) -> None:
        """Give the shell back what it held, and its folder; what that prints is of no interest."""
        for _ in self.session.run(self.holds.restoring(was.holdings).encode("utf-8", "surrogateescape")):
            pass
        if not was.cwd:
            return
        fill = SHELLS[self.plan.procedure.shell].fill
        code = "cd " + "".join(piece.text for piece in fill("<cwd>", [_bare(was.cwd)]))
        for got in self.session.run(code.encode("utf-8", "surrogateescape")):
            if getattr(got, "status", 0):
                self.world.notice(f"cannot go back to `{was.cwd}`, where the shell was")
        self.holds.look(self.session.look())

    def changed(self, code: str, at: Mapping[str, int]) -> Iterator[Event]:
        """How a statement has changed what the shell holds; what is or may be a secret is left out."""
        change = self.holds.after(code, self.session.look)
        made = {key: text for key, text in change.made.items() if not self.knows.hides(key, text)}
        if made or change.gone:
            yield self.say(ShellChanged, made=made, gone=change.gone, **at)

    def keep(self) -> None:
        """Keep the secrets that nobody could give a second time, for as long as the run is not finished."""
        if self.world.keep is None:
            return
        known = self.plan.inputs
        values = {
            name: value.text
            for name, value in self.knows.values.items()
            if value.secret and not (name in known and known[name].source)
        }
        seen = self.knows.seen()
        if values or seen:
            self.world.keep(values, seen)

    def stream(self, item: Item, data: bytes, typed: bool = False) -> Iterator[Output]:
        text = self.knows.masker.feed(data).decode("utf-8", "surrogateescape")
        if text:
            yield self.output(item, text, typed)

    def rest(self, item: Item, final: bool = True, typed: bool = False) -> Iterator[Output]:
        text = self.knows.masker.flush(final).decode("utf-8", "surrogateescape")
        if text:
            yield self.output(item, text, typed)

    def output(self, item: Item, text: str, typed: bool = False) -> Output:
        at = place_of(item)
        return self.say(Output, text=text, **({**at, "statement": 0, "line": 0} if typed else at))

    def captures(self, item: Item, learned: Mapping[str, Value]) -> Iterator[Event]:
        """What was taken from a statement's output, without the secrets themselves."""
        for name, value in learned.items():
            yield self.say(
                Captured,
                name=name,
                secret=value.secret,
                length=len(value.text),
                value=None if value.secret else value.text,
                **place_of(item),
            )

    def finished(self, done: Any, took: float, problem: str, at: Mapping[str, int]) -> StatementFinished:
        return self.say(
            StatementFinished,
            status=done.status,
            pipestatus=done.pipestatus,
            duration=round(took, 3),
            cwd=self.knows.mask(done.cwd),
            problem=problem,
            doubt=done.killed,
            **at,
        )


def place_of(item: Item) -> dict[str, int]:
    """Where an item stands, as events tell it."""
    where: Where = item.where
    return {"step": where.step, "block": where.block, "statement": where.statement, "line": item.line}


def _bare(value: str) -> Filling:
    return Filling(0, len("<cwd>"), Context.BARE, value)
