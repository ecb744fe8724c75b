"""The command line of `runbook-exec lint`."""

from __future__ import annotations

import argparse

from .command import command

_EPILOG = """\
Without a path it looks at runbooks/ and docs/, as far as they are there. Settings stand in runbook-exec.toml,
or in the table [tool.runbook-exec] of pyproject.toml; the file nearest to a page counts. The comment
`<!-- runbook: ignore=CODE -->` passes over its own line and the next, or the whole block that begins there.

exit status: 0 nothing found; 1 something found; 2 something could not be looked at, which is said
"""


def lint_arguments() -> argparse.ArgumentParser:
    """What can be asked of it."""
    parser = command(
        "lint",
        "runbook-exec lint [PATH…] [options]",
        "Find what is wrong with pages: in their blocks, as the shells see them, and on the page itself.",
        _EPILOG,
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
    parser.add_argument("--no-cache", action="store_true", help="look at every page anew, and keep nothing")
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
