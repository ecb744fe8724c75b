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
    "run": ("[run] FILE[#anchor]", "run a procedure of a page"),
    "show": ("show FILE", "print what would run, and the values it needs"),
    "lint": ("lint [PATH…]", "check pages: their blocks, links and values"),
    "rehearse": ("rehearse [PATH…]", "run pages with stand-ins for the programs they call"),
    "resume": ("resume [RUN]", "resume a run that is not finished"),
    "attach": ("attach [RUN]", "watch or answer a run that was started with --hold"),
    "trust": ("trust FILE…", "show the commands of pages, and trust them for `--yes`"),
    "runs": ("runs [ACTION]", "list, show, report, replay and verify past runs"),
    "due": ("due [PATH…]", "list the runbooks that are due"),
    "fleet": ("fleet FILE --on HOSTS", "run a page on many hosts"),
    "submit": ("submit FILE --on HOST", "order a run on a host that a worker serves"),
    "asks": ("asks [RUN]", "list the ordered runs that wait for a person"),
    "answer": ("answer RUN CHOICE", "answer the question of an ordered run"),
    "cancel": ("cancel RUN", "stop an ordered run"),
    "schedule": ("schedule FILE --on HOST", "order a page whenever its cadence has passed"),
    "worker": ("worker --host NAME", "run the pages that are ordered for this host"),
    "hook": ("hook RULES", "order runs when alerts and other webhooks come"),
    "codec": ("codec --new-key", "encrypt what a server keeps of ordered runs"),
    "lsp": ("lsp", "show findings in an editor while you type"),
    "mcp": ("mcp [DIR…]", "serve runbooks to a coding agent"),
    "docs": ("docs init", "set up a documentation site for runbooks"),
    "completions": ("completions SHELL", "print or install shell completions and the man page"),
}

# Where a new heading begins in that help: the first command below it.
HEADINGS: Mapping[str, str] = {
    "run": "commands",
    "fleet": "on other hosts",
    "lsp": "for editors, agents, sites and shells",
}

# Not for people: the completions of the shells ask it what a word can be.
COMPLETE = "__complete"


def load_command(name: str) -> Command:
    """Return the module of a command, imported only when it is asked for.

    No command loads the modules of another.
    """
    command: Command = import_module(f".{name.strip('_')}", __package__)
    return command
