"""Lists the commands of the program: a module each, with `parse_arguments` and `run`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from importlib import import_module

# As in `typing`, which `--version` would load for nothing else.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Command(Protocol):
        """The module of a command."""

        def parse_arguments(self, name: str, words: Sequence[str]) -> argparse.Namespace:
            """Return the arguments after the name; exits with 2 and a message if they are wrong."""

        def run(self, arguments: argparse.Namespace) -> int:
            """Run the command, and return the exit status; raises Refused."""


# By name: how the command is written, and what it does, for `runbook-exec --help`.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "run": ("[run] FILE[#anchor]", "run a procedure of the page (see: runbook-exec run --help)"),
    "show": ("show FILE", "print its outline: what runs, in which shell, what it needs"),
    "lint": ("lint [PATH…]", "find what is wrong with pages (see: runbook-exec lint --help)"),
    "rehearse": ("rehearse [PATH…]", "run them with stand-ins (see: runbook-exec rehearse --help)"),
    "resume": ("resume [RUN]", "take up a run that is not finished (see: runbook-exec resume --help)"),
    "fleet": ("fleet FILE --on HOSTS", "run a page on many hosts (see: runbook-exec fleet --help)"),
    "trust": ("trust FILE…", "show the commands of pages, and let them run with --yes unattended"),
    "runs": ("runs [ACTION]", "list, show, report, replay, verify runs (see: runbook-exec runs --help)"),
    "due": ("due [PATH…]", "list the runbooks whose cadence has passed"),
    "lsp": ("lsp", "serve an editor: findings while you type (needs `runbook-exec[lsp]`)"),
    "docs": ("docs init", "add what a documentation site lacks to show what runs"),
}


def load_command(name: str) -> Command:
    """Return the module of a command, imported only when it is asked for.

    No command loads the modules of another.
    """
    command: Command = import_module(f".{name}", __package__)
    return command
