"""Runs `runbook-exec runs replay`, which plays a run again in the terminal."""

from __future__ import annotations

import argparse
import sys
import time

from ....errors import Refused
from ....runs.replay import drop_terminal_replies, play_frames, read_frames
from ...output import terminal_columns, write_bytes
from .shared import add_run, build_action_parser, find_run


def build_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of `runs replay`."""
    parser = build_action_parser(f"{name} replay", "[RUN] [options]", "Play a run again in this terminal.")
    add_run(parser)
    parser.add_argument("--speed", metavar="N", type=_positive, default=1.0, help="play N times as fast")
    parser.add_argument(
        "--idle-limit", metavar="SECONDS", type=_positive, default=None, help="shorten longer pauses to this"
    )
    return parser


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got `{text}`")
    return number


def run(arguments: argparse.Namespace) -> str:
    """Play the run.

    Raises NoSuchRun, JournalError, OSError, and Refused if the recording is damaged.
    """
    path = find_run(arguments.run)
    width = terminal_columns()
    try:
        size, frames = read_frames(path)
        if size and sys.stdout.isatty() and size[0] > width:
            print(f"recorded with {size[0]} columns; this terminal has {width}", file=sys.stderr)
        with drop_terminal_replies(0):
            play_frames(frames, write_bytes, time.sleep, arguments.speed, arguments.idle_limit)
    except ValueError as error:
        raise Refused(str(error)) from None
    return "done"
