"""Runs `runbook-exec runs`, which prints the runs as a table."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path

from ....journal.index import list_damaged, list_runs
from ....runner.options import parse_option
from ....runs.reports.table import RunFilter, format_table, runs_to_json
from ....text.moments import parse_moment
from ...arguments import build_parser as build_command_parser
from ...layout import RUNS, print_laid_out
from ...output import print_lines, print_warnings
from .shared import runs_folder

_OUTCOMES = ("succeeded", "partial", "failed", "stopped", "waiting", "unfinished", "running", "damaged")

_ABOUT = """\
List past runs, newest first, or do one of these with them.

actions:
  runs show [RUN]         print the outcome of each step
  runs report [RUN]       print the record of a run: md, html, json, junit
  runs replay [RUN]       play a run again in this terminal
  runs verify [RUN…]      find every change made to a journal
  runs export [RUNBOOK…]  write next to each runbook when its steps last succeeded
  runs prune              remove old runs

RUN is the beginning of a run's id, or a path to a journal. The default is the newest run.

examples:
  runbook-exec runs --since 7d           list the runs of the last week
  runbook-exec runs report 7f3a          print the record of the run 7f3a
"""

_EPILOG = """\
exit status:
  0  done
  1  a journal is damaged
  2  the command line is refused
"""


def build_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of `runs` without an action."""
    parser = build_command_parser(name, "runbook-exec runs [ACTION] [options]", _ABOUT, _EPILOG)
    parser.add_argument("--document", metavar="TEXT", help="only runs of pages with this text in their path")
    parser.add_argument(
        "--outcome",
        choices=_OUTCOMES,
        metavar="OUTCOME",
        help=f"only runs with this outcome: {', '.join(_OUTCOMES)}",
    )
    parser.add_argument(
        "--since", metavar="WHEN", help="only runs since a day (2026-11-24) or a time ago (7d)"
    )
    parser.add_argument("--until", metavar="WHEN", help="only runs until the end of a day")
    parser.add_argument("--json", action="store_true", help="print the runs as JSON")
    return parser


def run(arguments: argparse.Namespace) -> str:
    """Print the runs that match; raises Refused."""
    folder = runs_folder()
    wanted = RunFilter(
        arguments.document or "",
        arguments.outcome or "",
        _parse_moment("--since", arguments.since),
        _parse_moment("--until", arguments.until, end=True),
    )
    known = list_runs(folder)
    print_warnings(list_damaged(known))
    found = [entry for entry in known if wanted.matches(entry)]
    if arguments.json:
        print_lines(runs_to_json(found))
    elif found:
        print_laid_out("\n".join(format_table(found)), RUNS)
    else:
        print("no run matches" if _has_journals(folder) else "there is no run yet", file=sys.stderr)
    return "done"


def _parse_moment(option: str, text: str | None, *, end: bool = False) -> datetime | None:
    """Return the moment that an option names; `end` means that of a day."""
    now = datetime.now().astimezone()
    return None if text is None else parse_option(option, lambda text: parse_moment(text, now, end=end), text)


def _has_journals(folder: Path) -> bool:
    return folder.is_dir() and next(folder.glob("*.jsonl"), None) is not None
