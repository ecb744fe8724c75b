"""The command line: what can be asked for, and how."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from . import __version__

COMMANDS = ("run", "show")

_EPILOG = """\
commands:
  runbook-exec [run] FILE[#anchor]   run a procedure of the page (see: runbook-exec run --help)
  runbook-exec show FILE             print its outline: what runs, in which shell, what it needs

exit status: 0 done; 1 a statement failed; 2 the command line or the document is refused;
3 waiting for a person (a manual step, a value); 130 interrupted or left by the operator
"""


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments as a namespace with `command`; exits with 2 and a message for anything else."""
    words = list(argv)
    command = words.pop(0) if words and words[0] in COMMANDS else ""
    parser = _show() if command == "show" else _run(command)
    parsed = parser.parse_args(words)
    parsed.command = command or "run"
    return parsed


def _parser(name: str, usage: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=f"runbook-exec {name}".strip(),
        usage=usage,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _show() -> argparse.ArgumentParser:
    parser = _parser("show", "runbook-exec show [--json] FILE", "Print the outline of a page.")
    parser.add_argument("file", metavar="FILE", help="the Markdown file; `-` reads standard input")
    parser.add_argument("--json", action="store_true", help="print the whole value, with every span")
    parser.add_argument("--shell", choices=("fish", "bash", "zsh", "sh"), help="the shell whose blocks run")
    parser.add_argument("--inputs", metavar="FILE", help="settings for a page that may not be touched")
    return parser


def _run(name: str) -> argparse.ArgumentParser:
    parser = _parser(
        name,
        "runbook-exec [run] FILE[#anchor] [options]",
        "Run the Markdown how-to that people read, in one live shell, statement by statement.",
        _EPILOG,
    )
    parser.add_argument("file", metavar="FILE[#anchor]", help="the page, and which of its procedures")
    parser.add_argument("--version", action="version", version=f"runbook-exec {__version__}")
    values = parser.add_argument_group("values")
    values.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help="the value of <NAME>; again for more"
    )
    values.add_argument(
        "--capture",
        metavar="NAME=STEP[:REGEX]",
        action="append",
        default=[],
        help="take the value of <NAME> from the output of a step (2), or of one statement of it (6.1)",
    )
    values.add_argument("--inputs", metavar="FILE", help="settings for a page that may not be touched (YAML)")
    what = parser.add_argument_group("what runs")
    what.add_argument("--from", dest="first", metavar="STEP", help="begin at this step")
    what.add_argument("--only", metavar="STEP", help="run this step and nothing else")
    what.add_argument("--dry-run", action="store_true", help="print the plan; run nothing")
    asking = parser.add_argument_group("asking")
    asking.add_argument("--yes", action="store_true", help="do not pause before each statement")
    asking.add_argument(
        "--no-input",
        action="store_true",
        help="never ask; stop with 3 at the first thing only a person can give",
    )
    asking.add_argument(
        "--done", metavar="STEP", action="append", default=[], help="this manual step has been done"
    )
    asking.add_argument(
        "--confirmed",
        metavar="STEP",
        action="append",
        default=[],
        help="this step's `confirm` is answered: yes",
    )
    shell = parser.add_argument_group("the shell")
    shell.add_argument("--shell", choices=("fish", "bash", "zsh", "sh"), help="the shell whose blocks run")
    shell.add_argument("--no-config", action="store_true", help="leave out your own shell configuration")
    shell.add_argument("--cwd", metavar="DIR", help="where the shell starts; by default, here")
    shell.add_argument("--timeout", metavar="DURATION", help="end a statement after this time (30s, 5m)")
    parser.add_argument(
        "--json", action="store_true", help="print events as lines of JSON; implies --no-input"
    )
    return parser
