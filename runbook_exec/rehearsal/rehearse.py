"""Rehearses a runbook with the real engine and shell, and a stand-in for every program."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from ..diagnostics.problem import Problem, Severity
from ..diagnostics.report import Diagnostic
from ..document.assignments import parse_capture
from ..document.model import Runbook
from ..document.parser import parse_runbook
from ..engine import engine
from ..engine.events import Event, RunEnded, StatementFinished, StatementStarted
from ..engine.ports import LiveShell, OpenShell, RunContext
from ..engine.state import State
from ..errors import Refused, reason
from ..light_classes import dataclass, field, replace
from ..plan.builder import choose_procedure, make_plan
from ..plan.model import ItemId, Plan
from ..session.connections.local import LocalConnection
from ..session.session import Session
from ..shells.registry import FALLBACK_SHELL, find_command
from ..system.regular_file import read_regular_file
from . import relay
from .call_server import CallServer
from .environment import RehearsalEnvironment, prepare_environment
from .final_findings import find_final_findings
from .findings import (
    NOT_READ,
    RehearsalFinding,
    RehearsedDocument,
    locate_findings,
)
from .matcher import Progress
from .responder import ReceivedCall, Responder
from .sandbox import Sandbox
from .scripted_answers import ScriptedAnswers, step_names
from .scripted_operator import OperatedShell, ScriptedOperator
from .services import run_services
from .transcript.model import Transcript, runbook_of
from .transcript.parser import parse_transcript

PROGRAMS_OPTION = "rehearsal-programs"  # the settings key that lists more harmless programs

_TIMEOUT = 60.0  # seconds for each statement; stand-ins are fast


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a rehearsal that are not in its transcript.

    `programs` are let through in addition to the harmless ones. `stand_ins` replaces the transcript's
    folder of executables, `environment` is added to the shell's environment, and `prepare` is called with
    the folder of the rehearsal before anything starts. With `lenient` the rehearsal continues after a call
    that differs, to find all differences.
    """

    programs: Collection[str] = ()
    stand_ins: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Path], None] = lambda folder: None
    sandbox: bool = True
    lenient: bool = False


_NO_OPTIONS = Options()


@dataclass(frozen=True, slots=True)
class RehearsalResult:
    """The result of a rehearsal: `outcome` is `passed`, `differs`, or `cannot`."""

    outcome: str
    runbook: RehearsedDocument
    transcript: RehearsedDocument
    findings: tuple[RehearsalFinding, ...] = ()
    not_isolated: str = ""  # why it was not isolated from the network and from other files
    why: str = ""  # why it could not be rehearsed, if no place of a document is the cause
    events: tuple[Event, ...] = ()
    calls: tuple[ReceivedCall, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)  # of the names of the transcript
    seconds: float = 0.0  # duration of the whole rehearsal
    running: float = 0.0  # seconds in which statements ran
    read: Transcript | None = None


def rehearse(path: Path, options: Options = _NO_OPTIONS) -> RehearsalResult:
    """Rehearse the runbook of a transcript; mistakes in either document are in the result.

    Raises KeyboardInterrupt if ^C ends it, and nothing because of the content of the documents.
    """
    began = time.monotonic()
    page = runbook_of(path)
    documents = RehearsedDocument(str(page), ""), RehearsedDocument(str(path), "")
    try:
        documents = documents[0], RehearsedDocument(str(path), _decode(data := read_regular_file(path)))
        transcript = parse_transcript(data, str(path))
        runbook = parse_runbook(read_regular_file(page), str(page), named=transcript.settings.procedure)
    except OSError as error:
        return RehearsalResult("cannot", *documents, why=f"cannot read `{error.filename}`: {reason(error)}")
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
    """Return the plan of the rehearsal, or the findings that prevent it."""
    settings = transcript.settings
    procedure = choose_procedure(runbook, settings.procedure)
    concerns = None if isinstance(procedure, Problem) else procedure
    errors = [each for each in runbook.problems if each.severity == Severity.ERROR]
    if errors := [each for each in errors if concerns is None or concerns.has_problem(each)]:
        return tuple(_problem_finding(problem) for problem in errors)
    if isinstance(procedure, Problem):
        hint = f"say `procedure:` below `rehearsal:`; {procedure.hint}"
        return (RehearsalFinding(NOT_READ, procedure.message, hint, procedure.span),)
    captures = tuple(parse_capture(f"{name}={where}") for name, where in settings.captures.items())
    timeout = settings.timeout or runbook.settings.timeout or _TIMEOUT
    # the page's `cwd` is a folder of the machine that the page is for
    runbook = runbook._replace(settings=replace(runbook.settings, cwd=None))
    plan = make_plan(runbook, procedure, captures=captures, timeout=timeout)
    if not isinstance(plan, Plan):
        return tuple(_problem_finding(problem) for problem in plan)
    if find_command(procedure.shell) is None and any(item.statement for item in plan.items):
        return (RehearsalFinding(NOT_READ, f"expected the shell {procedure.shell} on PATH, found none"),)
    return tuple(_find_unknown_names(plan, transcript)) or plan


