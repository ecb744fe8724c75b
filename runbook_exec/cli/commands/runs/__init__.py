"""Runs `runbook-exec runs`: a module for each action, with `build_parser` and `run`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module

from ....text.suggest import did_you_mean
from ...exit_status import EXIT_STATUS
from ...refusal import refuse_io_errors

# The module of each action; without a name the action is to list runs.
ACTIONS = {
    "": ".list",
    "show": ".show",
    "report": ".report",
    "replay": ".replay",
    "verify": ".verify",
    "export": ".export",
    "fetch": ".fetch",
    "prune": ".prune",
}


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of an action, with the action's module as `action`."""
    action = words[0] if words and words[0] in ACTIONS else ""
    module = import_module(ACTIONS[action], __package__)
    if words and not action and not words[0].startswith("-"):
        actions = ", ".join(filter(None, ACTIONS))
        parser = module.build_parser(name)
        parser.error(f"no action `{words[0]}`{did_you_mean(words[0], ACTIONS) or f'; actions are {actions}'}")
    parsed: argparse.Namespace = module.build_parser(name).parse_args(words[1:] if action else words)
    parsed.action = module
    return parsed


def run(arguments: argparse.Namespace) -> int:
    """Run the action.

    Raises Refused, and BrokenPipeError if the reader of our output is gone.
    """
    with refuse_io_errors():
        return EXIT_STATUS[arguments.action.run(arguments)]
