"""Runs one attempt at a statement, and reports its output, captures and end as events."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from ..light_classes import dataclass, field
from ..plan.model import Plan, PlanItem, Value
from ..plan.retries import count_retries, wait_after_attempt
from ..shells.secret_commands import SecretUse
from ..text.ansi import strip_ansi
from .attempts.background import Backgrounds
from .bindings import FilledStatement
from .events import Captured, Event, Output, StatementStarted
from .expectations import TAIL_SIZE, OutputTail, Printed, failure_of
from .held_output import HeldOutput
from .ports import Done, OutputChunk, Silence, require_done
from .shell_io import ShellIO
from .withheld_output import learn_printed_secrets, release_output

REPEAT_WAIT = 10.0  # seconds between two attempts that the operator has asked for


@dataclass(frozen=True, slots=True)
class Failure:
    """How an attempt failed."""

    done: Done
    problem: str
    duration: float  # seconds
    retry_after: float  # seconds until the next attempt; 0 if nobody has asked for one


@dataclass(slots=True)
class StatementExecution:
    """One attempt at a statement."""

    plan: Plan
    item: PlanItem
    io: ShellIO
    block_text: str  # the end of what its block has printed, unmasked; `run_once` adds to it
    backgrounds: Backgrounds
    repeats: bool = False  # whether the operator has asked to try until it succeeds
    held: HeldOutput = field(default_factory=HeldOutput)  # the output as printed, if anything needs it
    tail: OutputTail = field(default_factory=OutputTail)  # the end of the output as shown

    def run_once(self, filled: FilledStatement, attempt: int) -> Generator[Event, None, Failure | None]:
        """Run the statement and report it; returns how it failed, or None."""
        io, item, inside = self.io, self.item, self.io.stack.inside
        at = io.place_of(item)
        yield io.log.make_event(StatementStarted, text=filled.shown, attempt=attempt, inside=inside, **at)
        began = io.context.clock()
        mints = io.bindings.prints_secret(self.plan, item)
        done = yield from self._read_output(filled, mints)
        # the end of output that holds a secret may be a part of it
        if done.last_line:
            done = done._replace(last_line="" if mints else io.bindings.mask(done.last_line))
        captured, problem = yield from self._release_output(done, mints)
        printed = self._add_to_block()
        problem = failure_of(item.annotation, item.last, done, printed, self.plan.timeout) or problem
        if item.annotation.allow_failure and not (done.ended or done.interrupted or done.waited_for_key):
            problem = ""
        learned = {}
        if captured and not problem:
            learned = {name: io.bindings.bind_value(name, value) for name, value in captured.items()}
        io.bindings.keep_secrets(self.plan)
        took = io.context.clock() - began
        # changes and captures are reported before the end of the statement: a reader of the end knows them
        if not (done.ended or done.is_in_background or inside or io.stack.inside):
            sets = SecretUse.SETS in self.plan.get_secret_use(item.where)
            code = filled.code.decode("utf-8", "surrogateescape")
            yield from io.emit_changes(code, at, secret=sets)
        for name, value in learned.items():
            yield self._make_captured(name, value)
        wait = self._find_wait(done, attempt) if problem else 0.0
        yield io.make_finished(done, took, problem, at, wait, inside)
        return Failure(done, problem, took, wait) if problem else None

    def _read_output(self, filled: FilledStatement, mints: bool) -> Generator[Event, None, Done]:
        """Run the statement to its end, and report its output.

        If the statement `mints` a secret, its output is held back. Returns how the statement ended.
        """
        io, item = self.io, self.item
        done: Done | None = None
        holds = mints or io.bindings.needs_output(self.plan, item)
        timeout = item.annotation.timeout or self.plan.timeout
        if self.backgrounds.takes(self.plan, item):
            messages = self.backgrounds.run(self.plan, item, filled.code)
        else:
            messages = io.stack.run(self.plan.places, item, filled, timeout)
        for message in messages:
            match message:
                case OutputChunk(data):
                    if holds:
                        self.held.add(data)
                    if not mints:
                        yield from self._record(io.emit_output(item, data))
                case Silence(seconds):
                    io.context.on_silence(seconds)
                    if mints and (asked := self.held.take_question()):
                        io.show_question(asked)
                    yield from self._record(io.flush_output(item, final=False))
                case Done():
                    done = message  # the session still has to finish its own work
        return require_done(done)

    def _release_output(
        self, done: Done, mints: bool
    ) -> Generator[Event, None, tuple[dict[str, Value], str]]:
        """Report the output that was held back.

        Captures and expectations read the output as it was printed: what is shown has masks in it.
        Returns the captured values, and the problem with them or an empty string.
        """
        io, item, bindings = self.io, self.item, self.io.bindings
        captured, problem = bindings.capture_values(self.plan, item, self.held, done.status)
        if mints:
            learn_printed_secrets(bindings, self.plan, item, self.held.text(), done, captured)
            partly = _is_cut_short(done) or bool(self.held.dropped and (problem or not captured))
            for data in release_output(self.plan, item, self.held, done, partly=partly):
                yield from self._record(io.emit_output(item, data))
        if bindings.masker.holds_output:
            yield from self._record(io.flush_output(item))
        bindings.remember_output(item, self.tail.text())
        return captured, problem

    def _add_to_block(self) -> Printed:
        """Add the output to that of the block, and return both."""
        own = strip_ansi(self.held.text()) if self.held else ""
        printed = Printed(self.block_text + own, own)
        self.block_text = printed.by_block[-TAIL_SIZE:]
        return printed

    def _find_wait(self, done: Done, attempt: int) -> float:
        """Return the seconds until the next attempt after a failed one; 0 if there is none."""
        annotation = self.item.annotation
        if done.ended or done.interrupted or done.waited_for_key:
            return 0.0
        if attempt <= count_retries(annotation):
            return wait_after_attempt(annotation, attempt)
        return (annotation.every or REPEAT_WAIT) if self.repeats else 0.0

    def _record(self, outputs: Iterator[Output]) -> Iterator[Output]:
        for event in outputs:
            self.tail.add(event.text)
            yield event

    def _make_captured(self, name: str, value: Value) -> Captured:
        """Return the event of a captured value, without the value if it is secret."""
        return self.io.log.make_event(
            Captured,
            name=name,
            secret=value.secret,
            length=len(value.text),
            value=None if value.secret else value.text,
            **self.io.place_of(self.item),
        )


def _is_cut_short(done: Done) -> bool:
    """Return whether a statement was ended before it had printed everything."""
    return done.timed_out or done.interrupted or done.suspended or done.killed or bool(done.waited_for_key)
