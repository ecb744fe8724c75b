"""Runs `runbook-exec runs verify`, which finds every change made to a journal."""

from __future__ import annotations

import argparse
import sys

from ....errors import Refused, reason
from ....journal.index import find_journal, list_journals
from ....journal.user_key import read_user_key
from ....runs.verify import format_verification, has_wrong_seal, verify_journal
from ...output import print_lines
from .shared import build_action_parser, runs_folder


def build_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of `runs verify`."""
    parser = build_action_parser(
        f"{name} verify", "[RUN…] [--seal HASH]", "Find every change made to a journal."
    )
    parser.add_argument("runs", metavar="RUN", nargs="*", help="the runs to verify; default: all")
    parser.add_argument(
        "--seal", metavar="HASH", help="the seal that you noted for this run, or its beginning"
    )
    return parser


def run(arguments: argparse.Namespace) -> str:
    """Verify journals: `done`, or `damaged`; raises Refused and OSError."""
    if arguments.seal and len(arguments.runs) != 1:
        raise Refused("expected one RUN with `--seal`: a seal is that of one journal")
    folder = runs_folder()
    paths = [find_journal(folder, name) for name in arguments.runs] or list_journals(folder)
    seal = arguments.seal or ""
    key = read_user_key(folder)
    wrong = False
    for path in paths:
        try:
            verdict = verify_journal(path, folder, key)
        except OSError as error:
            print_lines(f"{path}: cannot read it: {reason(error)}")
            wrong = True
            continue
        wrong |= not verdict.is_whole or has_wrong_seal(verdict, seal)
        print_lines("\n".join(format_verification(verdict, seal)))
    if not paths:
        print("there is no run yet", file=sys.stderr)
    return "damaged" if wrong else "done"
