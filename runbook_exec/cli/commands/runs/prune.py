"""Runs `runbook-exec runs prune`, which removes old runs."""

from __future__ import annotations

import argparse
import os
from contextlib import suppress
from datetime import datetime

from ....errors import Refused
from ....journal.index import list_runs
from ....journal.secret_store import forget_secrets
from ....runner.options import parse_option
from ....runs.prune import prune_runs
from ....text.durations import parse_duration
from ....worker.child_process import find_leg_files, remove_leg_files
from ...output import print_lines
from .shared import build_action_parser, runs_folder


def build_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of `runs prune`."""
    parser = build_action_parser(
        f"{name} prune",
        "(--older-than DURATION | --keep N) [options]",
        "Remove old runs. Runs in progress are never removed, and unfinished ones only with --unfinished.",
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--older-than", metavar="DURATION", help="the runs that started longer ago than this (90d)"
    )
    which.add_argument("--keep", metavar="N", type=_count, help="all but the newest N")
    parser.add_argument(
        "--unfinished", action="store_true", help="also unfinished runs, which could be resumed"
    )
    parser.add_argument("--dry-run", action="store_true", help="print which runs, and remove none")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number, got `{text}`")
    return int(text)


def run(arguments: argparse.Namespace) -> str:
    """Remove runs, and print which; raises Refused and OSError."""
    age = arguments.older_than
    for line in prune_runs(
        list_runs(runs_folder()),
        datetime.now().astimezone(),
        older_than=None if age is None else parse_option("--older-than", parse_duration, age),
        keep=arguments.keep,
        unfinished=arguments.unfinished,
        dry_run=arguments.dry_run,
        forget=_forget_run,
    ):
        print_lines(line)
    return "done"


def _forget_run(run: str) -> None:
    """Remove what is kept of a run elsewhere: its secrets, and the files of an ordered run."""
    forget_secrets(run, os.environ)
    with suppress(Refused, OSError):
        remove_leg_files(find_leg_files(runs_folder().parent, run))
