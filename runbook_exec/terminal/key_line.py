"""Lays out the line of keys below a question, and the explanation of the keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ..system.screen_size import read_screen_size
from ..text.ansi import escape_unprintable
from ..text.display import count_columns, wrap
from .writer import NARROWEST, WIDEST

Keyed = Mapping[str, tuple[str, str]]  # key -> how it is shown, what it does

Piece = tuple[str, str]  # style, text


def find_width() -> int:
    """Return the columns that a question takes in the terminal of now."""
    return max(NARROWEST, min(read_screen_size().columns, WIDEST))


def make_printable(pieces: Iterable[Piece]) -> list[Piece]:
    """Return the pieces with invisible characters written out.

    The pieces quote pages and the output of programs.
    """
    return [(style, escape_unprintable(text)) for style, text in pieces]


def format_keys(keys: Keyed, right: str, optional: Collection[str] = ()) -> list[Piece]:
    """Return the legend of the keys in some lines, with a text at the right of the last.

    It is laid out for the present width of the terminal, which a person may change while it is shown. The
    `optional` keys are left out if one line has no room for them.
    """
    width = find_width() - 2
    cells = {key: (f"{shown}{' ' * bool(shown and does)}", does) for key, (shown, does) in keys.items()}
    room = width - count_columns(right) + 1  # two blanks before the text are enough
    if 2 + sum(_count(cell) for cell in cells.values()) > room:
        cells = {key: cell for key, cell in cells.items() if key not in optional}
    text: list[Piece] = [("", "  ")]
    used = 2
    for cell in cells.values():
        if used > 2 and used + _count(cell) - 3 > width:
            text.append(("", "\n  "))
            used = 2
        shown, does = make_printable((cell,))[0]
        text += [("bold", shown), ("", f"{does}   ")]
        used += _count(cell)
    if used > room:
        text.append(("", "\n"))
        used = 0
    elif used == room:
        text.append(("", text.pop()[1][:-1]))
    text.append(("", " " * max(0, room - 1 - used) + right))
    return text


def _count(cell: tuple[str, str]) -> int:
    """Return the columns of a key with what it does, and the gap after it."""
    return sum(count_columns(escape_unprintable(text)) for text in cell) + 3


def format_help(explained: Mapping[str, str]) -> list[Piece]:
    """Return what the keys do, a line for each, and a blank line."""
    lead = max(map(len, explained)) + 4
    text: list[Piece] = []
    for key, sentence in explained.items():
        first, *more = wrap(sentence, find_width() - lead - 2)
        text += [("bold", f"  {key:<{lead - 2}}"), ("", f"{first}\n")]
        text += [("", f"{' ' * lead}{line}\n") for line in more]
    return [*text, ("", "\n")]
