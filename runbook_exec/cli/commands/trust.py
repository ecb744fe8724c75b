"""Runs `runbook-exec trust`, which shows the commands of pages and trusts them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ..arguments import add_inputs, add_shell, build_parser
from ..exit_status import DONE, INTERRUPTED, WAITING
from ..operator import find_operator
from ..trust_gate import forget_pages, trust_pages

_EPILOG = """\
A run with --yes shows nothing before it runs. So the commands of its page are shown once on each machine, and
the difference whenever they have changed. With nobody there to look at them, such a run waits with 3 until
this command or --trust has trusted them, or the lock file beside the page, runbooks.lock, holds their digest.

Without a terminal --yes agrees to what is shown; without it nothing is trusted.

exit status: 0 done; 2 refused; 3 waiting for a person who agrees; 130 not agreed to
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
        "files", metavar="FILE[#anchor]", nargs="+", help="pages; without an anchor, all procedures of one"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--lock",
        action="store_true",
        help="for everybody: write runbooks.lock beside the page, to be committed",
    )
    what.add_argument("--forget", action="store_true", help="trust them no longer on this machine")
    parser.add_argument("--yes", action="store_true", help="agree to what is shown, without a question")
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
