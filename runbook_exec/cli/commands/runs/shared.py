"""Holds functions that the actions of `runbook-exec runs` share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ....journal.index import find_journal, list_damaged, list_runs
from ....journal.paths import state_folder
from ...arguments import build_parser
from ...output import print_warnings


def build_action_parser(name: str, usage: str, description: str) -> argparse.ArgumentParser:
    """Return the parser of `runbook-exec NAME`, where NAME is a command and its action."""
    return build_parser(name, f"runbook-exec {name} {usage}", description)


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the optional argument RUN."""
    parser.add_argument(
        "run", metavar="RUN", nargs="?", help="the beginning of an id, or a path; default: the newest run"
    )


def find_run(wanted: str | None) -> Path:
    """Return the journal of a run, by default of the newest that can be read; raises NoSuchRun.

    By default, the others are named on standard error.
    """
    folder = runs_folder()
    if wanted is None:
        print_warnings(list_damaged(list_runs(folder)))
    return find_journal(folder, wanted)


def runs_folder() -> Path:
    """Return the folder of the journals of this machine."""
    return state_folder(dict(os.environ))
