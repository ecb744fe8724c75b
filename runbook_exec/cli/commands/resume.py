"""The command line of `runbook-exec resume`."""

from __future__ import annotations

import argparse

from ..options import build_parser

_EPILOG = """\
What has finished is not run again. A statement that was running when the run died is in doubt: you say
whether it happened. Values that were given or captured come back; the shell starts in the folder it was in,
and statements marked `setup` run again.

exit status: as of a run; 3 also for a doubt, or a changed page, that nobody is there to decide on
"""


def build_resume_parser() -> argparse.ArgumentParser:
    """The parser of what follows `resume`."""
    parser = build_parser(
        "resume",
        "runbook-exec resume [RUN] [options]",
        "Take up a run that is not finished, where it has got to.",
        _EPILOG,
    )
    parser.add_argument(
        "run", metavar="RUN", nargs="?", help="the beginning of its id; by default the newest"
    )
    parser.add_argument("--yes", action="store_true", help="do not pause before each statement")
    parser.add_argument(
        "--trust", action="store_true", help="with --yes: trust the page's commands unseen, as they are now"
    )
    parser.add_argument(
        "--no-input",
        action="store_true",
        help="never ask; stop with 3 at the first thing only a person can give",
    )
    parser.add_argument(
        "--assume",
        metavar=("done|again", "STATEMENT"),
        nargs=2,
        help="decide beforehand on the statement in doubt: it happened, or run it again",
    )
    parser.add_argument(
        "--accept-changes", action="store_true", help="go on with a page that has been changed since"
    )
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="give a value, in place of an earlier one",
    )
    parser.add_argument(
        "--json", action="store_true", help="print events as lines of JSON; implies --no-input"
    )
    return parser
