"""Runs `runbook-exec submit`, which orders a run on a host that a worker serves."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ...runner.options import parse_option
from ...text.host_names import parse_host
from ..arguments import add_decided_steps, add_failure, add_set, add_shell, build_parser
from ..ordered.start import add_server, add_signature, run_remote

_EPILOG = """\
The order has the text of the page as it is now. The host runs it if the commands are trusted there.

exit status: 0 ordered, or with --wait done; 1 a statement failed; 2 refused; 130 stopped
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `submit`."""
    parser = build_parser(
        name,
        "runbook-exec submit FILE[#anchor] --on HOST [options]",
        "Order a run of a page on a host.",
        _EPILOG,
    )
    parser.add_argument("file", metavar="FILE[#anchor]", help="the page, and which procedure")
    parser.add_argument("--on", metavar="HOST", required=True, help="the host, as its worker names it")
    parser.add_argument("--id", metavar="NAME", default="", help="the id of the run, refused if it exists")
    parser.add_argument("--wait", action="store_true", help="wait for the end, and show what the run asks")
    values = parser.add_argument_group("values")
    add_set(values, "the value of <NAME>, or `-` to read it from standard input")
    values.add_argument("--capture", metavar="NAME=STEP[:REGEX]", action="append", default=[], help="capture")
    what = parser.add_argument_group("what runs")
    add_decided_steps(what)
    what.add_argument("--from", dest="first", metavar="STEP", help="begin at this step")
    what.add_argument("--only", metavar="STEP", help="run only this step")
    what.add_argument("--choose", metavar="LABEL", action="append", default=[], help="the alternative")
    what.add_argument("--timeout", metavar="DURATION", help="end a statement after this time (30s, 5m)")
    what.add_argument("--cwd", metavar="DIR", help="where the shell starts")
    add_shell(what)
    asking = parser.add_argument_group("asking")
    asking.add_argument("--each", action="store_true", help="ask before each statement")
    add_failure(asking)
    asking.add_argument(
        "--hold", metavar="DURATION", help="keep the shell and a question open for so long (30m, 8h)"
    )
    asking.add_argument(
        "--patience",
        metavar="DURATION",
        default="1d",
        help="ask a person when the host has been away for so long (default: 1d)",
    )
    asking.add_argument(
        "--heartbeat",
        metavar="DURATION",
        default="20s",
        help="let another worker take over when one is silent for so long (default: 20s)",
    )
    add_signature(parser)
    add_server(parser)
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Order the run; raises Refused."""
    parse_option("--on", parse_host, arguments.on)
    return run_remote("submit", arguments)
