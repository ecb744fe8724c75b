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
from ..diagnostics.report import Found
from ..document.assignments import parse_capture
from ..document.model import Runbook
from ..document.parser import parse
from ..engine import engine
from ..engine.events import Event, Output, RunEnded, StatementFinished, StatementStarted
from ..engine.ports import World
from ..engine.state import State
from ..plan.builder import choose_procedure, make_plan
from ..plan.model import Item, Plan, Where
from ..text.span import Span
from . import relay
from .call_server import Listening
from .environment import NoStage, Stage, stage
from .findings import NEVER_CAME, NOT_READ, STATEMENT_FAILED, Document, Finding, reported
from .matcher import Progress, missing
from .responder import Came, Desk
from .sandbox import Sandbox
from .scripted_answers import Answers, names_of
from .scripted_operator import Heard, Operator
from .services import serving
from .transcript.model import Call, Transcript, runbook_of
from .transcript.parser import read

_TIMEOUT = 60.0  # seconds for a statement: stand-ins do not take long

_TOLD = 12  # lines of a failed statement's output that are shown


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
class Result:
    """What came of a rehearsal: `passed`, `differs`, or `cannot`, and all that was found."""

    outcome: str
    runbook: Document
    transcript: Document
    findings: tuple[Finding, ...] = ()
    not_isolated: str = ""  # why nothing kept it from the network and the rest of the machine
    why: str = ""  # why it could not be rehearsed, where that is at no place of a document
    events: tuple[Event, ...] = ()
    calls: tuple[Came, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)  # what names were bound to
    seconds: float = 0.0  # that it took
    running: float = 0.0  # seconds of these in which statements ran
    read: Transcript | None = None


def rehearse(path: Path, options: Options = Options()) -> Result:
    """Rehearse a runbook as a transcript says; what is wrong with either is in the result.

    Raises nothing for what stands in the documents, and KeyboardInterrupt where ^C ends it.
    """
    began = time.monotonic()
    page = runbook_of(path)
    documents = Document(str(page), ""), Document(str(path), "")
    try:
        documents = documents[0], Document(str(path), _text(data := path.read_bytes()))
        transcript = read(data, str(path))
        runbook = parse(page.read_bytes(), str(page))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return Result("cannot", *documents, why=f"cannot read `{error.filename}`: {reason}")
    documents = Document(runbook.path, runbook.text), documents[1]
    problems = [Finding(NOT_READ, p.message, p.hint, transcript=p.span) for p in transcript.problems]
    plan = _plan(runbook, transcript) if not problems else ()
    if isinstance(plan, Plan):
        try:
            result = _rehearsed(plan, transcript, options, documents)
        except NoStage as problem:
            result = Result("cannot", *documents, why=str(problem))
    else:
        found = tuple(problems or plan)
        result = Result("cannot", *documents, found)
    running = sum(event.duration for event in result.events if isinstance(event, StatementFinished))
    return replace(result, seconds=time.monotonic() - began, running=running, read=transcript)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _plan(runbook: Runbook, transcript: Transcript) -> Plan | tuple[Finding, ...]:
    """The plan of the rehearsal, or why there is none."""
    settings = transcript.settings
    errors = [problem for problem in runbook.problems if problem.severity == Severity.ERROR]
    if errors:
        return tuple(_refused(problem) for problem in errors)
    procedure = choose_procedure(runbook, settings.procedure)
    if isinstance(procedure, Problem):
        hint = f"say `procedure:` below `rehearsal:`; {procedure.hint}"
        return (Finding(NOT_READ, procedure.message, hint, procedure.span),)
    captures = tuple(parse_capture(f"{name}={where}") for name, where in settings.captures.items())
    timeout = settings.timeout or runbook.settings.timeout or _TIMEOUT
    # the page's own folder is of the machine that it is for
    runbook = runbook._replace(settings=replace(runbook.settings, cwd=None))
    plan = make_plan(runbook, procedure, captures=captures, timeout=timeout)
    if not isinstance(plan, Plan):
        return tuple(_refused(problem) for problem in plan)
    if shutil.which(procedure.shell) is None and any(item.statement for item in plan.items):
        return (Finding(NOT_READ, f"expected the shell {procedure.shell} on PATH, found none"),)
    return tuple(_unknown(plan, transcript)) or plan


def _unknown(plan: Plan, transcript: Transcript) -> Iterator[Finding]:
    """Names in the front matter that mean nothing in this runbook and in this transcript."""
    settings = transcript.settings
    steps = plan.procedure.steps
    manual = {name for step in steps if step.manual for name in names_of(step)}
    several = {name for step in steps if any(b.alternatives for b in step.blocks) for name in names_of(step)}
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
                yield Finding(NOT_READ, message, hint, transcript=transcript.place_of(name))


def _refused(problem: Problem) -> Finding:
    return Finding(NOT_READ, problem.message, problem.hint, problem.span)


