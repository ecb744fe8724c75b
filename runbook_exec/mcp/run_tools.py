"""The tools that start a run, follow it and answer what a person has left to the agent."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from ..engine.events import Asked, Outcome
from ..errors import Refused, reason
from ..journal.index import find_journal_of, find_running, find_unfinished, list_runs
from ..journal.paths import state_folder
from ..live.client import send_answer
from ..live.locate import find_socket
from ..runner.answers.external import name_giver
from ..system.people import name_user
from .agent_values import check_agent_values
from .page_tools import ANCHOR, CHOOSE, OFFSET, PAGE, VALUES, make_run_words, require_trust_of_sources
from .program import RunProcess, run_command
from .run_journal import RunJournal
from .run_view import describe_run, find_reason_for_person, find_status
from .served_pages import ServedPage, ServedPages
from .slices import slice_lines
from .tool import AgentTool, CallArguments, ToolArgument, ToolResult
from .tool_error import ToolError

_TICK = 0.1  # seconds between two looks at a journal

_STARTS = 40.0  # seconds in which a run begins its journal

_MOST_WAIT = 50  # seconds; many clients give up after 60

_MOST_RUNS = 20  # in a list

RUN = ToolArgument("run", "text", "the id of the run, as `start` gives it", is_required=True)


class RunTools:
    """The tools of runs. They hold no run: a run is a process of its own, known by its journal."""

    def __init__(self, pages: ServedPages, hold: str) -> None:
        self._pages = pages
        self._hold = hold
        self._starting = threading.Lock()
        self._processes: list[RunProcess] = []
        self._journals: dict[Path, RunJournal] = {}
        self.is_ending = threading.Event()

    def list_tools(self) -> tuple[AgentTool, ...]:
        """Return the tools."""
        wait = ToolArgument(
            "wait",
            "number",
            "seconds to wait until the run asks something new or ends",
            most=_MOST_WAIT,
        )
        after = ToolArgument("after", "number", "`next` of the last result: only events after it are given")
        return (
            AgentTool(
                "start",
                "Start a run of a runbook. Trusted commands run; a person confirms each of the others in an "
                "attached terminal. Then call `state` until the run has ended.",
                (PAGE, ANCHOR, VALUES, CHOOSE),
                self._start,
                only_reads=False,
            ),
            AgentTool(
                "answer",
                "Answer a question of a run that says `answered_by: agent`: give the value, or the label of "
                "the alternative. A person answers all other questions.",
                (
                    RUN,
                    ToolArgument("question", "text", "the id of the question", is_required=True),
                    ToolArgument("answer", "text", "the value, or the label", is_required=True),
                ),
                self._answer,
                only_reads=False,
            ),
            AgentTool(
                "state",
                "Show where a run is, what it asks, and what has happened since the last call. Without "
                "`run`, list the newest runs.",
                (RUN._replace(is_required=False), after, wait),
                self._state,
            ),
            AgentTool(
                "report",
                "Give the report of a run in Markdown: each step with its result, output and answers.",
                (RUN, OFFSET),
                self._report,
            ),
        )

    def _start(self, arguments: CallArguments) -> ToolResult:
        page = self._pages.find_page(arguments.text("page"))
        words = make_run_words(page, arguments)
        require_trust_of_sources(page, arguments.optional_text("anchor"))
        identity = secrets.token_hex(4)
        options = [f"--agent={arguments.agent}", f"--hold={self._hold}", f"--id={identity}", "--no-input"]
        with self._starting, _claim_page(page):
            self._forbid_second_run(page, arguments.optional_text("anchor"))
            self._processes = [each for each in self._processes if each.find_status() is None]
            process = RunProcess(["run", *words, *options])
            self._processes.append(process)
            journal = self._wait_for_journal(identity, process)
        self._wait(journal, 0, 5.0)
        return describe_run(journal, page.name, 0)

    def _forbid_second_run(self, page: ServedPage, anchor: str | None) -> None:
        """Raise ToolError if a run of the page goes on, or stopped where it could happen twice."""
        runs = _find_runs()
        try:
            running = find_running(runs, page.path)
            unfinished = find_unfinished(runs, page.path, anchor)
        except OSError as error:
            raise ToolError(f"cannot read the runs in `{runs}`: {error}") from None
        if running is not None:
            raise ToolError(
                f"run {running.run} of this page is in progress; `state` shows it. Nothing was started"
            )
        if unfinished is not None and unfinished.outcome in ("unfinished", Outcome.WAITING):
            raise ToolError(
                f"run {unfinished.run} of this page is not finished. A person continues it with "
                f"`runbook-exec resume {unfinished.run}`, or runs the page anew. Nothing was started"
            )

    def _wait_for_journal(self, identity: str, process: RunProcess) -> RunJournal:
        """Return the journal of a run that is starting; raises ToolError with its errors if it does not."""
        until = time.monotonic() + _STARTS
        while time.monotonic() < until and not self.is_ending.is_set():
            has_ended = process.find_status() is not None
            if (path := find_journal_of(_find_runs(), identity)) is not None:
                journal = self._open_journal(path)
                if journal.started is not None:
                    return journal
            if has_ended:
                break
            time.sleep(_TICK)
        errors = process.read_errors().strip()
        raise ToolError(errors or f"run {identity} has not begun yet; `state` shows it once it has")

    def _answer(self, arguments: CallArguments) -> ToolResult:
        journal, page = self._find_run(arguments.text("run"))
        run, asked = arguments.text("run"), journal.question
        if asked is None:
            raise ToolError(f"run {run} asks no question; it is {find_status(journal)}. Nothing was answered")
        if asked.id != arguments.text("question"):
            raise ToolError(f"run {run} does not ask that; it asks `{asked.id}`. Nothing was answered")
        if why := find_reason_for_person(journal, asked):
            raise ToolError(
                f"`{asked.id}` is not yours to answer: {why}. A person answers it with "
                f"`runbook-exec attach {run}`"
            )
        fields = self._make_answer(journal, asked, arguments.text("answer"))
        by = name_giver(f"agent {arguments.agent}", f"{name_user()}@{os.uname().nodename}")
        if not (address := find_socket(journal.path)):
            raise ToolError(f"run {run} has ended before it took the answer")
        send_answer(address, {"id": asked.id, **fields, "by": by})
        self._wait(journal, asked.seq, 5.0)
        return describe_run(journal, page, asked.seq)

    def _make_answer(self, journal: RunJournal, asked: Asked, text: str) -> dict[str, str]:
        """Return the choice and the value of an answer; raises ToolError if the value is not allowed."""
        if asked.question == "choose":
            return {"choice": "choose", "value": text}
        plan = journal.make_plan()
        if plan is None:
            raise ToolError("the text of the page is lost; a person answers this")
        check_agent_values(plan, {asked.name: text})
        return {"choice": "value", "value": text}

    def _state(self, arguments: CallArguments) -> ToolResult:
        if "run" not in arguments.given:
            return self._list_runs()
        journal, page = self._find_run(arguments.text("run"))
        after = arguments.number("after")
        self._wait(journal, after, arguments.number("wait"))
        return describe_run(journal, page, after)

    def _list_runs(self) -> ToolResult:
        names = {page.path: page.name for page in self._pages.list_pages()}
        listed: list[dict[str, object]] = []
        for entry in list_runs(_find_runs()):
            if entry.started is None or len(listed) == _MOST_RUNS:
                continue
            document = Path(os.path.realpath(Path(entry.started.folder) / entry.started.path))
            if document in names:
                facts = {"run": entry.run, "page": names[document], "anchor": entry.started.anchor}
                facts |= {"began": entry.started.time, "status": entry.outcome}
                listed.append({**facts, "agent": entry.started.agent})
        return {"runs": listed}

    def _report(self, arguments: CallArguments) -> ToolResult:
        journal, page = self._find_run(arguments.text("run"))
        done = run_command(["runs", "report", str(journal.path), "--format", "md"])
        if done.status:
            raise ToolError(done.errors or done.text)
        lines = slice_lines(done.text, arguments.number("offset"))
        return {"run": arguments.text("run"), "page": page, "status": find_status(journal), **lines}

    def _find_run(self, run: str) -> tuple[RunJournal, str]:
        """Return the run with exactly this id, and its page; raises ToolError if its page is not served."""
        path = find_journal_of(_find_runs(), run)
        journal = self._open_journal(path) if path is not None else None
        page = self._pages.find_name(journal.document) if journal else ""
        if journal is None or not page:
            raise ToolError(f"no run `{run}` of these pages; `state` without `run` lists the runs")
        return journal, page

    def _open_journal(self, path: Path) -> RunJournal:
        journal = self._journals.setdefault(path, RunJournal(path))
        _refresh(journal)
        return journal

    def _wait(self, journal: RunJournal, after: int, seconds: float) -> None:
        """Wait until the run has ended, or asks a question after this event."""
        until = time.monotonic() + seconds
        while True:
            _refresh(journal)
            asked = journal.question
            if not journal.is_running or journal.ended or (asked is not None and asked.seq > after):
                return
            if time.monotonic() >= until or self.is_ending.wait(_TICK):
                return


@contextlib.contextmanager
def _claim_page(page: ServedPage) -> Iterator[None]:
    """Let no other server start a run of the page within the block."""
    try:
        lock = os.open(page.path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise ToolError(f"cannot read `{page.name}`: {reason(error)}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _find_runs() -> Path:
    return state_folder(dict(os.environ))


def _refresh(journal: RunJournal) -> None:
    try:
        journal.refresh()
    except OSError as error:
        raise Refused(f"cannot read the journal `{journal.path}`: {error}") from None
