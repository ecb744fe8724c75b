"""Finds values for a placeholder in earlier output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from ..document.model import Input
from ..light_classes import dataclass
from ..text.ansi import strip_ansi
from ..text.lazy_pattern import LazyPattern
from ..text.regex import limit_pattern_time
from .values import check_value

_ENOUGH = 200

_BAR = LazyPattern(r"\s*[│┃|]\s*")

_RULE = LazyPattern(
    r"\s*[|+│┃├┼┤╞╪╡-]?[-=─═━]{2}[-=─═━\s|+│┃├┼┤╞╪╡]*"
)  # between a table's headings and its rows

_GAP = LazyPattern(r"\s{2,}|\t")

_MOMENT = LazyPattern(r"(\d{4}-\d\d-\d\d)[ T]\d\d:\d\d(?::\d\d)?\S*(?: [+-]\d{4})?(?: UTC)?")

_IDENTIFIER = LazyPattern(r"(?=[^\s]*[\w])[\w.:/@+=-]{4,}")

# a word in a table that may name its row: not a date, a time, a size or an amount
_NAME = LazyPattern(r"(?!\d{2,4}-\d\d-\d\d|\d\d:\d\d|[\d.,]+\s?\w{0,2}$)[\w./:@+=-]{4,}")

_MASK = "•"

_Word = tuple[str, str, tuple[str, str]]  # a value, the text beside it, and the headings of both

_NO_HEADINGS = ("", "")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value, where it comes from, and the text beside it; a secret is shown masked."""

    value: str
    label: str
    origin: str
    beside: str = ""
    headings: tuple[str, str] = _NO_HEADINGS  # of the table's columns: above the value, and above `beside`

    def __repr__(self) -> str:
        """Return the suggestion without its value, which may be a secret."""
        return f"Suggestion({self.origin})"


def suggest_values(
    name: str, known: Input | None, outputs: Sequence[tuple[str, str]]
) -> tuple[Suggestion, ...]:
    """Return words of earlier output that may be the value of a placeholder, best first.

    `outputs` are pairs of a place and its output, in order, with secrets masked. The last output comes first;
    in it the first cells of a table's rows, then other words that look like an identifier. If a table has a
    column of the placeholder's kind, such as ID for `<old-token-id>`, only that column is offered. Values
    that the input's pattern and choices refuse are left out.
    """
    with limit_pattern_time():  # one limit for all words; after it the input's pattern refuses the rest
        return tuple(_find_suggestions(name, known, outputs).values())


def _find_suggestions(
    name: str, known: Input | None, outputs: Sequence[tuple[str, str]]
) -> dict[str, Suggestion]:
    kind = name.rpartition("-")[2]
    wants_number = kind in ("count", "port", "number", "size")
    found: dict[str, Suggestion] = {}
    for origin, text in reversed(outputs):
        lines = list(_mark_headings(strip_ansi(text).splitlines()))
        column = list(_column(kind, lines))
        for value, beside, headings in column or _words(lines):
            if len(found) >= _ENOUGH:
                break
            if value in found or _MASK in value or (known and check_value(known, value)):
                continue
            if wants_number and not value.isdigit():
                continue
            found[value] = Suggestion(value, value, origin, beside, headings)
        if found and column:
            break
    return found