def _find_unknown_names(plan: Plan, transcript: Transcript) -> Iterator[RehearsalFinding]:
    """Yield a finding for each name in the front matter that neither document uses."""
    settings = transcript.settings
    steps = plan.procedure.steps
    manual = {name for step in steps if step.manual for name in step_names(step)}
    several = {
        name
        for step in steps
        if any(b.alternatives or b.branches for b in step.blocks)
        for name in step_names(step)
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
    shell = plan.procedure.shell or FALLBACK_SHELL
    with ExitStack() as stack:
        environment = stack.enter_context(
            prepare_environment(transcript, options.programs, options.stand_ins)
        )
        options.prepare(environment.folder)
        sandbox = stack.enter_context(Sandbox(environment.folder, options.sandbox))
        more = {**options.environment, **transcript.settings.environment}
        variables = environment.shell_variables(shell, more)
        variables |= stack.enter_context(_start_services(transcript, variables, sandbox))
        operator = ScriptedOperator() if transcript.has_operator else None
        stack.callback(operator.close) if operator else None
        responder = Responder(
            transcript,
            environment,
            (sys.executable, "-I", "-S", str(Path(relay.__file__))),
            operator,
            Progress(transcript.settings.values),
            options.lenient,
        )
        open_shell = _make_shells(stack, environment, sandbox, variables, operator, shell)
        answers = ScriptedAnswers(plan, transcript)
        with CallServer(environment.calls, responder.reply):
            events = tuple(_run_events(plan, open_shell, answers, responder))
        ended = events[-1] if events else None
        if answers.interrupted or (isinstance(ended, RunEnded) and ended.outcome == "stopped"):
            raise KeyboardInterrupt
        findings = (
            *responder.findings,
            *answers.findings,
            *find_final_findings(plan, responder, answers, events),
        )
    return RehearsalResult(
        "differs" if findings else "passed",
        *documents,
        _sort_findings(findings),
        sandbox.why,
        events=events,
        calls=tuple(responder.received_calls),
        values=responder.progress.values,
    )


def _make_shells(
    stack: ExitStack,
    environment: RehearsalEnvironment,
    sandbox: Sandbox,
    variables: Mapping[str, str],
    operator: ScriptedOperator | None,
    shell: str,
) -> OpenShell:
    """Return what opens the shell of a host; in a rehearsal all hosts are this sandbox.

    The shell of this machine is opened at once, before anything else can fail.
    """

    @cache
    def open_shell(host: str) -> LiveShell:
        session = stack.enter_context(
            Session(
                shell,
                clean=True,
                cwd=str(environment.work),
                environ=variables,
                keyboard=operator,
                connection=LocalConnection(
                    str(environment.folder / "shell"), sandbox.make_entry(str(environment.work))
                ),
            )
        )
        return OperatedShell(session, operator) if operator else session

    open_shell("")
    return open_shell


def _start_services(
    transcript: Transcript, variables: Mapping[str, str], sandbox: Sandbox
) -> AbstractContextManager[Mapping[str, str]]:
    """Start the services of a transcript, with this machine's PATH; yield their variables."""
    folder = Path(transcript.path).absolute().parent
    outside = {**variables, "PATH": os.environ.get("PATH", os.defpath)}
    return run_services(transcript.settings.services, folder, outside, sandbox.make_entry(str(folder)))


def _run_events(
    plan: Plan, open_shell: OpenShell, answers: ScriptedAnswers, responder: Responder
) -> Iterator[Event]:
    context = RunContext(
        run=os.urandom(4).hex(),
        now=lambda: datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        clock=time.monotonic,
        place="rehearsal",
        source=answers.find_value,
        folder=str(responder.environment.work),
        keep_secrets=lambda values, seen: None,
        asks_for_variables=False,
    )
    items = {item.where: item for item in plan.items}
    for event in engine.run(plan, State(), open_shell, answers.answer_question, context):
        if isinstance(event, StatementStarted):
            responder.item = items.get(ItemId(event.step, event.block, event.statement), responder.item)
        yield event


def _sort_findings(findings: Sequence[RehearsalFinding]) -> tuple[RehearsalFinding, ...]:
    def sort_key(finding: RehearsalFinding) -> tuple[int, int]:
        runbook, transcript = finding.runbook, finding.transcript
        return runbook.start if runbook else sys.maxsize, transcript.start if transcript else -1

    return tuple(sorted(findings, key=sort_key))


def list_diagnostics(result: RehearsalResult) -> list[Diagnostic]:
    """Return the findings of a result as diagnostics."""
    return list(locate_findings(result.findings, result.runbook, result.transcript))
