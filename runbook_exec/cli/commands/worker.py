"""Runs `runbook-exec worker`, which serves a host for the runs that others order."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ...errors import Refused
from ...runner.options import parse_option
from ...text.host_names import parse_host
from ..arguments import build_parser
from ..ordered.start import add_server, run_remote

_EPILOG = """\
A host runs a page only if its commands are trusted there: by `runbook-exec trust`, or by `runbooks.lock`, in
the folder that `--pages` names. With `--signers` it runs what one of them has signed, and nothing else. The
end of a worker ends no run: the next worker takes it over.

exit status: 0 ended by a signal; 2 refused
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `worker`."""
    parser = build_parser(
        name,
        "runbook-exec worker --host NAME [--pages DIR] [--control] [options]",
        "Serve a host: run the pages that are ordered for it.",
        _EPILOG,
    )
    parser.add_argument(
        "--host",
        metavar="NAME",
        action="append",
        default=[],
        help="the name under which pages are ordered; can be given for several names",
    )
    parser.add_argument("--control", action="store_true", help="serve the workflows of all runs")
    parser.add_argument("--pages", metavar="DIR", help="this host's pages, where they are trusted")
    parser.add_argument(
        "--signers",
        metavar="FILE",
        help="take only orders and answers that someone in this file (allowed_signers of ssh) has signed",
    )
    parser.add_argument(
        "--notify",
        metavar="COMMAND|URL",
        action="append",
        default=[],
        help="with --control: tell people when a run waits or ends, by a command or an address of apprise",
    )
    parser.add_argument(
        "--at-once", metavar="N", type=int, default=4, help="do N legs of runs at a time (default: 4)"
    )
    add_server(parser)
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal; raises Refused."""
    if not (arguments.host or arguments.control):
        raise Refused("expected `--host NAME`, `--control`, or both")
    for host in arguments.host:
        parse_option("--host", parse_host, host)
    if arguments.notify and not arguments.control:
        raise Refused("`--notify` is for a worker with `--control`")
    if arguments.at_once < 1:
        raise Refused(f"`--at-once`: expected a number from 1, got `{arguments.at_once}`")
    return run_remote("worker", arguments)
