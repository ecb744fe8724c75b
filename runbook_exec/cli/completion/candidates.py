"""Finds what the last word of a command line can be.

A completion only reads: pages, journals and folders. It runs nothing of a page, and no `cmd:` source.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from importlib import import_module

from ...light_classes import NamedTuple
from ...text.ansi import escape_unprintable
from ..arguments import ArgumentsParser
from ..commands import COMMANDS
from ..commands.runs import ACTIONS
from .model import Candidate, CommandLine
from .parsers import find_parser

_LONGEST = 72  # characters of a description; a shell has to fit it beside the word


class _Parsed(NamedTuple):
    """The words before the last one: what is given, and what the last one is for."""

    positional: tuple[str, ...]
    given: dict[str, str]  # by the name of the option
    waiting: argparse.Action | None  # the option whose value comes next
    options_end: bool  # after `--`


def list_candidates(words: Sequence[str]) -> Iterator[Candidate]:
    """Yield what can stand in the place of the last word; the first is the one after the program's name."""
    *before, current = words or [""]
    seen = set()
    for each in _list_all(before, current):
        plain = escape_unprintable(each.value) == each.value and "\t" not in each.value
        if each.value.startswith(current) and each.value not in seen and plain:
            seen.add(each.value)
            yield Candidate(each.value, _shorten(each.help))


def _shorten(text: str) -> str:
    """Return the first line of a text, cut to a width that fits beside a word."""
    line = escape_unprintable(" ".join(text.split()))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"


def _list_all(before: Sequence[str], current: str) -> Iterator[Candidate]:
    parser, words = find_parser(before)
    command = parser.prog.partition(" ")[2]
    parsed = _parse(parser, words)
    line = _describe_line(command, parsed)
    if not before:
        yield from (Candidate(name, text) for name, (_, text) in COMMANDS.items())
    if command == "runs" and not words:
        yield from (Candidate(name) for name in ACTIONS if name)
    if parsed.waiting is not None:
        if parsed.waiting.option_strings[-1] not in parsed.given:  # the second value of two is free text
            yield from _list_values(parsed.waiting, current, line)
        return
    name, equals, value = current.partition("=")
    if equals and (action := _find_option(parser, name)) and action.nargs != 0:
        found = _list_values(action, value, line)
        yield from (Candidate(f"{name}={each.value}", each.help) for each in found)
    elif current.startswith("-") and not parsed.options_end:
        yield from _list_options(parser, parsed)
    elif (action := _find_positional(parser, len(parsed.positional))) is not None:
        yield from _list_values(action, current, line)


def _parse(parser: ArgumentsParser, words: Sequence[str]) -> _Parsed:
    positional: list[str] = []
    given: dict[str, str] = {}
    waiting: argparse.Action | None = None
    left = 0  # values that the option still takes
    for at, word in enumerate(words):
        if waiting is not None:
            given[waiting.option_strings[-1]] = word
            left -= 1
            waiting = waiting if left else None
        elif word == "--":
            return _Parsed((*positional, *words[at + 1 :]), given, None, True)
        elif word.startswith("-") and (action := _find_option(parser, word.partition("=")[0])):
            left = action.nargs if isinstance(action.nargs, int) else 1
            waiting = action if left and "=" not in word else None
            given.pop(action.option_strings[-1], None)
            if waiting is None:
                given[action.option_strings[-1]] = word.partition("=")[2]
        elif not word.startswith("-") or word == "-":
            positional.append(word)
    return _Parsed(tuple(positional), given, waiting, False)


def _describe_line(command: str, parsed: _Parsed) -> CommandLine:
    first = next(iter(parsed.positional), "")
    resumed = command == "resume"
    shell, inputs = parsed.given.get("--shell"), parsed.given.get("--inputs")
    return CommandLine(command, "" if resumed else first, first if resumed else "", shell, inputs)


def _find_option(parser: ArgumentsParser, name: str) -> argparse.Action | None:
    return next((each for each in parser.list_actions() if name in each.option_strings), None)


def _find_positional(parser: ArgumentsParser, number: int) -> argparse.Action | None:
    """Return the positional argument that a word is for; the last one if it takes several."""
    found = [each for each in parser.list_actions() if not each.option_strings]
    if number < len(found):
        return found[number]
    return found[-1] if found and found[-1].nargs in ("*", "+") else None


def _list_options(parser: ArgumentsParser, parsed: _Parsed) -> Iterator[Candidate]:
    for action in parser.list_actions():
        again = action.default == []  # as an option that can be given again
        if not again and parsed.given.keys() & set(action.option_strings):
            continue
        for name in action.option_strings:
            if name.startswith("--") and action.help != argparse.SUPPRESS:
                yield Candidate(name, parser.describe_action(action))


def _list_values(action: argparse.Action, current: str, line: CommandLine) -> Iterator[Candidate]:
    """Yield the values of an option or a positional argument, by the name that its help gives them."""
    values = import_module(".values", __package__)  # it reads pages and runs, which options do not need
    kind = action.metavar[0] if isinstance(action.metavar, tuple) else action.metavar
    option = next(iter(action.option_strings), "")
    if action.choices is not None:
        yield from (Candidate(str(each)) for each in action.choices)
    elif kind == "FILE[#anchor]":
        yield from values.list_pages(current)
    elif kind == "STEP":
        yield from values.list_steps(line, option)
    elif kind and kind.startswith("NAME="):
        yield from values.list_names(line, current, option)
    elif kind == "LABEL":
        yield from values.list_labels(line)
    elif kind == "RUN":
        yield from values.list_runs(line.command)
    elif kind in ("FILE", "PATH", "RUNBOOK"):
        yield from values.list_paths(current)
    elif kind == "DIR":
        yield from values.list_paths(current, folders_only=True)
    elif kind in ("CODE", "CODES"):
        yield from values.list_rules()
    elif kind and "|" in kind:
        yield from map(Candidate, kind.split("|"))
