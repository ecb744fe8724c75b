"""Runs `runbook-exec runs fetch`, which brings the journal of an ordered run from its host."""

from __future__ import annotations

import argparse

from ...ordered.start import add_server, add_signature, run_remote
from .shared import build_action_parser


def build_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of `runs fetch`."""
    parser = build_action_parser(
        f"{name} fetch",
        "RUN [--to DIR] [--on HOST] [options]",
        "Write the journal of an ordered run into a file here, and compare its seal with that of its result.",
    )
    parser.add_argument("run", metavar="RUN", help="the id of the run")
    parser.add_argument("--to", metavar="DIR", default=".", help="the folder for the file; default: this one")
    parser.add_argument(
        "--on", metavar="HOST", default="", help="the host, for a run that the server has forgotten"
    )
    add_signature(parser)
    add_server(parser)
    return parser


def run(arguments: argparse.Namespace) -> str:
    """Fetch the journal; raises Refused. This process ends with the exit status."""
    return "done" if run_remote("fetch", arguments) == 0 else "damaged"
