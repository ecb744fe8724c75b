"""Keeps the end of a terminal's output, for a terminal that attaches later."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..text.display import count_columns

_KEPT = 1 << 15  # bytes

_LONGEST = 64  # characters of sequences for one colour; a program that sends more gets only the last

# a sequence or a control character; those that neither colour, move nor erase are left out, because a
# terminal would answer some, and the answer would be typed into a program
_PART = re.compile(
    r"\x1b\[(?P<numbers>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]"
    r"|(?P<control>[\x00-\x1f\x7f])"
)

_Cell = tuple[str, str]  # its colours, and a character; "" for the second column of a wide one


class ScreenHistory:
    """The last output of a terminal."""

    def __init__(self) -> None:
        self._data = b""

    def add(self, data: bytes) -> None:
        """Add output, and forget what is too old."""
        self._data = (self._data + data)[-_KEPT:]

    def render(self) -> bytes:
        """Return the last output as text with colours, from the beginning of a line.

        What was erased or overwritten since, such as the keys of an earlier question, is not in it.
        """
        data = self._data
        if len(data) == _KEPT:
            data = data.partition(b"\n")[2]
        page = _Page()
        page.write(data.decode("utf-8", "replace"))
        return page.format_page().encode()


class _Page:
    """An endless page on which output is written as on a screen: with its colours, moves and erasing."""

    def __init__(self) -> None:
        self._rows: list[list[_Cell]] = [[]]
        self._row = self._column = 0
        self._colours = ""

    def write(self, text: str) -> None:
        """Write text with escape sequences."""
        at = 0
        for part in _PART.finditer(text):
            self._put(text[at : part.start()])
            at = part.end()
            if part["control"]:
                self._move_by_control(part["control"])
            elif part["final"] == "m":
                self._colour(part["numbers"], part[0])
            elif part["final"]:
                self._obey(part["final"], part["numbers"])
        self._put(text[at:])

    def _colour(self, numbers: str, sequence: str) -> None:
        first, more, _ = numbers.partition(";")
        if not first.strip("0"):
            self._colours = sequence if more else ""
        else:
            self._colours = (self._colours if len(self._colours) < _LONGEST else "") + sequence

    def _put(self, text: str) -> None:
        row = self._rows[self._row]
        row += [("", " ")] * (self._column - len(row))
        cells: list[_Cell] = []
        for character in text:
            cells.append((self._colours, character))
            if not character.isascii():
                cells += [(self._colours, "")] * (count_columns(character) - 1)
        row[self._column : self._column + len(cells)] = cells
        self._column += len(cells)

    def _move_by_control(self, control: str) -> None:
        if control == "\r":
            self._column = 0
        elif control == "\b":
            self._column = max(0, self._column - 1)
        elif control == "\t":
            self._column += 8 - self._column % 8
        elif control == "\n":
            self._go_to_row(self._row + 1)

    def _obey(self, final: str, numbers: str) -> None:
        """Move or erase as the sequence says; moves to a place of the screen are not known here."""
        count = int(numbers) if numbers.isdecimal() else 0
        if final == "A":
            self._row = max(0, self._row - max(1, count))
        elif final == "B":
            self._go_to_row(self._row + max(1, min(count, 1000)))
        elif final == "C":
            self._column += max(1, min(count, 1000))
        elif final == "D":
            self._column = max(0, self._column - max(1, count))
        elif final == "G":
            self._column = min(max(0, count - 1), 1000)
        elif final == "K" and count == 0:
            del self._rows[self._row][self._column :]
        elif final == "K" and count == 2:
            self._rows[self._row].clear()
        elif final == "J" and count == 0:
            del self._rows[self._row][self._column :]
            del self._rows[self._row + 1 :]
        elif final == "J" and count >= 2:
            self._rows = [[] for _ in range(self._row + 1)]

    def _go_to_row(self, row: int) -> None:
        self._row = row
        self._rows += [[] for _ in range(row + 1 - len(self._rows))]

    def format_page(self) -> str:
        """Return the rows, and what moves the cursor from their end to where it is."""
        up = len(self._rows) - 1 - self._row
        back = (f"\x1b[{up}A" if up else "") + "\r" + (f"\x1b[{self._column}C" if self._column else "")
        return "\r\n".join(self._format_rows()) + back + (self._colours or "\x1b[0m")

    def _format_rows(self) -> Iterator[str]:
        """Yield the rows, with a sequence wherever the colours change."""
        for row in self._rows:
            colours, line = "", ""
            for cell, character in row:
                if cell != colours:
                    line += f"\x1b[0m{cell}"
                    colours = cell
                line += character
            yield line + ("\x1b[0m" if colours else "")