def _rehearsed(
    plan: Plan, transcript: Transcript, options: Options, documents: tuple[Document, Document]
) -> Result:
    shell = plan.procedure.shell or "sh"
    with ExitStack() as stack:
        here = stack.enter_context(stage(transcript, options.programs, options.stand_ins))
        options.prepare(here.folder)
        sandbox = stack.enter_context(Sandbox(here.folder, options.sandbox))
        variables = here.environment(shell, {**options.environment, **transcript.settings.environment})
        services = transcript.settings.services
        beside = Path(transcript.path).absolute().parent
        outside = {**variables, "PATH": os.environ.get("PATH", os.defpath)}
        said = stack.enter_context(serving(services, beside, outside, sandbox.enter(str(beside))))
        operator = Operator() if transcript.typing else None
        stack.callback(operator.close) if operator else None
        desk = Desk(
            transcript,
            here,
            (sys.executable, "-I", "-S", str(Path(relay.__file__))),
            operator,
            Progress(transcript.settings.values),
            options.lenient,
        )
        session = Heard(
            shell,
            clean=True,
            cwd=str(here.work),
            environ={**variables, **said},
            keyboard=operator,
            inside=str(here.folder / "shell"),
            entered=sandbox.enter(str(here.work)),
        )
        session.operator = operator
        stack.enter_context(session)
        answers = Answers(plan, transcript)
        with Listening(here.calls, desk.reply):
            events = tuple(_events(plan, session, answers, desk, here))
        ended = events[-1] if events else None
        if answers.interrupted or (isinstance(ended, RunEnded) and ended.outcome == "stopped"):
            raise KeyboardInterrupt
        findings = (*desk.findings, *answers.findings, *_at_the_end(plan, desk, answers, events))
    return Result(
        "differs" if findings else "passed",
        *documents,
        _ordered(findings),
        sandbox.why,
        events=events,
        calls=tuple(desk.came),
        values=desk.progress.values,
    )


def _events(plan: Plan, session: Heard, answers: Answers, desk: Desk, here: Stage) -> Iterator[Event]:
    world = World(
        run=secrets.token_hex(4),
        now=lambda: datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        clock=time.monotonic,
        place="rehearsal",
        source=answers.source,
        folder=str(here.work),
        keep=lambda values, seen: None,
    )
    items = {item.where: item for item in plan.items}
    for event in engine.run(plan, State(), session, answers.ask, world):
        if isinstance(event, StatementStarted):
            desk.item = items.get(Where(event.step, event.block, event.statement), desk.item)
        yield event


def _at_the_end(plan: Plan, desk: Desk, answers: Answers, events: Sequence[Event]) -> Iterator[Finding]:
    """What is only known when the run is over: a statement that failed, and calls that never came."""
    ended = events[-1] if events and isinstance(events[-1], RunEnded) else None
    over = ended is not None and ended.outcome == "succeeded"
    if not over and not answers.findings:
        yield from _failed(plan, desk, events, ended.reason if ended else "")
    if desk.operator is not None:
        for call in desk.operator.unasked():
            yield Finding(NEVER_CAME, "this call does not ask what it is to ask", "", None, call.span)
    for call in missing(desk.transcript.calls, desk.progress, over):
        yield Finding(NEVER_CAME, "this call never came", _after(desk, call), None, call.span)


def _failed(plan: Plan, desk: Desk, events: Sequence[Event], reason: str) -> Iterator[Finding]:
    failed = [event for event in events if isinstance(event, StatementFinished) and event.problem]
    last = failed[-1] if failed else None
    where = Where(last.step, last.block, last.statement) if last else None
    item = next((item for item in plan.items if item.where == where), None)
    span = item.statement.span if item and item.statement else None
    if any(finding.runbook == span for finding in desk.findings if span):
        return  # that is why
    printed = "".join(
        event.text
        for event in events
        if isinstance(event, Output) and where == Where(event.step, event.block, event.statement)
    )
    lines = [line for line in printed.replace("\r", "").split("\n") if line.strip()][-_TOLD:]
    hint = "\n".join(["it printed:", *(f"  {line}" for line in lines)]) if lines else "it printed nothing"
    if last is not None and last.status == 127:
        hint += (
            "\nwhat no `$` line of the transcript names has to be a harmless program, or below `programs:`"
        )
    message = f"the statement fails: {last.problem}" if last else f"the run stops: {reason}"
    yield Finding(STATEMENT_FAILED, message, hint, span, _last_line(desk, item))


def _last_line(desk: Desk, item: Item | None) -> Span | None:
    """The line of the transcript for the last call of this statement."""
    calls = [came.call for came in desk.came if came.item is item and came.call]
    return calls[-1].span if calls else None


def _after(desk: Desk, call: Call) -> str:
    """After which statement of the runbook a call should have come."""
    before = {came.call.number: came for came in desk.came if came.call and came.call.number < call.number}
    came = before[max(before)] if before else None
    if came is None:
        first = call is desk.transcript.calls[0]
        return "it was to be the first" if first else "no call that is to come before it has come either"
    statement = came.item.statement if came.item else None
    if statement is None:
        return ""
    line, _, _ = statement.text.partition("\n")
    return f"it was to come after `{line}` on line {statement.span.line} of the runbook"


def _ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    def place(finding: Finding) -> tuple[int, int]:
        runbook, transcript = finding.runbook, finding.transcript
        return runbook.start if runbook else sys.maxsize, transcript.start if transcript else -1

    return tuple(sorted(findings, key=place))


PROGRAMS = "rehearsal-programs"  # the key of the settings that lists more of them


def found_in(result: Result) -> list[Found]:
    """What was found, as reports tell it."""
    return list(reported(result.findings, result.runbook, result.transcript))
