"""The command line of `runbook-exec runs` and its actions, and of `runbook-exec due`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .command import command

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
    action = words[0] if words and words[0] in _ACTIONS else ""
    parsed = _ACTIONS[action]().parse_args(words[1:] if action else words)
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


def _list() -> argparse.ArgumentParser:
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


def _show() -> argparse.ArgumentParser:
    parser = _one(_action("show", "[RUN] [--json]", "Print what became of each step."))
    parser.add_argument("--json", action="store_true", help="print the whole record as JSON")
    return parser


def _report() -> argparse.ArgumentParser:
    parser = _one(_action("report", "[RUN] [--format FORMAT]", "Print the record of a run."))
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="md",
        help="md: the runbook filled in, for a ticket; html: to look at; json; junit: a test for each step",
    )
    return parser


def _replay() -> argparse.ArgumentParser:
    parser = _one(_action("replay", "[RUN] [options]", "Play a run again in this terminal."))
    parser.add_argument("--speed", metavar="N", type=_positive, default=1.0, help="N times as fast")
    parser.add_argument(
        "--idle-limit", metavar="SECONDS", type=_positive, default=None, help="pause no longer than this"
    )
    return parser


def _verify() -> argparse.ArgumentParser:
    parser = _action("verify", "[RUN…] [--seal HASH]", "Find every change made to a journal.")
    parser.add_argument("runs", metavar="RUN", nargs="*", help="which ones; by default all of them")
    parser.add_argument(
        "--seal", metavar="HASH", help="the seal that was noted of this one run, or its beginning"
    )
    return parser


def _export() -> argparse.ArgumentParser:
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


def _prune() -> argparse.ArgumentParser:
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


_ACTIONS = {
    "": _list,
    "show": _show,
    "report": _report,
    "replay": _replay,
    "verify": _verify,
    "export": _export,
    "prune": _prune,
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