def _mark_headings(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines, with the headings above the first rule of a table in capital letters."""
    is_below = False  # the headings of this table
    for line, after in pairwise((*lines, "")):
        is_below = is_below and bool(line.strip())
        is_heading = not is_below and _RULE.fullmatch(after) and sum(map(bool, _cells(line.strip()))) > 1
        is_below = is_below or bool(is_heading)
        yield line.upper() if is_heading else line


def _column(kind: str, lines: Iterable[str]) -> Iterator[_Word]:
    """Yield the cells under the heading of that name."""
    table = _table(map(_cells, map(str.strip, lines)))
    columns = _Columns(table)
    at, size = -1, 0
    for number, cells in enumerate(table):
        if _header(cells):
            at, size = (cells.index(kind.upper()) if kind.upper() in cells else -1), len(cells)
        elif at >= 0 and len(cells) == size and cells[at]:
            yield columns.describe_cell(number, at)


def _table(rows: Iterable[Sequence[str]]) -> list[Sequence[str]]:
    return [cells for cells in rows if sum(map(bool, cells)) > 1]


def _words(lines: Iterable[str]) -> Iterable[_Word]:
    rows = [_cells(line.strip()) for line in lines]
    table = _table(rows)
    rarely = Counter(cell for cells in table for cell in cells)
    columns = _Columns(table)
    for number, cells in enumerate(table):
        if not _header(cells):
            # a value in several rows identifies none of them
            names = [at for at, cell in enumerate(cells) if rarely[cell] == 1 and _NAME.fullmatch(cell)]
            yield from (columns.describe_cell(number, at) for at in names[:2])
    for cells in rows:
        line = "  ".join(filter(None, cells))
        if sum(map(bool, cells)) > 1:
            continue
        for word in _IDENTIFIER.findall(line):
            word = word.strip(".:,")
            if any(letter.isdigit() for letter in word) and word != line:
                yield word, line, _NO_HEADINGS
            elif word == line:
                yield word, "", _NO_HEADINGS


def _cells(line: str) -> list[str]:
    """Return the cells of a row: between bars, where empty cells count, or between gaps."""
    if _BAR.search(line):
        return _BAR.split(line)
    return [cell for cell in _GAP.split(line) if cell]


def _header(cells: Sequence[str]) -> bool:
    return all(cell.isupper() for cell in cells if cell)


class _Columns:
    """The columns of a table that tell its rows apart, and their headings.

    A column that is the same in every row is left out. A column that is empty in some rows is informative in
    the others: it comes early, with its name in each cell.
    """

    def __init__(self, table: Sequence[Sequence[str]]) -> None:
        self._table = table
        self._headings = {len(cells): cells for cells in table if _header(cells)}
        self._columns = {size: self._select(size) for size in {len(cells) for cells in table}}

    def _select(self, size: int) -> Sequence[tuple[int, int, str]]:
        """Return the number, the width and the name of each column of rows with `size` cells."""
        rows = [cells for cells in self._table if len(cells) == size and not _header(cells)]
        headings = self._headings.get(size, [""] * size)
        full: list[tuple[int, int, str]] = []
        sparse: list[tuple[int, int, str]] = []
        for at, heading in enumerate(headings):
            column = [_MOMENT.sub(r"\1", row[at]) for row in rows]
            if len(rows) > 1 and len(set(column)) < 2:
                continue
            partly = "" in column
            name = heading.lower().removesuffix(" at") + " " if partly and heading else ""
            width = max(len(name) + max(map(len, column), default=0), len(heading))
            (sparse if partly else full).append((at, width, name))
        return [*full[:2], *sparse, *full[2:]]

    def join_cells(self, number: int, but: int) -> str:
        """Return the cells beside the cell `but` of a row."""
        cells = self._table[number]
        parts = []
        for at, width, name in self._columns[len(cells)]:
            if at != but:
                cell = _MOMENT.sub(r"\1", cells[at])
                parts.append(f"{name + cell if cell else '':<{width}}")
        return "  ".join(parts).rstrip()

    def join_headings(self, number: int, but: int) -> tuple[str, str]:
        """Return the heading of the cell `but` of a row, and those of the cells beside it."""
        size = len(self._table[number])
        if size not in self._headings:
            return "", ""
        headings = self._headings[size]
        beside = (f"{headings[at]:<{width}}" for at, width, _ in self._columns[size] if at != but)
        return headings[but], "  ".join(beside).rstrip()

    def describe_cell(self, number: int, at: int) -> tuple[str, str, tuple[str, str]]:
        """Return a cell, the text beside it, and the headings of both."""
        return self._table[number][at], self.join_cells(number, at), self.join_headings(number, at)
