"""Runs `runbook-exec cancel`, which stops an ordered run."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ..arguments import build_parser
from ..ordered.start import add_server, run_remote


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `cancel`."""
    parser = build_parser(
        name, "runbook-exec cancel RUN [options]", "Stop an ordered run: its statement gets ^C."
    )
    parser.add_argument("run", metavar="RUN", help="the id of the run")
    add_server(parser)
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Stop the run; raises Refused."""
    return run_remote("cancel", arguments)
