"""Runs `runbook-exec runs show`, which prints each step of a run."""

from __future__ import annotations

import argparse
from pathlib import Path

from ....journal.index import read_summary
from ....runs.record import read_record
from ....runs.replay import read_omissions
from ....runs.report_model import build_report
from ....runs.reports.summary import format_run, run_to_json
from ...output import print_lines, terminal_columns
from .shared import add_run, build_action_parser, find_run


def build_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of `runs show`."""
    parser = build_action_parser(f"{name} show", "[RUN] [--json]", "Print the outcome of each step.")
    add_run(parser)
    parser.add_argument("--json", action="store_true", help="print the whole record as JSON")
    return parser


def run(arguments: argparse.Namespace) -> str:
    """Print a run; raises NoSuchRun, JournalError and OSError."""
    path = find_run(arguments.run)
    report = build_report(read_record(path))
    running, left_out = is_running(path), list_omissions(path)
    print_lines(
        run_to_json(report, running, left_out)
        if arguments.json
        else "\n".join(format_run(report, running, left_out, terminal_columns()))
    )
    return "done"


def is_running(journal: Path) -> bool:
    """Return whether the run of the journal is still in progress."""
    summary = read_summary(journal)
    return summary is not None and summary.running


def list_omissions(journal: Path) -> tuple[str, ...]:
    """Return the parts that a recording left out, or why it cannot be read."""
    try:
        return read_omissions(journal)
    except (OSError, ValueError) as error:
        return (str(error),)
