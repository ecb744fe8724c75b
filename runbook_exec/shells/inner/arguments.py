"""Separates the options of a command from its operands, as far as a table of options tells."""

from __future__ import annotations

from collections.abc import Sequence

from ...light_classes import NamedTuple


class OptionTable(NamedTuple):
    """The options of a program that decide whether it opens a prompt.

    `with_value` are options whose value is the next word; letters of short options stand without `-`.
    `batch` are options with which it opens none. The value of an `attached` letter is the rest of its word.
    """

    with_value: frozenset[str] = frozenset()
    batch: frozenset[str] = frozenset()
    attached: frozenset[str] = frozenset()


class Arguments(NamedTuple):
    """The options of a command as written, one each, and its operands."""

    options: tuple[str, ...]  # short ones as their letter, long ones with their dashes
    operands: tuple[str, ...]
    after_dashes: tuple[str, ...] | None = None  # the words after `--`, if it is there


def make_table(with_value: str = "", batch: str = "", attached: str = "") -> OptionTable:
    """Return a table from words: `p` is the option `-p`, `--port` is as written."""
    return OptionTable(frozenset(with_value.split()), frozenset(batch.split()), frozenset(attached.split()))


def read_arguments(words: Sequence[str], table: OptionTable, *, mixed: bool = True) -> Arguments:
    """Return the options and operands of the words after a command's name.

    With `mixed`, options may follow operands; else everything from the first operand on is an operand.
    """
    options: list[str] = []
    operands: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--":
            rest = tuple(words[at:])
            return Arguments(tuple(options), (*operands, *rest), rest)
        if word.startswith("--"):
            name, equals, _ = word.partition("=")
            options.append(name)
            at += not equals and name in table.with_value
        elif word.startswith("-") and len(word) > 1:
            at += _read_short(word, table, options)
        else:
            operands.append(word)
            if not mixed:
                operands += words[at:]
                break
    return Arguments(tuple(options), tuple(operands))


def _read_short(word: str, table: OptionTable, options: list[str]) -> bool:
    """Add the options of `-abc`; return whether the next word is the value of the last one."""
    if word[1:] in table.with_value and len(word) > 2:  # a long option with one dash
        options.append(word[1:])
        return True
    if word[1:].partition("=")[0] in table.batch and len(word) > 2:
        options.append(word[1:].partition("=")[0])
        return False
    for index, letter in enumerate(word[1:], 1):
        options.append(letter)
        if letter in table.attached:
            return False
        if letter in table.with_value:
            return index == len(word) - 1
    return False
