"""Runs `runbook-exec show`, which prints the outline of a page."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ...diagnostics.problem import Severity
from ...runner.load import parse_address, print_problems, read_runbook
from ..arguments import add_inputs, add_shell, build_parser
from ..exit_status import DONE, REFUSED
from ..printer import format_outline, to_json


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `show`."""
    parser = build_parser(name, "runbook-exec show [--json] FILE", "Print the outline of a page.")
    parser.add_argument("file", metavar="FILE", help="the Markdown file; `-` reads standard input")
    parser.add_argument("--json", action="store_true", help="print the whole value, with every span")
    add_shell(parser)
    add_inputs(parser)
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Print the outline of a page, or everything that the parser has read."""
    path, _ = parse_address(arguments.file)
    runbook = read_runbook(path, arguments.inputs, arguments.shell)
    print(to_json(runbook) if arguments.json else "\n".join(format_outline(runbook)))
    print_problems(runbook)
    errors = [p for p in runbook.problems if p.severity == Severity.ERROR]
    return REFUSED if errors else DONE
