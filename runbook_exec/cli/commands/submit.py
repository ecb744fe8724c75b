"""Runs `runbook-exec submit`, which orders a run on a host that a worker serves."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ...errors import Refused
from ...runner.options import parse_option
from ...text.host_names import parse_host
from ..arguments import build_parser
from ..ordered.order_arguments import add_order
from ..ordered.start import add_server, add_signature, run_remote

_EPILOG = """\
The order has the text of the page as it is now. The host runs it if the commands are trusted there.

exit status: 0 ordered, or with --wait done; 1 a statement failed; 2 refused; 130 stopped
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `submit`."""
    parser = build_parser(
        name,
        "runbook-exec submit FILE[#anchor] --on HOST [options]\n       runbook-exec submit FILE --amend RUN",
        "Order a run of a page on a host.",
        _EPILOG,
    )
    parser.add_argument("file", metavar="FILE[#anchor]", help="the page, and which procedure")
    parser.add_argument("--on", metavar="HOST", help="the host, as its worker names it")
    parser.add_argument(
        "--amend", metavar="RUN", help="send the text of the page as it is now to a run that waits"
    )
    parser.add_argument("--id", metavar="NAME", default="", help="the id of the run, refused if it exists")
    parser.add_argument("--wait", action="store_true", help="wait for the end, and show what the run asks")
    parser.add_argument("--from", dest="first", metavar="STEP", help="begin at this step")
    parser.add_argument("--only", metavar="STEP", help="run only this step")
    add_order(parser)
    add_signature(parser)
    add_server(parser)
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Order the run; raises Refused."""
    if arguments.amend:
        if arguments.on or arguments.id or arguments.set:
            raise Refused(
                "`--amend` keeps the host, the id and the values of the run: leave these options out"
            )
        return run_remote("amend", arguments)
    if arguments.on is None:
        raise Refused("expected `--on HOST`, the host that runs the page, or `--amend RUN`")
    parse_option("--on", parse_host, arguments.on)
    return run_remote("submit", arguments)
