"""Runs `runbook-exec attach`, which shows a run that goes on in a second terminal."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from ...errors import Refused
from ...journal.paths import state_folder
from ...live.client import TerminalClient, connect
from ...live.locate import find_live_run
from ..arguments import build_parser
from ..exit_status import DONE
from ..launch import name_person

_EPILOG = """\
keys:
  ^] d  leave; the run continues
  ^] t  ask for the keys
  ^] h  hand them back
  ^] y  give them to the person who asks
  ^] n  keep them

Every other key goes to the run if this terminal has the keys.

exit status:
  That of the run if it ends while this terminal is attached, otherwise 0.
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `attach`."""
    parser = build_parser(
        name,
        "runbook-exec attach [RUN] [options]",
        "Show a run that was started with --hold in this terminal too, and answer its questions.",
        _EPILOG,
    )
    parser.add_argument("run", metavar="RUN", nargs="?", help="the beginning of its id; default: the newest")
    parser.add_argument("--watch", action="store_true", help="only watch: never ask for the keys")
    parser.add_argument("--by", metavar="NAME", default="", help="your name, for the journal")
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Attach this terminal to a run, until the run ends or the person leaves."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused("`attach` needs a terminal; `runbook-exec resume RUN --answer` answers without one")
    identity, address = find_live_run(state_folder(dict(os.environ)), arguments.run)
    with connect(address) as connection:
        client = TerminalClient(connection, name_person(arguments.by), watch=arguments.watch)
        status = client.follow()
    if status is None:
        print(f"\nThis terminal has left run {identity}; `runbook-exec attach {identity}` comes back.")
    return DONE if status is None else status
