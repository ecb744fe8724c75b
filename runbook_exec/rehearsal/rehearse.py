"""A rehearsal: a runbook run by the same engine in the same shell, with stand-ins for all that it calls."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from ..diagnostics.problem import Problem, Severity
from ..diagnostics.report import Diagnostic
from ..document.assignments import parse_capture
from ..document.model import Runbook
from ..document.parser import parse_runbook
from ..engine import engine
from ..engine.events import Event, Output, RunEnded, StatementFinished, StatementStarted
from ..engine.ports import RunContext
from ..engine.state import State
from ..errors import Refused
from ..plan.builder import choose_procedure, make_plan
from ..plan.model import ItemId, Plan, PlanItem
from ..text.span import Span
from . import relay
from .call_server import CallServer
from .environment import RehearsalEnvironment, prepare_environment
from .findings import (
    NEVER_CAME,
    NOT_READ,
    STATEMENT_FAILED,
    RehearsalFinding,
    RehearsedDocument,
    locate_findings,
)
from .matcher import Progress, find_missing_calls
from .responder import ReceivedCall, Responder
from .sandbox import Sandbox
from .scripted_answers import ScriptedAnswers, step_names
from .scripted_operator import ScriptedOperator, ScriptedSession
from .services import run_services
from .transcript.model import ExpectedCall, Transcript, runbook_of
from .transcript.parser import parse_transcript

_TIMEOUT = 60.0  # seconds for a statement: stand-ins do not take long

_MAX_OUTPUT_LINES = 12  # lines of a failed statement's output that are shown


@dataclass(frozen=True, slots=True)
class Options:
    """What may be said of a rehearsal beside its transcript.

    `programs` are let through beside the harmless ones. `stand_ins` takes the place of the transcript's
    folder, `environment` is added to, and `prepare` is called with the folder of the rehearsal before
    anything is started. `lenient` goes on where a call differs, to see all that does.
    """

    programs: Collection[str] = ()
    stand_ins: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Path], None] = lambda folder: None
    sandbox: bool = True
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class RehearsalResult:
    """What came of a rehearsal: `passed`, `differs`, or `cannot`, and all that was found."""

    outcome: str
    runbook: RehearsedDocument
    transcript: RehearsedDocument
    findings: tuple[RehearsalFinding, ...] = ()
    not_isolated: str = ""  # why nothing kept it from the network and the rest of the machine
    why: str = ""  # why it could not be rehearsed, where that is at no place of a document
    events: tuple[Event, ...] = ()
    calls: tuple[ReceivedCall, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)  # what names were bound to
    seconds: float = 0.0  # that it took
    running: float = 0.0  # seconds of these in which statements ran
    read: Transcript | None = None


def rehearse(path: Path, options: Options = Options()) -> RehearsalResult:
    """Rehearse a runbook as a transcript says; what is wrong with either is in the result.

    Raises nothing for what stands in the documents, and KeyboardInterrupt where ^C ends it.
    """
    began = time.monotonic()
    page = runbook_of(path)
    documents = RehearsedDocument(str(page), ""), RehearsedDocument(str(path), "")
    try:
        documents = documents[0], RehearsedDocument(str(path), _decode(data := path.read_bytes()))
        transcript = parse_transcript(data, str(path))
        runbook = parse_runbook(page.read_bytes(), str(page))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return RehearsalResult("cannot", *documents, why=f"cannot read `{error.filename}`: {reason}")
    documents = RehearsedDocument(runbook.path, runbook.text), documents[1]
    problems = [RehearsalFinding(NOT_READ, p.message, p.hint, transcript=p.span) for p in transcript.problems]
    plan = _plan_rehearsal(runbook, transcript) if not problems else ()
    if isinstance(plan, Plan):
        try:
            result = _run_rehearsal(plan, transcript, options, documents)
        except Refused as problem:
            result = RehearsalResult("cannot", *documents, why=str(problem))
    else:
        found = tuple(problems or plan)
        result = RehearsalResult("cannot", *documents, found)
    running = sum(event.duration for event in result.events if isinstance(event, StatementFinished))
    return replace(result, seconds=time.monotonic() - began, running=running, read=transcript)


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _plan_rehearsal(runbook: Runbook, transcript: Transcript) -> Plan | tuple[RehearsalFinding, ...]:
    """The plan of the rehearsal, or why there is none."""
    settings = transcript.settings
    errors = [problem for problem in runbook.problems if problem.severity == Severity.ERROR]
    if errors:
        return tuple(_problem_finding(problem) for problem in errors)
    procedure = choose_procedure(runbook, settings.procedure)
    if isinstance(procedure, Problem):
        hint = f"say `procedure:` below `rehearsal:`; {procedure.hint}"
        return (RehearsalFinding(NOT_READ, procedure.message, hint, procedure.span),)
    captures = tuple(parse_capture(f"{name}={where}") for name, where in settings.captures.items())
    timeout = settings.timeout or runbook.settings.timeout or _TIMEOUT
    # the page's own folder is of the machine that it is for
    runbook = runbook._replace(settings=replace(runbook.settings, cwd=None))
    plan = make_plan(runbook, procedure, captures=captures, timeout=timeout)
    if not isinstance(plan, Plan):
        return tuple(_problem_finding(problem) for problem in plan)
    if shutil.which(procedure.shell) is None and any(item.statement for item in plan.items):
        return (RehearsalFinding(NOT_READ, f"expected the shell {procedure.shell} on PATH, found none"),)
    return tuple(_find_unknown_names(plan, transcript)) or plan


def _find_unknown_names(plan: Plan, transcript: Transcript) -> Iterator[RehearsalFinding]:
    """Names in the front matter that mean nothing in this runbook and in this transcript."""
    settings = transcript.settings
    steps = plan.procedure.steps
    manual = {name for step in steps if step.manual for name in step_names(step)}
    several = {
        name for step in steps if any(b.alternatives for b in step.blocks) for name in step_names(step)
    }
    placeholders = {found.name for item in plan.items for found in item.placeholders}
    for key, given, known, what in (
        ("done", settings.done, manual, "no step `{}` is for a person to do"),
        ("choose", settings.choose, several, "no step `{}` has alternatives"),
        ("values", settings.values, placeholders | transcript.names, "nothing here is named `<{}>`"),
    ):
        for name in given:
            if name not in known:
                hint = f"known are {', '.join(f'`{each}`' for each in sorted(known))}" if known else ""
                message = f"`{key}: {{{name}: …}}`: {what.format(name)}"
                yield RehearsalFinding(NOT_READ, message, hint, transcript=transcript.find_key_span(name))


def _problem_finding(problem: Problem) -> RehearsalFinding:
    return RehearsalFinding(NOT_READ, problem.message, problem.hint, problem.span)


def _run_rehearsal(
    plan: Plan,
    transcript: Transcript,
    options: Options,
    documents: tuple[RehearsedDocument, RehearsedDocument],
) -> RehearsalResult:
    shell = plan.procedure.shell or "sh"
    with ExitStack() as stack:
        here = stack.enter_context(prepare_environment(transcript, options.programs, options.stand_ins))
        options.prepare(here.folder)
        sandbox = stack.enter_context(Sandbox(here.folder, options.sandbox))
        variables = here.shell_variables(shell, {**options.environment, **transcript.settings.environment})
        services = transcript.settings.services
        beside = Path(transcript.path).absolute().parent
        outside = {**variables, "PATH": os.environ.get("PATH", os.defpath)}
        said = stack.enter_context(run_services(services, beside, outside, sandbox.make_entry(str(beside))))
        operator = ScriptedOperator() if transcript.has_operator else None
        stack.callback(operator.close) if operator else None
        desk = Responder(
            transcript,
            here,
            (sys.executable, "-I", "-S", str(Path(relay.__file__))),
            operator,
            Progress(transcript.settings.values),
            options.lenient,
        )
        session = ScriptedSession(
            shell,
            clean=True,
            cwd=str(here.work),
            environ={**variables, **said},
            keyboard=operator,
            inside=str(here.folder / "shell"),
            entered=sandbox.make_entry(str(here.work)),
        )
        session.operator = operator
        stack.enter_context(session)
        answers = ScriptedAnswers(plan, transcript)
        with CallServer(here.calls, desk.reply):
            events = tuple(_run_events(plan, session, answers, desk, here))
        ended = events[-1] if events else None
        if answers.interrupted or (isinstance(ended, RunEnded) and ended.outcome == "stopped"):
            raise KeyboardInterrupt
        findings = (*desk.findings, *answers.findings, *_find_at_end(plan, desk, answers, events))
    return RehearsalResult(
        "differs" if findings else "passed",
        *documents,
        _sort_findings(findings),
        sandbox.why,
        events=events,
        calls=tuple(desk.received_calls),
        values=desk.progress.values,
    )


def _run_events(
    plan: Plan,
    session: ScriptedSession,
    answers: ScriptedAnswers,
    desk: Responder,
    here: RehearsalEnvironment,
) -> Iterator[Event]:
    world = RunContext(
        run=secrets.token_hex(4),
        now=lambda: datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        clock=time.monotonic,
        place="rehearsal",
        source=answers.find_value,
        folder=str(here.work),
        keep_secrets=lambda values, seen: None,
    )
    items = {item.where: item for item in plan.items}
    for event in engine.run(plan, State(), session, answers.answer_question, world):
        if isinstance(event, StatementStarted):
            desk.item = items.get(ItemId(event.step, event.block, event.statement), desk.item)
        yield event


def _find_at_end(
    plan: Plan, desk: Responder, answers: ScriptedAnswers, events: Sequence[Event]
) -> Iterator[RehearsalFinding]:
    """What is only known when the run is over: a statement that failed, and calls that never came."""
    ended = events[-1] if events and isinstance(events[-1], RunEnded) else None
    over = ended is not None and ended.outcome == "succeeded"
    if not over and not answers.findings:
        yield from _find_failure(plan, desk, events, ended.reason if ended else "")
    if desk.operator is not None:
        for call in desk.operator.pop_unasked_calls():
            yield RehearsalFinding(
                NEVER_CAME, "this call does not ask what it is to ask", "", None, call.span
            )
    for call in find_missing_calls(desk.transcript.calls, desk.progress, over):
        yield RehearsalFinding(
            NEVER_CAME, "this call never came", _describe_position(desk, call), None, call.span
        )


def _find_failure(
    plan: Plan, desk: Responder, events: Sequence[Event], reason: str
) -> Iterator[RehearsalFinding]:
    failed = [event for event in events if isinstance(event, StatementFinished) and event.problem]
    last = failed[-1] if failed else None
    where = ItemId(last.step, last.block, last.statement) if last else None
    item = next((item for item in plan.items if item.where == where), None)
    span = item.statement.span if item and item.statement else None
    if any(finding.runbook == span for finding in desk.findings if span):
        return  # that is why
    printed = "".join(
        event.text
        for event in events
        if isinstance(event, Output) and where == ItemId(event.step, event.block, event.statement)
    )
    lines = [line for line in printed.replace("\r", "").split("\n") if line.strip()][-_MAX_OUTPUT_LINES:]
    hint = "\n".join(["it printed:", *(f"  {line}" for line in lines)]) if lines else "it printed nothing"
    if last is not None and last.status == 127:
        hint += (
            "\nwhat no `$` line of the transcript names has to be a harmless program, or below `programs:`"
        )
    message = f"the statement fails: {last.problem}" if last else f"the run stops: {reason}"
    yield RehearsalFinding(STATEMENT_FAILED, message, hint, span, _last_call_span(desk, item))


def _last_call_span(desk: Responder, item: PlanItem | None) -> Span | None:
    """The line of the transcript for the last call of this statement."""
    calls = [came.call for came in desk.received_calls if came.item is item and came.call]
    return calls[-1].span if calls else None


def _describe_position(desk: Responder, call: ExpectedCall) -> str:
    """After which statement of the runbook a call should have come."""
    before = {
        came.call.number: came for came in desk.received_calls if came.call and came.call.number < call.number
    }
    came = before[max(before)] if before else None
    if came is None:
        first = call is desk.transcript.calls[0]
        return "it was to be the first" if first else "no call that is to come before it has come either"
    statement = came.item.statement if came.item else None
    if statement is None:
        return ""
    line, _, _ = statement.text.partition("\n")
    return f"it was to come after `{line}` on line {statement.span.line} of the runbook"


def _sort_findings(findings: Sequence[RehearsalFinding]) -> tuple[RehearsalFinding, ...]:
    def sort_key(finding: RehearsalFinding) -> tuple[int, int]:
        runbook, transcript = finding.runbook, finding.transcript
        return runbook.start if runbook else sys.maxsize, transcript.start if transcript else -1

    return tuple(sorted(findings, key=sort_key))


PROGRAMS_OPTION = "rehearsal-programs"  # the key of the settings that lists more of them


def list_diagnostics(result: RehearsalResult) -> list[Diagnostic]:
    """What was found, as reports tell it."""
    return list(locate_findings(result.findings, result.runbook, result.transcript))
