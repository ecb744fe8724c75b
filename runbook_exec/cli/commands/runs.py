"""`runbook-exec runs` and `runbook-exec due`: what is asked is found, told and printed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from ...errors import reason
from ...journal.index import NoSuchRun, find_journal, list_journals, list_runs, read_summary
from ...journal.journal import JournalError
from ..options import build_parser

T = TypeVar("T")


class NotDone(Exception):
    """What is asked for cannot be done; the message is whole."""


@dataclass(frozen=True, slots=True)
class RunsOptions:
    """What the command line asks for; `action` says which of the rest matters."""

    action: str
    run: str | None = None
    runs: Sequence[str] = ()
    paths: Sequence[str] = ()
    format: str = "md"
    json: bool = False
    document: str | None = None
    outcome: str | None = None
    since: str | None = None
    until: str | None = None
    seal: str | None = None
    speed: float = 1.0
    idle_limit: float | None = None
    older_than: str | None = None
    keep: int | None = None
    unfinished: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class RunsEnvironment:
    """Where it is asked: the folder of the journals, the columns of the terminal, the environment."""

    folder: Path
    width: int
    environ: Mapping[str, str]


def run(asked: RunsOptions, place: RunsEnvironment) -> str:
    """Do what is asked, and print it: `done`, `damaged`, `due` or `unread`.

    Raises NotDone, and BrokenPipeError where nobody reads on.
    """
    try:
        return _ACTIONS[asked.action](asked, place)
    except (NoSuchRun, JournalError) as error:
        raise NotDone(str(error)) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f" `{error.filename}`" if error.filename else ""
        raise NotDone(f"cannot read or write{where}: {reason(error)}") from None


def _list(asked: RunsOptions, place: RunsEnvironment) -> str:
    from ...runs.reports.table import RunFilter, format_table, runs_to_json
    from ...text.moments import parse_moment

    now = datetime.now().astimezone()
    wanted = RunFilter(
        asked.document or "",
        asked.outcome or "",
        _read("--since", lambda text: parse_moment(text, now), asked.since),
        _read("--until", lambda text: parse_moment(text, now, end=True), asked.until),
    )
    found = [entry for entry in list_runs(place.folder) if wanted.matches(entry)]
    if asked.json:
        _print(runs_to_json(found))
    elif found:
        _print("\n".join(format_table(found)))
    else:
        print("no run matches" if _has_journals(place.folder) else "there is no run yet", file=sys.stderr)
    return "done"


def _has_journals(folder: Path) -> bool:
    return folder.is_dir() and next(folder.glob("*.jsonl"), None) is not None


def _show(asked: RunsOptions, place: RunsEnvironment) -> str:
    from ...runs.record import read_record
    from ...runs.report_model import build_report
    from ...runs.reports.summary import format_run, run_to_json

    path = find_journal(place.folder, asked.run)
    told = build_report(read_record(path))
    running, left_out = _is_running(path), _not_kept(path)
    _print(
        run_to_json(told, running, left_out)
        if asked.json
        else "\n".join(format_run(told, running, left_out, place.width))
    )
    return "done"


def _report(asked: RunsOptions, place: RunsEnvironment) -> str:
    from ...runs.record import read_record
    from ...runs.report_model import build_report

    path = find_journal(place.folder, asked.run)
    told = build_report(read_record(path))
    if asked.format == "html":
        from ...runs.reports.html import html_report

        _print(html_report(told))
    elif asked.format == "junit":
        from ...runs.reports.junit import junit_report

        _print(junit_report(told))
    elif asked.format == "json":
        from ...runs.reports.summary import run_to_json

        _print(run_to_json(told, _is_running(path), _not_kept(path)))
    else:
        from ...runs.reports.markdown import markdown_report

        _print(markdown_report(told))
    return "done"


def _replay(asked: RunsOptions, place: RunsEnvironment) -> str:
    from ...runs.replay import drop_terminal_replies, play_frames, read_frames

    path = find_journal(place.folder, asked.run)
    try:
        size, frames = read_frames(path)
        if size and sys.stdout.isatty() and size[0] > place.width:
            print(f"recorded with {size[0]} columns; this terminal has {place.width}", file=sys.stderr)
        with drop_terminal_replies(0):
            play_frames(frames, _write, time.sleep, asked.speed, asked.idle_limit)
    except ValueError as error:
        raise NotDone(str(error)) from None
    return "done"


def _verify(asked: RunsOptions, place: RunsEnvironment) -> str:
    from ...runs.verify import format_verification, has_wrong_seal, verify_journal

    if asked.seal and len(asked.runs) != 1:
        raise NotDone("expected one RUN with `--seal`: a seal is that of one journal")
    paths = [find_journal(place.folder, name) for name in asked.runs] or list_journals(place.folder)
    seal = asked.seal or ""
    wrong = False
    for path in paths:
        verdict = verify_journal(path)
        wrong |= not verdict.is_whole or has_wrong_seal(verdict, seal)
        _print("\n".join(format_verification(verdict, seal)))
    if not paths:
        print("there is no run yet", file=sys.stderr)
    return "damaged" if wrong else "done"


def _prune(asked: RunsOptions, place: RunsEnvironment) -> str:
    from ...journal.secret_store import find_secret_store
    from ...runs.prune import prune_runs
    from ...text.durations import parse_duration

    def forget(name: str) -> None:
        if keeper := find_secret_store(name, place.environ):
            keeper.forget()

    seconds = _read("--older-than", parse_duration, asked.older_than)
    for line in prune_runs(
        list_runs(place.folder),
        datetime.now().astimezone(),
        older_than=seconds,
        keep=asked.keep,
        unfinished=asked.unfinished,
        dry_run=asked.dry_run,
        forget=forget,
    ):
        _print(line)
    return "done"


def _export(asked: RunsOptions, place: RunsEnvironment) -> str:
    from ...runs.export import NotExported, export_runs

    try:
        for line in export_runs(_pages(asked.paths), place.folder):
            _print(line)
    except NotExported as error:
        raise NotDone(str(error)) from None
    return "done"


def _due(asked: RunsOptions, place: RunsEnvironment) -> str:
    from ...runs.due import cadences_to_json, find_cadences, format_due

    now = datetime.now().astimezone()
    found, unread = find_cadences(_pages(asked.paths), place.folder, now)
    for line in unread:
        print(line, file=sys.stderr)
    _print(cadences_to_json(found) if asked.json else "\n".join(format_due(found, now)))
    if any(each.due for each in found):
        return "due"
    return "unread" if unread else "done"


_ACTIONS: Mapping[str, Callable[[RunsOptions, RunsEnvironment], str]] = {
    "list": _list,
    "show": _show,
    "report": _report,
    "replay": _replay,
    "verify": _verify,
    "export": _export,
    "prune": _prune,
    "due": _due,
}


def _pages(paths: Sequence[str]) -> list[Path]:
    from ...document.discovery import NoSuchPath, collect_pages
    from ...document.model import TRANSCRIPT

    try:
        return [page for page in collect_pages(paths) if not page.name.endswith(TRANSCRIPT)]
    except NoSuchPath as error:
        raise NotDone(str(error)) from None


def _is_running(path: Path) -> bool:
    entry = read_summary(path)
    return entry is not None and entry.running


def _not_kept(path: Path) -> tuple[str, ...]:
    from ...runs.replay import read_omissions

    try:
        return read_omissions(path)
    except (OSError, ValueError) as error:
        return (str(error),)


def _read(option: str, read: Callable[[str], T], text: str | None) -> T | None:
    if text is None:
        return None
    try:
        return read(text)
    except ValueError as problem:
        raise NotDone(f"`{option}`: {problem}") from None


def _print(text: str) -> None:
    if text:
        _write(text.encode("utf-8", "replace") + (b"" if text.endswith("\n") else b"\n"))


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


OUTCOMES = ("succeeded", "failed", "stopped", "waiting", "unfinished", "running", "damaged")

FORMATS = ("md", "html", "json", "junit")


_EPILOG = """\
actions:
  runbook-exec runs [options]                 list runs, newest first
  runbook-exec runs show [RUN]                print what became of each step
  runbook-exec runs report [RUN] --format F   print the record: md, html, json, junit
  runbook-exec runs replay [RUN]              play it again in this terminal
  runbook-exec runs verify [RUN…]             find every change made to a journal
  runbook-exec runs export [RUNBOOK…]         write when each step last succeeded beside the runbook
  runbook-exec runs prune                     remove old runs

