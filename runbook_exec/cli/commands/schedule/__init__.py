"""Runs `runbook-exec schedule`, which orders a page whenever its cadence has passed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ....errors import Refused
from ....runner.options import parse_option
from ....text.host_names import parse_host
from ...arguments import build_parser
from ...ordered.order_arguments import add_order
from ...ordered.start import add_server, add_signature, run_remote

_EPILOG = """\
A schedule starts a run when the cadence of the page has passed since it last succeeded on the host, also if a
person has started that run. A run that fails or is stopped pauses the schedule. While a run waits, no other
begins. The host runs the page that it has in the folder of its worker, if the commands are trusted there.

examples:
  runbook-exec schedule rotate.md --on indri
  runbook-exec schedule rotate.md --on indri --every 30d
  runbook-exec schedule --list

exit status: 0 done; 2 refused
"""

_ACTIONS = ("pause", "unpause", "trigger", "remove")


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `schedule`."""
    parser = build_parser(
        name,
        "runbook-exec schedule FILE[#anchor] --on HOST [options]\n"
        "       runbook-exec schedule --list [--json]\n"
        "       runbook-exec schedule --pause|--unpause|--trigger|--remove ID",
        "Order a page on a host whenever its cadence has passed.",
        _EPILOG,
    )
    parser.add_argument("file", metavar="FILE[#anchor]", nargs="?", help="the page, and which procedure")
    parser.add_argument("--on", metavar="HOST", help="the host, as its worker names it")
    parser.add_argument("--every", metavar="DURATION", help="the cadence, in place of the page's (30d, 12h)")
    parser.add_argument("--id", metavar="ID", default="", help="the id of the schedule; default: PAGE@HOST")
    parser.add_argument("--replace", action="store_true", help="change the schedule with this id")
    parser.add_argument(
        "--fixed",
        action="store_true",
        help="run the text of the page as it is now, not the page that the host has; implied by --sign",
    )
    others = parser.add_argument_group("schedules").add_mutually_exclusive_group()
    others.add_argument("--list", action="store_true", help="list the schedules")
    others.add_argument("--pause", metavar="ID", help="start nothing until --unpause; --note says why")
    others.add_argument("--unpause", metavar="ID", help="continue a schedule, and start a run if it is due")
    others.add_argument("--trigger", metavar="ID", help="start a run now if it is due")
    others.add_argument("--remove", metavar="ID", help="remove a schedule; its open run continues")
    parser.add_argument("--note", metavar="TEXT", default="", help="with --pause: the reason")
    parser.add_argument("--json", action="store_true", help="with --list: print JSON")
    add_order(parser)
    add_signature(parser)
    add_server(parser)
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Make, list or change schedules; raises Refused."""
    changes = [f"--{action}" for action in _ACTIONS if getattr(arguments, action)]
    if arguments.list or changes:
        if arguments.file or arguments.on:
            option = "--list" if arguments.list else changes[0]
            raise Refused(f"`{option}` is for schedules that exist: leave FILE and `--on` out")
    elif arguments.file is None or arguments.on is None:
        raise Refused(
            "expected `FILE --on HOST`, `--list`, or `--pause`, `--unpause`, `--trigger`, `--remove`"
        )
    else:
        parse_option("--on", parse_host, arguments.on)
    return run_remote("schedule", arguments)
