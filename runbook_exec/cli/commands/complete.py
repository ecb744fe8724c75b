"""Runs `runbook-exec __complete -- WORD…`, which the completions of the shells call.

It prints a line for each candidate for the last word: the word, a tab, and a few words about it. People
do not need it, so `--help` does not list it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ...errors import Refused
from ...system.gc_pause import stop_gc
from ..arguments import build_parser
from ..completion.candidates import list_candidates
from ..exit_status import DONE
from ..output import print_unchanged


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the words to complete; they may look like options."""
    parser = build_parser(name, f"runbook-exec {name} -- WORD…", "Print what the last word can be.")
    parser.add_argument("words", metavar="WORD", nargs="*", help="the words after the program's name")
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Print the candidates; a page or a folder that cannot be read has none."""
    stop_gc()
    try:
        for each in list_candidates(arguments.words):
            print_unchanged(f"{each.value}\t{each.help}\n" if each.help else f"{each.value}\n")
    except (Refused, OSError, ValueError):
        return DONE  # a shell has no place for an error here; the command itself will report it
    return DONE
