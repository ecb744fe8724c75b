"""The command line: what can be asked for, and how."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from . import __version__

COMMANDS = ("run", "show", "lint")

_EPILOG = """\
commands:
  runbook-exec [run] FILE[#anchor]   run a procedure of the page (see: runbook-exec run --help)
  runbook-exec show FILE             print its outline: what runs, in which shell, what it needs
  runbook-exec lint [PATH…]          find what is wrong with pages (see: runbook-exec lint --help)

exit status: 0 done; 1 a statement failed; 2 the command line or the document is refused;
3 waiting for a person (a manual step, a value); 130 interrupted or left by the operator
"""

_LINT_EPILOG = """\
Without a path it looks at runbooks/ and docs/, as far as they are there. Settings stand in the table
[tool.runbook-exec.lint] of pyproject.toml, or [lint] of runbook-exec.toml; the file nearest to a page counts.
`<!-- runbook: ignore=CODE -->` passes over the next line, or the whole block that begins there.

exit status: 0 nothing found; 1 something found; 2 something could not be looked at, which is said
"""


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments as a namespace with `command`; exits with 2 and a message for anything else."""
    words = list(argv)
    command = words.pop(0) if words and words[0] in COMMANDS else ""
    parser = {"show": _show, "lint": _lint}.get(command, lambda: _run(command))()
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


def _lint() -> argparse.ArgumentParser:
    parser = _parser(
        "lint",
        "runbook-exec lint [PATH…] [options]",
        "Find what is wrong with pages: in their blocks, as the shells see them, and on the page itself.",
        _LINT_EPILOG,
    )
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", help="files and folders; `-` reads a page from standard input"
    )
    parser.add_argument(
        "--format",
        choices=("text", "json", "github", "sarif", "junit"),
        default="text",
        help="how it is told",
    )
    parser.add_argument("--statistics", action="store_true", help="print how often each rule found something")
    rules = parser.add_argument_group("which rules (CODES: P101,M3,unused-input,ALL)")
    for option, meaning in (
        ("--select", "only these rules, in place of the settings'"),
        ("--extend-select", "these rules too"),
        ("--ignore", "not these rules"),
    ):
        rules.add_argument(option, metavar="CODES", action="append", default=[], help=meaning)
    rules.add_argument(
        "--commands", action="store_true", help="ask this machine about commands, too: the rules C6xx"
    )
    rules.add_argument("--list-rules", action="store_true", help="print the rules")
    rules.add_argument("--explain", metavar="CODE", help="print why a rule is there, with examples")
    mending = parser.add_mutually_exclusive_group()
    mending.add_argument("--fix", action="store_true", help="make the changes that are safe")
    mending.add_argument("--diff", action="store_true", help="show them, and change nothing")
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
