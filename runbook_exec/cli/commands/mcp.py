"""Runs `runbook-exec mcp`, the server that coding agents start."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ...mcp.start import start_server
from ..arguments import build_parser

_EPILOG = """\
An agent starts it and talks with it over standard input and output. It needs
`pip install 'runbook-live[mcp]'`.

The agent lists, shows, lints, plans and starts the runbooks below the folders, and gives values that are not
secret. Commands that are trusted (`runbook-exec trust`, runbooks.lock) run. A person attaches with
`runbook-exec attach` and confirms each of the others, does the steps by hand, and types what is secret. A run
goes on when the agent or this server ends.
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `mcp`."""
    usage = "runbook-exec mcp [FOLDER…] [--hold DURATION]"
    parser = build_parser(name, usage, "Serve runbooks to a coding agent.", _EPILOG)
    parser.add_argument(
        "folders", metavar="FOLDER", nargs="*", help="folders of pages; by default runbooks and docs"
    )
    parser.add_argument(
        "--hold",
        metavar="DURATION",
        default="8h",
        help="how long a run keeps a question open when no person is attached; by default 8h",
    )
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Serve one agent until it ends; raises Refused."""
    return start_server(arguments.folders, arguments.hold)
