"""Runs `runbook-exec runs report`, which prints the record of a run in some format.

The formats are Markdown, HTML, JSON and JUnit's XML.
"""

from __future__ import annotations

import argparse
from importlib import import_module

from ....runs import reports
from ....runs.record import read_record
from ....runs.report_model import build_report
from ....runs.reports.summary import run_to_json
from ...output import print_lines
from .shared import add_run, build_action_parser, find_run
from .show import is_running, list_omissions

# By the name of the format: the module below `runs.reports`, and its function.
_WRITERS = {
    "md": (".markdown", "markdown_report"),
    "html": (".html", "html_report"),
    "junit": (".junit", "junit_report"),
}


def build_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of `runs report`."""
    parser = build_action_parser(f"{name} report", "[RUN] [--format FORMAT]", "Print the record of a run.")
    add_run(parser)
    parser.add_argument(
        "--format",
        choices=("md", "html", "json", "junit"),
        default="md",
        help="md: the runbook with its values, for a ticket; html: one file to look at; json; "
        "junit: a test for each step",
    )
    return parser


def run(arguments: argparse.Namespace) -> str:
    """Print the report; raises NoSuchRun, JournalError and OSError."""
    path = find_run(arguments.run)
    report = build_report(read_record(path))
    if arguments.format == "json":
        print_lines(run_to_json(report, is_running(path), list_omissions(path)))
    else:
        module, function = _WRITERS[arguments.format]
        print_lines(getattr(import_module(module, reports.__name__), function)(report))
    return "done"
