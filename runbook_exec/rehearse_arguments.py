"""The command line of `runbook-exec rehearse`."""

from __future__ import annotations

import argparse

from .command import command

_EPILOG = """\
Without a path it looks at runbooks/. A runbook NAME.md is rehearsed as NAME.rehearsal.md beside it says, and
NAME.ANYTHING.rehearsal.md; in folders, a runbook without one is passed over.

exit status: 0 all passed; 1 something differs; 2 something could not be rehearsed, which is said
"""


def rehearse_arguments() -> argparse.ArgumentParser:
    """What can be asked of it."""
    parser = command(
        "rehearse",
        "runbook-exec rehearse [PATH…] [options]",
        "Run runbooks with stand-ins for every program that they call, as their transcripts say.",
        _EPILOG,
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", help="runbooks, transcripts, and folders")
    parser.add_argument(
        "--format",
        choices=("text", "json", "github", "sarif", "junit"),
        default="text",
        help="how it is told",
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="write what differs into the transcripts, for you to review",
    )
    parser.add_argument(
        "--list-programs", action="store_true", help="print the programs that a rehearsal lets through"
    )
    return parser