RUN is the beginning of a run's id, or a path to a journal; by default it is the newest run.

exit status: 0 done; 1 a journal is damaged; 2 the command line is refused
"""


_DUE_EPILOG = """\
A runbook has a cadence if its front matter says so: `runbook: {cadence: 75d}`. What counts is the last run of
its procedure that succeeded as a whole, in the journals of this machine or in `NAME.runs.json` beside it.
Without a path it looks at runbooks/ and docs/, as far as they are there.

exit status: 0 nothing is due; 4 something is; 2 the command line is refused, or a page could not be read
"""


def parse_runs(words: Sequence[str]) -> argparse.Namespace:
    """The arguments of `runs` as a namespace with `action`; exits with 2 and a message for anything else."""
    action = words[0] if words and words[0] in _OPTIONS else ""
    parsed = _OPTIONS[action]().parse_args(words[1:] if action else words)
    parsed.action = action or "list"
    return parsed


def build_due_parser() -> argparse.ArgumentParser:
    """What can be asked of `runbook-exec due`."""
    parser = build_parser(
        "due",
        "runbook-exec due [PATH…] [--json]",
        "List the runbooks whose cadence has passed since they last succeeded.",
        _DUE_EPILOG,
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files and folders")
    parser.add_argument("--json", action="store_true", help="print every runbook that has a cadence, as JSON")
    return parser


def _list_options() -> argparse.ArgumentParser:
    parser = build_parser(
        "runs", "runbook-exec runs [ACTION] [options]", "What was run, and how it went.", _EPILOG
    )
    parser.add_argument("--document", metavar="TEXT", help="only runs of documents with this in their path")
    parser.add_argument("--outcome", choices=OUTCOMES, help="only runs that ended so, or did not end")
    parser.add_argument(
        "--since", metavar="WHEN", help="only runs from this day on (2026-11-24, or 7d ago: 7d)"
    )
    parser.add_argument("--until", metavar="WHEN", help="only runs up to the end of this day")
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    return parser


def _action(name: str, usage: str, description: str) -> argparse.ArgumentParser:
    return build_parser(f"runs {name}", f"runbook-exec runs {name} {usage}", description)


def _one(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument(
        "run", metavar="RUN", nargs="?", help="the beginning of an id, or a path; by default the newest run"
    )
    return parser


def _show_options() -> argparse.ArgumentParser:
    parser = _one(_action("show", "[RUN] [--json]", "Print what became of each step."))
    parser.add_argument("--json", action="store_true", help="print the whole record as JSON")
    return parser


def _report_options() -> argparse.ArgumentParser:
    parser = _one(_action("report", "[RUN] [--format FORMAT]", "Print the record of a run."))
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="md",
        help="md: the runbook filled in, for a ticket; html: to look at; json; junit: a test for each step",
    )
    return parser


def _replay_options() -> argparse.ArgumentParser:
    parser = _one(_action("replay", "[RUN] [options]", "Play a run again in this terminal."))
    parser.add_argument("--speed", metavar="N", type=_positive, default=1.0, help="N times as fast")
    parser.add_argument(
        "--idle-limit", metavar="SECONDS", type=_positive, default=None, help="pause no longer than this"
    )
    return parser


def _verify_options() -> argparse.ArgumentParser:
    parser = _action("verify", "[RUN…] [--seal HASH]", "Find every change made to a journal.")
    parser.add_argument("runs", metavar="RUN", nargs="*", help="which ones; by default all of them")
    parser.add_argument(
        "--seal", metavar="HASH", help="the seal that was noted of this one run, or its beginning"
    )
    return parser


def _export_options() -> argparse.ArgumentParser:
    parser = _action(
        "export",
        "[RUNBOOK…]",
        "Write NAME.runs.json beside each runbook: when its steps last succeeded. What is there is kept "
        "where it is newer, so files from several machines merge.",
    )
    parser.add_argument(
        "paths", metavar="RUNBOOK", nargs="*", help="files and folders; by default runbooks/ and docs/"
    )
    return parser


def _prune_options() -> argparse.ArgumentParser:
    parser = _action(
        "prune",
        "(--older-than DURATION | --keep N) [options]",
        "Remove old runs. One that is going on is never removed, one that did not end only if asked for.",
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--older-than", metavar="DURATION", help="those that began longer ago than this (90d)")
    which.add_argument("--keep", metavar="N", type=_count, help="all but the newest N")
    parser.add_argument("--unfinished", action="store_true", help="also those that did not end")
    parser.add_argument("--dry-run", action="store_true", help="say which, and remove nothing")
    return parser


_OPTIONS = {
    "": _list_options,
    "show": _show_options,
    "report": _report_options,
    "replay": _replay_options,
    "verify": _verify_options,
    "export": _export_options,
    "prune": _prune_options,
}


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got `{text}`")
    return number


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number, got `{text}`")
    return int(text)
