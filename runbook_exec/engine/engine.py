"""The one engine: a plan becomes a run, told as a generator of events.

It yields "statement started" before the statement starts, and cannot go on until its listener asks for the
next event: so a journal that writes each event down before asking for the next is write-ahead.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any

from .. import __version__
from ..errors import ValueProblem
from ..plan.builder import chosen_alternative
from ..plan.model import Item, Plan, Value
from ..plan.templates import evaluate_when
from ..plan.values import check_value
from ..shells.base import Unwritable
from .events import Answered, Edited, Event, Output, RunEnded, RunStarted, StatementStarted, ValueGiven
from .expectations import KEPT, Kept, judge
from .held_output import Withheld
from .ports import Resumption, Shell, Stop, World
from .questions import (
    AfterFailure,
    Alternatives,
    Answer,
    Ask,
    BeforeStatement,
    Confirmation,
    Doubt,
    ManualStep,
    Question,
    ValueNeeded,
)
from .shell_io import Working, place_of
from .state import State, carried, next_item

_WOULD_BE_LOST = (
    "this step prints a secret; if this program dies before it is used, the secret is lost: "
    "$XDG_RUNTIME_DIR names no memory file system of your own to keep it in"
)


def run(
    plan: Plan,
    state: State,
    session: Shell,
    ask: Ask,
    world: World,
    resumption: Resumption | None = None,
) -> Generator[Event]:
    """Run a plan from where `state` is, and tell what happens; the last event is always RunEnded."""
    work = _Run(plan, state, session, ask, world, resumption, seq=resumption.seq if resumption else 0)
    work.knows.masker = world.masker
    try:
        yield from work.events()
    except KeyboardInterrupt:
        yield work.say(RunEnded, outcome="stopped", reason="interrupted")


@dataclass(slots=True)
class _Run(Working):
    """A run from its first question to its end."""

    warned: bool = False  # that secrets would be lost
    block_text: str = ""  # what the statements of the present block have printed so far
    confirmed: tuple[int, int] | None = None  # the block that was confirmed

    def events(self) -> Iterator[Event]:
        for name, value in {**(self.resumption.values if self.resumption else {}), **self.plan.given}.items():
            self.learn(name, value)
        self.hide_declared()
        yield self.say(
            RunStarted,
            path=self.plan.runbook.path,
            digest=self.plan.runbook.digest,
            procedure=self.plan.procedure.title,
            anchor=self.plan.procedure.anchor,
            shell=self.plan.procedure.shell,
            place=self.world.place,
            values={name: value.text for name, value in self.knows.values.items() if not value.secret},
            version=__version__,
            text=self.knows.mask(self.plan.runbook.text),
            folder=self.world.folder,
            commit=self.world.commit,
            dirty=self.world.dirty,
            options=self.world.options,
            pid=self.world.pid,
        )
        item: Item | None = None
        try:
            if self.resumption is not None:
                yield from self.take_up(self.resumption)
            while (item := next_item(self.plan, self.state)) is not None:
                yield from self.manual(item) if item.statement is None else self.statement(item)
        except Unwritable as error:
            yield self.say(
                RunEnded, outcome="failed", reason=f"line {item.line}: {error}" if item else str(error)
            )
        except Stop as stop:
            yield self.say(RunEnded, outcome=stop.outcome, reason=stop.reason)
        else:
            yield self.say(RunEnded, outcome="succeeded")

    def take_up(self, was: Resumption) -> Iterator[Event]:
        """Settle what is in doubt, and run the statements again that set the shell up."""
        self.knows.saw(was.seen)
        if was.edited:
            page = self.plan.runbook
            yield self.say(Edited, digest=page.digest, text=self.knows.mask(page.text))
        items = {item.where: item for item in self.plan.items}
        if self.state.doubt in items:
            item = items[self.state.doubt]
            yield from self.events_of(
                self.put(Doubt(item, self.knows.shown(self.plan, item), was.output), "doubt")
            )
        self.state = replace(self.state, doubt=None)
        for item in self.plan.items:
            if item.annotation.setup and item.statement and self.state.done.get(item.where) == "ok":
                yield from self.events_of(self.fill(item))
                yield from self.attempts(item)

    def events_of(self, got: Iterator[Event | Answer]) -> Iterator[Event]:
        return (each for each in got if isinstance(each, Event))

    # questions -------------------------------------------------------------------------------------------

    def put(self, question: Question, kind: str) -> Iterator[Event | Answer]:
        """Ask, until there is an answer that the caller must act on; it is yielded last."""
        item = question.item
        while True:
            answer = self.ask(question)
            if answer.choice == "shell":
                yield from self.live(item)
                continue
            if answer.choice == "wait":
                raise Stop("waiting", answer.note)
            # a value may be a secret, and who typed it is told by the statement that uses it
            told = answer.value if kind == "choose" and answer.choice == "choose" else answer.choice
            yield self.say(
                Answered, question=kind, answer=told, note=self.knows.mask(answer.note), **place_of(item)
            )
            if answer.choice == "quit":
                failed = isinstance(question, AfterFailure) and not question.interrupted
                raise Stop("failed" if failed else "stopped", answer.note)
            if answer.choice == "values":
                self.knows.forget(item)
            if answer.choice == "edit" and answer.plan is not None:
                self.state = carried(self.state, self.plan, answer.plan)
                self.knows.revise(self.plan, answer.plan)
                self.plan = answer.plan
                self.hide_declared()
                page = answer.plan.runbook
                yield self.say(Edited, digest=page.digest, text=self.knows.mask(page.text))
            yield answer
            return

    def manual(self, item: Item) -> Iterator[Event]:
        if item.where.step in self.plan.done and item.block is None:
            yield self.say(
                Answered,
                question="manual",
                answer="done",
                note="said beforehand with --done",
                **place_of(item),
            )
            return
        yield from self.events_of(self.put(ManualStep(item), "manual"))

    # statements ------------------------------------------------------------------------------------------

    def statement(self, item: Item) -> Iterator[Event]:
        """Everything from the first question about a statement to its end."""
        when = item.annotation.when
        if when is not None:
            known = {name: value.text for name, value in self.knows.values.items() if not value.secret}
            if not evaluate_when(when, known, self.world.today()):
                yield self.say(Answered, question="when", answer="skip", note=f"not {when}", **place_of(item))
                return
        if item.first:
            self.block_text = ""
        if self.world.keep is None and not self.warned and self.knows.captures_secret(self.plan, item):
            self.warned = True
            self.world.notice(_WOULD_BE_LOST)
        steps = (self.alternatives, self.fill, self.confirm, self.before)
        for step in steps:
            for got in step(item):
                if isinstance(got, Answer):
                    if got.choice in ("skip", "edit", "choose", "values"):
                        return  # what comes next is found anew
                else:
                    yield got
        yield from self.attempts(item)

    def alternatives(self, item: Item) -> Iterator[Event | Answer]:
        block = item.block
        where = (item.where.step, item.where.block)
        if block is None or not block.alternatives or where in self.state.chosen:
            return
        number = chosen_alternative(block.alternatives, item.annotation.choose)
        if number:
            yield self.say(
                Answered, question="choose", answer=str(number), note="annotated", **place_of(item)
            )
            yield Answer("choose")
        else:
            yield from self.put(Alternatives(item, block.alternatives), "choose")

    def fill(self, item: Item) -> Iterator[Event | Answer]:
        """A value for every placeholder of the statement that has none yet."""
        for placeholder in item.placeholders:
            name = placeholder.name
            problem = ""
            while name not in self.knows.values:
                value = None
                if not problem and name not in self.knows.anew:
                    try:
                        value = self.world.source(name, self.plan, self.knows.values)
                    except ValueProblem as error:
                        problem = str(error)
                if value is None:
                    question = ValueNeeded(
                        item,
                        self.knows.shown(self.plan, item),
                        name,
                        self.plan.inputs.get(name),
                        self.plan.secret(name),
                        self.knows.offers(self.plan, name),
                        problem,
                    )
                    for got in self.put(question, "value"):
                        if isinstance(got, Answer) and got.choice == "value":
                            value = Value(got.value, question.secret, "typed")
                        else:
                            yield got
                            if isinstance(got, Answer):
                                return
                if value is not None:
                    problem = check_value(self.plan.inputs.get(name), value.text) or ""
                    if not problem:
                        self.learn(name, value)
                        self.keep()
                        yield self.say(
                            ValueGiven,
                            name=name,
                            origin=value.origin,
                            secret=value.secret,
                            length=len(value.text),
                            value=None if value.secret else value.text,
                            **place_of(item),
                        )

    def confirm(self, item: Item) -> Iterator[Event | Answer]:
        where = (item.where.step, item.where.block)
        if item.annotation.confirm is not None and self.confirmed != where:
            question = item.annotation.confirm or "run this?"
            yield from self.put(Confirmation(item, self.knows.shown(self.plan, item), question), "confirm")
            self.confirmed = where

    def before(self, item: Item) -> Iterator[Event | Answer]:
        yield from self.put(BeforeStatement(item, self.knows.shown(self.plan, item)), "run")

    def attempts(self, item: Item) -> Iterator[Event]:
        """Run the statement, again where its annotation or the operator says so, until it is done with."""
        attempt, left = 0, item.annotation.retry
        while True:
            attempt += 1
            failure: tuple[Any, str, float] | None = None
            for got in self.once(item, attempt):
                if isinstance(got, Event):
                    yield got
                else:
                    failure = got
            if failure is None:
                return
            done, problem, duration = failure
            if left > 0 and not done.ended and not done.interrupted:
                left -= 1
                continue
            question = AfterFailure(
                item,
                self.knows.shown(self.plan, item),
                done.status,
                problem,
                duration,
                self.knows.outputs[-1][1][-4000:],
                alive=not done.ended,
                interrupted=done.interrupted,
            )
            for reply in self.put(question, "failed"):
                if isinstance(reply, Event):
                    yield reply
                elif reply.choice in ("skip", "edit", "values"):
                    return
            if done.ended:
                raise Stop("failed", done.ended)

    def once(self, item: Item, attempt: int) -> Iterator[Event | tuple[Any, str, float]]:
        """One attempt; yields its events, and at last how it failed if it did."""
        code = "".join(text for text, _ in self.knows.pieces(self.plan, item)).encode(
            "utf-8", "surrogateescape"
        )
        if item.annotation.cwd is not None and item.first:
            yield from self.start()
            yield from self.hidden(item, item.annotation.cwd)
        yield from self.start()
        yield self.say(
            StatementStarted, text=self.knows.shown(self.plan, item), attempt=attempt, **place_of(item)
        )
        began = self.world.clock()
        mints = self.knows.mints(self.plan, item)
        withheld = Withheld()
        kept = Kept()
        done: Any = None
        for got in self.session.run(code, item.annotation.timeout or self.plan.timeout):
            if hasattr(got, "data"):
                if mints:
                    withheld.add(got.data)
                else:
                    yield from _adding(kept, self.stream(item, got.data))
            elif hasattr(got, "seconds"):
                self.world.quiet(got.seconds)
                yield from _adding(kept, self.rest(item, final=False))
            else:
                done = got
        captured, problem = self.minted(item, withheld, done) if mints else ({}, "")
        partly = _stopped(done) or bool(withheld.dropped and (problem or not captured))
        for data in self.knows.withheld(self.plan, item, withheld, done.status, partly=partly):
            yield from _adding(kept, self.stream(item, data))
        yield from _adding(kept, self.rest(item))
        text = kept.text()
        self.knows.remember(item, text)
        self.block_text = (self.block_text + text)[-KEPT:]
        if not mints:
            captured, problem = self.knows.captured(self.plan, item, text, done.status)
        problem = judge(item.annotation, item.last, done, self.block_text, self.plan.timeout) or problem
        if item.annotation.allow_failure and not (done.ended or done.interrupted):
            problem = ""
        learned = {} if problem else captured
        for name, value in learned.items():
            self.learn(name, value)
        self.keep()
        took = self.world.clock() - began
        # what a statement has left behind is told before its end: whoever knows of its end knows of that too
        if not done.ended:
            yield from self.changed(code.decode("utf-8", "surrogateescape"), place_of(item))
        yield from self.captures(item, learned)
        yield self.finished(done, took, problem, place_of(item))
        if problem:
            yield (done, problem, took)

    def minted(self, item: Item, withheld: Withheld, done: Any) -> tuple[dict[str, Value], str]:
        """The values in what was withheld, and what is wrong with them if anything."""
        raw = (withheld.beginning + withheld.end).decode("utf-8", "surrogateescape")
        return self.knows.captured(self.plan, item, raw, done.status)


def _adding(kept: Kept, outputs: Iterator[Output]) -> Iterator[Output]:
    for event in outputs:
        kept.add(event.text)
        yield event


def _stopped(done: Any) -> bool:
    """Whether a statement was ended before it had printed everything."""
    return bool(done.timed_out or done.interrupted or done.suspended or done.killed)
