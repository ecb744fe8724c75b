"""Runs `runbook-exec trust`, which shows the commands of pages and trusts them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ..arguments import add_inputs, add_shell, build_parser
from ..exit_status import DONE, INTERRUPTED, WAITING
from ..operator import find_operator
from ..trust_gate import forget_pages, trust_pages

_EPILOG = """\
A run with --yes does not show the statements before it runs them. Therefore a page's commands are shown
once on each machine, and again when they have changed. Without a terminal, such a run exits with 3 until
this command or --trust trusts them, or until runbooks.lock next to the page has their digest.

Without a terminal, this command needs --yes.

exit status:
  0    done
  2    the command line or the page is refused
  3    waiting for a person who agrees
  130  you did not agree
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `trust`."""
    parser = build_parser(
        name,
        "runbook-exec trust FILE[#anchor]… [options]",
        "Show the commands of pages, or how they have changed, and trust them.",
        _EPILOG,
    )
    parser.add_argument(
        "files",
        metavar="FILE[#anchor]",
        nargs="+",
        help="pages; without an anchor, all procedures of the page",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--lock",
        action="store_true",
        help="trust for everyone: write runbooks.lock next to the page, for you to commit",
    )
    what.add_argument("--forget", action="store_true", help="remove the trust on this machine")
    parser.add_argument(
        "--yes", action="store_true", help="trust the commands that are shown, without a question"
    )
    add_inputs(parser)
    add_shell(parser)
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Show the commands of pages and trust them, or remove the trust."""
    if arguments.forget:
        forget_pages(arguments.files, arguments.inputs, arguments.shell)
        return DONE
    agreed = trust_pages(
        arguments.files,
        find_operator(),
        inputs=arguments.inputs,
        shell=arguments.shell,
        lock=arguments.lock,
        yes=arguments.yes,
    )
    return {"yes": DONE, "waiting": WAITING}.get(agreed, INTERRUPTED)
