"""Finds the parser of each command."""

from __future__ import annotations

from collections.abc import Sequence

from ..arguments import PARSER_ONLY, ArgumentsParser, ParserFound
from ..commands import COMMANDS, load_command
from ..commands.runs import ACTIONS


def find_parser(words: Sequence[str]) -> tuple[ArgumentsParser, Sequence[str]]:
    """Return the parser for the words after the program's name, and the words that are left for it.

    Words that begin with no command are arguments of `run`.
    """
    name = words[0] if words and words[0] in COMMANDS else ""
    left = words[1:] if name else words
    if name == "runs" and left and left[0] and left[0] in ACTIONS:
        return _read_parser(name, left[:1]), left[1:]
    return _read_parser(name, ()), left


def _read_parser(name: str, action: Sequence[str]) -> ArgumentsParser:
    try:
        load_command(name or "run").parse_arguments(name, [*action, PARSER_ONLY])
    except ParserFound as found:
        return found.parser
    raise AssertionError(f"`{name}` has no parser")
