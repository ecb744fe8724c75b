"""Runs `runbook-exec answer`, which answers the question of an ordered run."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ..arguments import build_parser
from ..ordered.start import add_server, add_signature, run_remote

_EPILOG = """\
`runbook-exec asks` shows the questions and their choices: run, done, again, skip, quit, retry, value, choose.
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `answer`."""
    parser = build_parser(
        name, "runbook-exec answer RUN CHOICE [options]", "Answer the question of an ordered run.", _EPILOG
    )
    parser.add_argument("run", metavar="RUN", help="the id of the run")
    parser.add_argument("choice", metavar="CHOICE", help="one of the choices of the question")
    parser.add_argument(
        "--value", metavar="TEXT", help="the value, or the alternative; `-` reads it from standard input"
    )
    parser.add_argument("--note", metavar="TEXT", default="", help="a note for the record")
    parser.add_argument("--by", metavar="NAME", default="", help="the person who answers")
    parser.add_argument("--id", metavar="ID", default="", help="answer only this question")
    add_signature(parser)
    add_server(parser)
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Answer the question; raises Refused."""
    return run_remote("answer", arguments)
