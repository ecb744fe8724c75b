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

from ...journal.index import NoSuchRun, entries, entry_of, find, journals
from ...journal.journal import JournalError
from ..options import command

T = TypeVar("T")


class NotDone(Exception):
    """What is asked for cannot be done; the message is whole."""


@dataclass(frozen=True, slots=True)
class Asked:
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
class Place:
    """Where it is asked: the folder of the journals, the columns of the terminal, the environment."""

    folder: Path
    width: int
    environ: Mapping[str, str]


def run(asked: Asked, place: Place) -> str:
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
        raise NotDone(f"cannot read or write{where}: {(error.strerror or str(error)).lower()}") from None


def _list(asked: Asked, place: Place) -> str:
    from ...runs.reports.table import Wanted, as_json, table
    from ...text.moments import parse_moment

    now = datetime.now().astimezone()
    wanted = Wanted(
        asked.document or "",
        asked.outcome or "",
        _read("--since", lambda text: parse_moment(text, now), asked.since),
        _read("--until", lambda text: parse_moment(text, now, end=True), asked.until),
    )
    found = [entry for entry in entries(place.folder) if wanted.matches(entry)]
    if asked.json:
        _print(as_json(found))
    elif found:
        _print("\n".join(table(found)))
    else:
        print("no run matches" if _any(place.folder) else "there is no run yet", file=sys.stderr)
    return "done"


def _any(folder: Path) -> bool:
    return folder.is_dir() and next(folder.glob("*.jsonl"), None) is not None


def _show(asked: Asked, place: Place) -> str:
    from ...runs.record import read_record
    from ...runs.report_model import filled
    from ...runs.reports.summary import shown, to_json

    path = find(place.folder, asked.run)
    told = filled(read_record(path))
    running, left_out = _is_running(path), _not_kept(path)
    _print(
        to_json(told, running, left_out)
        if asked.json
        else "\n".join(shown(told, running, left_out, place.width))
    )
    return "done"


def _report(asked: Asked, place: Place) -> str:
    from ...runs.record import read_record
    from ...runs.report_model import filled

    path = find(place.folder, asked.run)
    told = filled(read_record(path))
    if asked.format == "html":
        from ...runs.reports.html import html_report

        _print(html_report(told))
    elif asked.format == "junit":
        from ...runs.reports.junit import junit_report

        _print(junit_report(told))
    elif asked.format == "json":
        from ...runs.reports.summary import to_json

        _print(to_json(told, _is_running(path), _not_kept(path)))
    else:
        from ...runs.reports.markdown import markdown_report

        _print(markdown_report(told))
    return "done"


def _replay(asked: Asked, place: Place) -> str:
    from ...runs.replay import frames_of, listening_off, play

    path = find(place.folder, asked.run)
    try:
        size, frames = frames_of(path)
        if size and sys.stdout.isatty() and size[0] > place.width:
            print(f"recorded with {size[0]} columns; this terminal has {place.width}", file=sys.stderr)
        with listening_off(0):
            play(frames, _write, time.sleep, asked.speed, asked.idle_limit)
    except ValueError as error:
        raise NotDone(str(error)) from None
    return "done"


def _verify(asked: Asked, place: Place) -> str:
    from ...runs.verify import told, verify, wrong_seal

    if asked.seal and len(asked.runs) != 1:
        raise NotDone("expected one RUN with `--seal`: a seal is that of one journal")
    paths = [find(place.folder, name) for name in asked.runs] or journals(place.folder)
    seal = asked.seal or ""
    wrong = False
    for path in paths:
        verdict = verify(path)
        wrong |= not verdict.whole or wrong_seal(verdict, seal)
        _print("\n".join(told(verdict, seal)))
    if not paths:
        print("there is no run yet", file=sys.stderr)
    return "damaged" if wrong else "done"


def _prune(asked: Asked, place: Place) -> str:
    from ...journal.secret_store import kept_secrets
    from ...runs.prune import prune
    from ...text.durations import parse_duration

    def forget(name: str) -> None:
        if keeper := kept_secrets(name, place.environ):
            keeper.forget()

    seconds = _read("--older-than", parse_duration, asked.older_than)
    for line in prune(
        entries(place.folder),
        datetime.now().astimezone(),
        older_than=seconds,
        keep=asked.keep,
        unfinished=asked.unfinished,
        dry_run=asked.dry_run,
        forget=forget,
    ):
        _print(line)
    return "done"


def _export(asked: Asked, place: Place) -> str:
    from ...runs.export import NotExported, export

    try:
        for line in export(_pages(asked.paths), place.folder):
            _print(line)
    except NotExported as error:
        raise NotDone(str(error)) from None
    return "done"


def _due(asked: Asked, place: Place) -> str:
    from ...runs.due import as_json, looked_at, told

    now = datetime.now().astimezone()
    found, unread = looked_at(_pages(asked.paths), place.folder, now)
    for line in unread:
        print(line, file=sys.stderr)
    _print(as_json(found) if asked.json else "\n".join(told(found, now)))
    if any(each.due for each in found):
        return "due"
    return "unread" if unread else "done"


_ACTIONS: Mapping[str, Callable[[Asked, Place], str]] = {
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
    from ...document.discovery import NoSuchPath, collect
    from ...document.model import TRANSCRIPT

    try:
        return [page for page in collect(paths) if not page.name.endswith(TRANSCRIPT)]
    except NoSuchPath as error:
        raise NotDone(str(error)) from None


def _is_running(path: Path) -> bool:
    entry = entry_of(path)
    return entry is not None and entry.running


def _not_kept(path: Path) -> tuple[str, ...]:
    from ...runs.replay import not_kept

    try:
        return not_kept(path)
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


def due_arguments() -> argparse.ArgumentParser:
    """What can be asked of `runbook-exec due`."""
    parser = command(
        "due",
        "runbook-exec due [PATH…] [--json]",
        "List the runbooks whose cadence has passed since they last succeeded.",
        _DUE_EPILOG,
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files and folders")
    parser.add_argument("--json", action="store_true", help="print every runbook that has a cadence, as JSON")
    return parser


def _list_options() -> argparse.ArgumentParser:
    parser = command(
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
    return command(f"runs {name}", f"runbook-exec runs {name} {usage}", description)


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
