"""Runs `runbook-exec runs export`, which writes when steps last succeeded.

The times are written to a file beside each runbook.
"""

from __future__ import annotations

import argparse

from ....runs.export import export_runs
from ...output import print_lines, print_warnings
from ...pages import find_runbooks
from .shared import build_action_parser, runs_folder


def build_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of `runs export`."""
    parser = build_action_parser(
        f"{name} export",
        "[RUNBOOK…]",
        "Write NAME.runs.json next to each runbook: when its steps last succeeded. Newer entries of an "
        "existing file are kept, therefore files from several machines merge.",
    )
    parser.add_argument(
        "paths", metavar="RUNBOOK", nargs="*", help="files and folders; default: runbooks/ and docs/"
    )
    return parser


def run(arguments: argparse.Namespace) -> str:
    """Write the files, and print which; raises Refused and OSError."""
    damaged: list[str] = []
    for line in export_runs(find_runbooks(arguments.paths), runs_folder(), damaged):
        print_lines(line)
    print_warnings(dict.fromkeys(damaged))
    return "done"
