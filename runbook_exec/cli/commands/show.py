"""Runs `runbook-exec show`, which prints the outline of a page."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ...diagnostics.problem import Problem, Severity
from ...errors import Refused
from ...masking.masker import Masker
from ...plan.builder import choose_procedure
from ...runner.load import format_problems, parse_address, print_problems, read_runbook
from ..arguments import add_inputs, add_shell, build_parser
from ..exit_status import DONE, REFUSED
from ..layout import OUTLINE, print_laid_out
from ..printer import format_outline, to_json


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `show`."""
    parser = build_parser(
        name,
        "runbook-exec show [--json] FILE[#anchor]",
        "Print what would run of a page, in which shell, and the values it needs.",
    )
    parser.add_argument(
        "file",
        metavar="FILE[#anchor]",
        help="the page, and one of its sections; `-` reads standard input",
    )
    parser.add_argument(
        "--json", action="store_true", help="print everything that was read from the page as JSON"
    )
    add_shell(parser)
    add_inputs(parser)
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Print the outline of a page, or everything that the parser has read."""
    path, anchor = parse_address(arguments.file)
    runbook = read_runbook(path, arguments.inputs, arguments.shell, anchor)
    if anchor is not None and runbook.named is None:
        problem = choose_procedure(runbook, anchor)
        raise Refused(format_problems([problem] if isinstance(problem, Problem) else [], path, runbook.text))
    if arguments.json:
        print(to_json(runbook))
    else:
        print_laid_out("\n".join(map(Masker().mask_text, format_outline(runbook))), OUTLINE)
    print_problems(runbook)
    errors = [p for p in runbook.problems if p.severity == Severity.ERROR]
    return REFUSED if errors else DONE
