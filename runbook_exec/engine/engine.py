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
from ..plan.model import Plan, PlanItem, Value
from ..plan.templates import evaluate_when
from ..plan.values import check_value
from ..shells.base import QuotingError
from .events import Answered, Edited, Event, Output, RunEnded, RunStarted, StatementStarted, ValueGiven
from .expectations import TAIL_SIZE, OutputTail, failure_of
from .held_output import HeldOutput
from .ports import Resumption, RunContext, Shell, Stop
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
from .shell_io import ShellIO, place_of
from .state import State, carry_over, next_item

_WOULD_BE_LOST = (
    "this step prints a secret; if this program dies before it is used, the secret is lost: "
    "$XDG_RUNTIME_DIR names no memory file system of your own to keep it in"
)


def run(
    plan: Plan,
    state: State,
    session: Shell,
    ask: Ask,
    world: RunContext,
    resumption: Resumption | None = None,
) -> Generator[Event]:
    """Run a plan from where `state` is, and tell what happens; the last event is always RunEnded."""
    work = Run(plan, state, session, ask, world, resumption, seq=resumption.seq if resumption else 0)
    work.bindings.masker = world.masker
    try:
        yield from work.execute()
    except KeyboardInterrupt:
        yield work.make_event(RunEnded, outcome="stopped", reason="interrupted")


