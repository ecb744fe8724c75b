"""Values that earlier output offers for a placeholder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .model import Input
from .values import check_value

_ENOUGH = 200
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-Z\\`-~])")
_CELL = re.compile(r"\s*[│┃|]\s*|\s{2,}|\t")
_IDENTIFIER = re.compile(r"(?=[^\s]*[\w])[\w.:/@+=-]{4,}")
# a word in a table that may name its row: not a date, a time, a size or an amount
_NAME = re.compile(r"(?!\d{2,4}-\d\d-\d\d|\d\d:\d\d|[\d.,]+\s?\w{0,2}$)[\w./:@+=-]{4,}")
_MASK = "•"


@dataclass(frozen=True, slots=True)
class Offer:
    """A value, where it comes from, and what stood beside it; a secret is shown masked."""

    value: str
    shown: str
    origin: str
    beside: str = ""

    def __repr__(self) -> str:
        """Tells no value: it may be a secret."""
        return f"Offer({self.origin})"


def offers(name: str, known: Input | None, outputs: Sequence[tuple[str, str]]) -> tuple[Offer, ...]:
    """Words of earlier output that may be the value of a placeholder, the likeliest first.

    `outputs` are pairs of where and what, in order, secrets masked. The last output comes first; in it the
    first cells of a table's rows, then other words that look like an identifier. What the input's pattern
    and choices refuse is not offered.
    """
    wants_number = name.rpartition("-")[2] in ("count", "port", "number", "size")
    found: dict[str, Offer] = {}
    for origin, text in reversed(outputs):
        for value, beside in _words(_ESCAPE.sub("", text).splitlines()):
            if len(found) >= _ENOUGH:
                break
            if value in found or _MASK in value or (known and check_value(known, value)):
                continue
            if wants_number and not value.isdigit():
                continue
            found[value] = Offer(value, value, origin, beside)
    return tuple(found.values())


def _words(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    rows = [[cell for cell in _CELL.split(line.strip()) if cell] for line in lines]
    table = [cells for cells in rows if len(cells) > 1]
    headers = {tuple(cells) for cells in table if all(cell.isupper() for cell in cells)}
    rarely = Counter(cell for cells in table for cell in cells)
    for cells in table:
        if tuple(cells) not in headers:
            # what stands in several rows names none of them
            names = [cell for cell in cells if rarely[cell] == 1 and _NAME.fullmatch(cell)][:2]
            yield from ((name, "  ".join(cell for cell in cells if cell != name)) for name in names)
    for cells in rows:
        if len(cells) > 1:
            continue
        line = "  ".join(cells)
        for word in _IDENTIFIER.findall(line):
            word = word.strip(".:,")
            if any(letter.isdigit() for letter in word) and word != line:
                yield word, line
            elif word == line:
                yield word, ""
