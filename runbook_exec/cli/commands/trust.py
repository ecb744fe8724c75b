"""The command line of `runbook-exec trust`."""

from __future__ import annotations

import argparse

from ...shells.registry import SHELLS
from ..options import build_parser

_EPILOG = """\
A run with --yes shows nothing before it runs. So the commands of its page are shown once on each machine, and
the difference whenever they have changed. With nobody there to look at them, such a run waits with 3 until
this command or --trust has trusted them, or the lock file beside the page, runbooks.lock, holds their digest.

exit status: 0 done; 2 refused; 130 not agreed to
"""


def build_trust_parser() -> argparse.ArgumentParser:
    """The parser of what follows `trust`."""
    parser = build_parser(
        "trust",
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
    parser.add_argument("--inputs", metavar="FILE", help="settings for a page that may not be touched")
    parser.add_argument("--shell", choices=tuple(SHELLS), help="the shell whose blocks run")
    return parser