@dataclass(slots=True)
class Run(ShellIO):
    """A run from its first question to its end."""

    warned: bool = False  # that secrets would be lost
    block_text: str = ""  # what the statements of the present block have printed so far
    confirmed: tuple[int, int] | None = None  # the block that was confirmed

    def execute(self) -> Iterator[Event]:
        for name, value in {**(self.resumption.values if self.resumption else {}), **self.plan.given}.items():
            self.bind_value(name, value)
        self.mask_declared()
        yield self.make_event(
            RunStarted,
            path=self.plan.runbook.path,
            digest=self.plan.runbook.digest,
            procedure=self.plan.procedure.title,
            anchor=self.plan.procedure.anchor,
            shell=self.plan.procedure.shell,
            place=self.context.place,
            values={name: value.text for name, value in self.bindings.values.items() if not value.secret},
            version=__version__,
            text=self.bindings.mask(self.plan.runbook.text),
            folder=self.context.folder,
            commit=self.context.commit,
            dirty=self.context.dirty,
            options=self.context.options,
            pid=self.context.pid,
        )
        item: PlanItem | None = None
        try:
            if self.resumption is not None:
                yield from self.resume(self.resumption)
            while (item := next_item(self.plan, self.state)) is not None:
                yield from self.run_manual_step(item) if item.statement is None else self.run_statement(item)
        except QuotingError as error:
            yield self.make_event(
                RunEnded, outcome="failed", reason=f"line {item.line}: {error}" if item else str(error)
            )
        except Stop as stop:
            yield self.make_event(RunEnded, outcome=stop.outcome, reason=stop.reason)
        else:
            yield self.make_event(RunEnded, outcome="succeeded")

    def resume(self, was: Resumption) -> Iterator[Event]:
        """Settle what is in doubt, and run the statements again that set the shell up."""
        self.bindings.add_seen_tokens(was.seen_tokens)
        if was.edited:
            page = self.plan.runbook
            yield self.make_event(Edited, digest=page.digest, text=self.bindings.mask(page.text))
        items = {item.where: item for item in self.plan.items}
        if self.state.doubt in items:
            item = items[self.state.doubt]
            yield from self.select_events(
                self.ask_question(
                    Doubt(item, self.bindings.render_masked(self.plan, item), was.output), "doubt"
                )
            )
        self.state = replace(self.state, doubt=None)
        for item in self.plan.items:
            if item.annotation.setup and item.statement and self.state.done.get(item.where) == "ok":
                yield from self.select_events(self.fill_placeholders(item))
                yield from self.run_attempts(item)

    def select_events(self, got: Iterator[Event | Answer]) -> Iterator[Event]:
        return (each for each in got if isinstance(each, Event))

    # questions -------------------------------------------------------------------------------------------

    def ask_question(self, question: Question, kind: str) -> Iterator[Event | Answer]:
        """Ask, until there is an answer that the caller must act on; it is yielded last."""
        item = question.item
        while True:
            answer = self.ask(question)
            if answer.choice == "shell":
                yield from self.run_shell_prompt(item)
                continue
            if answer.choice == "wait":
                raise Stop("waiting", answer.note)
            # a value may be a secret, and who typed it is told by the statement that uses it
            told = answer.value if kind == "choose" and answer.choice == "choose" else answer.choice
            yield self.make_event(
                Answered, question=kind, answer=told, note=self.bindings.mask(answer.note), **place_of(item)
            )
            if answer.choice == "quit":
                failed = isinstance(question, AfterFailure) and not question.interrupted
                raise Stop("failed" if failed else "stopped", answer.note)
            if answer.choice == "values":
                self.bindings.forget_values(item)
            if answer.choice == "edit" and answer.plan is not None:
                self.state = carry_over(self.state, self.plan, answer.plan)
                self.bindings.revise(self.plan, answer.plan)
                self.plan = answer.plan
                self.mask_declared()
                page = answer.plan.runbook
                yield self.make_event(Edited, digest=page.digest, text=self.bindings.mask(page.text))
            yield answer
            return

    def run_manual_step(self, item: PlanItem) -> Iterator[Event]:
        if item.where.step in self.plan.done and item.block is None:
            yield self.make_event(
                Answered,
                question="manual",
                answer="done",
                note="said beforehand with --done",
                **place_of(item),
            )
            return
        yield from self.select_events(self.ask_question(ManualStep(item), "manual"))

    # statements ------------------------------------------------------------------------------------------

    def run_statement(self, item: PlanItem) -> Iterator[Event]:
        """Everything from the first question about a statement to its end."""
        when = item.annotation.when
        if when is not None:
            known = {name: value.text for name, value in self.bindings.values.items() if not value.secret}
            if not evaluate_when(when, known, self.context.today()):
                yield self.make_event(
                    Answered, question="when", answer="skip", note=f"not {when}", **place_of(item)
                )
                return
        if item.first:
            self.block_text = ""
        if (
            self.context.keep_secrets is None
            and not self.warned
            and self.bindings.captures_secret(self.plan, item)
        ):
            self.warned = True
            self.context.notice(_WOULD_BE_LOST)
        steps = (self.choose_alternative, self.fill_placeholders, self.confirm_block, self.ask_to_run)
        for step in steps:
            for got in step(item):
                if isinstance(got, Answer):
                    if got.choice in ("skip", "edit", "choose", "values"):
                        return  # what comes next is found anew
                else:
                    yield got
        yield from self.run_attempts(item)

    def choose_alternative(self, item: PlanItem) -> Iterator[Event | Answer]:
        block = item.block
        where = (item.where.step, item.where.block)
        if block is None or not block.alternatives or where in self.state.chosen:
            return
        number = chosen_alternative(block.alternatives, item.annotation.choose)
        if number:
            yield self.make_event(
                Answered, question="choose", answer=str(number), note="annotated", **place_of(item)
            )
            yield Answer("choose")
        else:
            yield from self.ask_question(Alternatives(item, block.alternatives), "choose")

    def fill_placeholders(self, item: PlanItem) -> Iterator[Event | Answer]:
        """A value for every placeholder of the statement that has none yet."""
        for placeholder in item.placeholders:
            name = placeholder.name
            problem = ""
            while name not in self.bindings.values:
                value = None
                if not problem and name not in self.bindings.to_ask_again:
                    try:
                        value = self.context.source(name, self.plan, self.bindings.values)
                    except ValueProblem as error:
                        problem = str(error)
                if value is None:
                    question = ValueNeeded(
                        item,
                        self.bindings.render_masked(self.plan, item),
                        name,
                        self.plan.inputs.get(name),
                        self.plan.is_secret(name),
                        self.bindings.suggest_values(self.plan, name),
                        problem,
                    )
                    for got in self.ask_question(question, "value"):
                        if isinstance(got, Answer) and got.choice == "value":
                            value = Value(got.value, question.secret, "typed")
                        else:
                            yield got
                            if isinstance(got, Answer):
                                return
                if value is not None:
                    problem = check_value(self.plan.inputs.get(name), value.text) or ""
                    if not problem:
                        self.bind_value(name, value)
                        self.keep_secrets()
                        yield self.make_event(
                            ValueGiven,
                            name=name,
                            origin=value.origin,
                            secret=value.secret,
                            length=len(value.text),
                            value=None if value.secret else value.text,
                            **place_of(item),
                        )

    def confirm_block(self, item: PlanItem) -> Iterator[Event | Answer]:
        where = (item.where.step, item.where.block)
        if item.annotation.confirm is not None and self.confirmed != where:
            question = item.annotation.confirm or "run this?"
            yield from self.ask_question(
                Confirmation(item, self.bindings.render_masked(self.plan, item), question), "confirm"
            )
            self.confirmed = where

    def ask_to_run(self, item: PlanItem) -> Iterator[Event | Answer]:
        yield from self.ask_question(
            BeforeStatement(item, self.bindings.render_masked(self.plan, item)), "run"
        )

    def run_attempts(self, item: PlanItem) -> Iterator[Event]:
        """Run the statement, again where its annotation or the operator says so, until it is done with."""
        attempt, left = 0, item.annotation.retry
        while True:
            attempt += 1
            failure: tuple[Any, str, float] | None = None
            for got in self.run_once(item, attempt):
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
                self.bindings.render_masked(self.plan, item),
                done.status,
                problem,
                duration,
                self.bindings.outputs[-1][1][-4000:],
                alive=not done.ended,
                interrupted=done.interrupted,
            )
            for reply in self.ask_question(question, "failed"):
                if isinstance(reply, Event):
                    yield reply
                elif reply.choice in ("skip", "edit", "values"):
                    return
            if done.ended:
                raise Stop("failed", done.ended)

    def run_once(self, item: PlanItem, attempt: int) -> Iterator[Event | tuple[Any, str, float]]:
        """One attempt; yields its events, and at last how it failed if it did."""
        code = "".join(text for text, _ in self.bindings.render_pieces(self.plan, item)).encode(
            "utf-8", "surrogateescape"
        )
        if item.annotation.cwd is not None and item.first:
            yield from self.start_shell()
            yield from self.change_directory(item, item.annotation.cwd)
        yield from self.start_shell()
        yield self.make_event(
            StatementStarted,
            text=self.bindings.render_masked(self.plan, item),
            attempt=attempt,
            **place_of(item),
        )
        began = self.context.clock()
        mints = self.bindings.prints_secret(self.plan, item)
        withheld = HeldOutput()
        kept = OutputTail()
        done: Any = None
        for got in self.session.run(code, item.annotation.timeout or self.plan.timeout):
            if hasattr(got, "data"):
                if mints:
                    withheld.add(got.data)
                else:
                    yield from _record_output(kept, self.emit_output(item, got.data))
            elif hasattr(got, "seconds"):
                self.context.on_silence(got.seconds)
                yield from _record_output(kept, self.flush_output(item, final=False))
            else:
                done = got
        captured, problem = self.capture_held(item, withheld, done) if mints else ({}, "")
        partly = _is_cut_short(done) or bool(withheld.dropped and (problem or not captured))
        for data in self.bindings.release_held(self.plan, item, withheld, done.status, partly=partly):
            yield from _record_output(kept, self.emit_output(item, data))
        yield from _record_output(kept, self.flush_output(item))
        text = kept.text()
        self.bindings.remember_output(item, text)
        self.block_text = (self.block_text + text)[-TAIL_SIZE:]
        if not mints:
            captured, problem = self.bindings.capture_values(self.plan, item, text, done.status)
        problem = failure_of(item.annotation, item.last, done, self.block_text, self.plan.timeout) or problem
        if item.annotation.allow_failure and not (done.ended or done.interrupted):
            problem = ""
        learned = {} if problem else captured
        for name, value in learned.items():
            self.bind_value(name, value)
        self.keep_secrets()
        took = self.context.clock() - began
        # what a statement has left behind is told before its end: whoever knows of its end knows of that too
        if not done.ended:
            yield from self.emit_changes(code.decode("utf-8", "surrogateescape"), place_of(item))
        yield from self.emit_captures(item, learned)
        yield self.make_finished(done, took, problem, place_of(item))
        if problem:
            yield (done, problem, took)

    def capture_held(self, item: PlanItem, withheld: HeldOutput, done: Any) -> tuple[dict[str, Value], str]:
        """The values in what was withheld, and what is wrong with them if anything."""
        raw = (withheld.beginning + withheld.end).decode("utf-8", "surrogateescape")
        return self.bindings.capture_values(self.plan, item, raw, done.status)


def _record_output(kept: OutputTail, outputs: Iterator[Output]) -> Iterator[Output]:
    for event in outputs:
        kept.add(event.text)
        yield event


def _is_cut_short(done: Any) -> bool:
    """Whether a statement was ended before it had printed everything."""
    return bool(done.timed_out or done.interrupted or done.suspended or done.killed)
