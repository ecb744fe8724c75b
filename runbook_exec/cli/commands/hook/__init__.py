"""Runs `runbook-exec hook`, which orders runs when webhooks come."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ....errors import Refused
from ...arguments import build_parser
from ...ordered.start import add_server, add_signature, run_remote

_EPILOG = """\
RULES is a file of TOML: who may send webhooks (Alertmanager, Grafana, GitHub, Forgejo), each with a secret,
and which page starts on which host for which labels. Labels become values of the page.

exit status: 0 ended by a signal; 2 refused
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `hook`."""
    parser = build_parser(
        name,
        "runbook-exec hook RULES [--listen HOST:PORT] [options]",
        "Receive webhooks, and order the runs that a file of rules names for them.",
        _EPILOG,
    )
    parser.add_argument("rules", metavar="RULES", help="the file of rules")
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        default="127.0.0.1:9095",
        help="the address for webhooks (default: 127.0.0.1:9095)",
    )
    parser.add_argument("--check", action="store_true", help="check the rules and their pages, and end")
    add_signature(parser)
    add_server(parser)
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Receive webhooks until a signal; raises Refused."""
    host, _, port = arguments.listen.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and int(port) < 1 << 16):
        raise Refused(f"`--listen`: expected `HOST:PORT`, such as `127.0.0.1:9095`, got `{arguments.listen}`")
    return run_remote("check-hook" if arguments.check else "hook", arguments)
