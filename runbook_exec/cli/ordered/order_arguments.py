"""Adds the options that `submit` and `schedule` have in common."""

from __future__ import annotations

import argparse

from ..arguments import add_capture, add_decided_steps, add_failure, add_set, add_shell


def add_order(parser: argparse.ArgumentParser) -> None:
    """Add what an order says: values, what of the page runs, and when a person is asked."""
    values = parser.add_argument_group("values")
    add_set(values, "the value of <NAME>, or `-` to read it from standard input")
    add_capture(values)
    what = parser.add_argument_group("what runs")
    add_decided_steps(what)
    what.add_argument("--choose", metavar="LABEL", action="append", default=[], help="the alternative")
    what.add_argument("--timeout", metavar="DURATION", help="end a statement after this time (30s, 5m)")
    what.add_argument("--cwd", metavar="DIR", help="where the shell starts")
    add_shell(what)
    asking = parser.add_argument_group("asking")
    asking.add_argument("--each", action="store_true", help="ask before each statement")
    add_failure(asking)
    asking.add_argument(
        "--hold", metavar="DURATION", help="keep the shell and a question open for so long (30m, 8h)"
    )
    asking.add_argument(
        "--patience",
        metavar="DURATION",
        default="1d",
        help="ask a person when the host has been away for so long (default: 1d)",
    )
    asking.add_argument(
        "--heartbeat",
        metavar="DURATION",
        default="20s",
        help="let another worker take over when one is silent for so long (default: 20s)",
    )
    parser.set_defaults(first=None, only=None)
