"""Runs `runbook-exec due`, which lists the runbooks whose cadence has passed."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from datetime import datetime

from ...journal.paths import state_folder
from ...runs.due import cadences_to_json, find_cadences, format_due
from ..arguments import build_parser
from ..exit_status import EXIT_STATUS
from ..layout import DUE, print_laid_out
from ..output import print_lines, print_warnings
from ..pages import find_runbooks
from ..refusal import refuse_io_errors

_EPILOG = """\
The front matter of a runbook gives its cadence: `runbook: {cadence: 75d}`. The last run that completed
its procedure counts, in the journals of this machine or in `NAME.runs.json` next to the runbook. Without
a path, it checks runbooks/ and docs/ if they exist.

exit status:
  0  nothing is due
  2  the command line is refused, or a page could not be read
  4  a runbook is due
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `due`."""
    parser = build_parser(
        name,
        "runbook-exec due [PATH…] [--json]",
        "List the runbooks that are due: their cadence has passed since they last succeeded.",
        _EPILOG,
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files and folders")
    parser.add_argument("--json", action="store_true", help="print every runbook that has a cadence, as JSON")
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """List the due runbooks; raises Refused."""
    now = datetime.now().astimezone()
    folder = state_folder(dict(os.environ))
    with refuse_io_errors():
        found, unread, damaged = find_cadences(find_runbooks(arguments.paths), folder, now)
        print_warnings([*damaged, *unread])
        if arguments.json:
            print_lines(cadences_to_json(found))
        elif lines := "\n".join(format_due(found, now)):
            print_laid_out(lines, DUE)
    if any(each.due for each in found):
        return EXIT_STATUS["due"]
    return EXIT_STATUS["unread" if unread else "done"]
