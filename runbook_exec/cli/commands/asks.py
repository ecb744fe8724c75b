"""Runs `runbook-exec asks`, which shows what waits for a person on every host."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ..arguments import build_parser
from ..ordered.start import add_server, run_remote


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `asks`."""
    parser = build_parser(
        name, "runbook-exec asks [RUN] [options]", "Show the ordered runs that wait for a person."
    )
    parser.add_argument("run", metavar="RUN", nargs="?", help="only this run, whether it waits or not")
    parser.add_argument("--all", action="store_true", help="show every open run")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_server(parser)
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Show the questions; raises Refused."""
    return run_remote("asks", arguments)
