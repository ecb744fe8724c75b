"""Makes plain text of program output: inert and of limited size."""

from __future__ import annotations

from collections import deque

from ..light_classes import dataclass
from ..text.ansi import flatten_output


@dataclass(frozen=True, slots=True)
class OutputExcerpt:
    """An excerpt of a statement's output: its beginning and its end as plain text."""

    beginning: str = ""
    end: str = ""
    left_out: int = 0  # characters between the two

    @property
    def text(self) -> str:
        """Return all of it, with a note about the part that is left out."""
        if not self.left_out:
            return self.beginning + self.end
        return f"{self.beginning}\n[… {self.left_out:,} characters are not shown here …]\n{self.end}"

    def __bool__(self) -> bool:
        return bool(self.beginning or self.end)


class OutputCollector:
    """Collects the output of a statement, and keeps at most `most` characters of it."""

    def __init__(self, most: int) -> None:
        self._room = most * 3 // 4
        self._end_most = most - self._room
        self._beginning: list[str] = []
        self._end: deque[str] = deque()
        self._end_size = self._left_out = 0
        self.size = 0  # characters kept

    def add(self, text: str) -> None:
        """Add the next output."""
        if self._room:
            taken = text[: self._room]
            self._beginning.append(taken)
            self._room -= len(taken)
            self.size += len(taken)
            text = text[len(taken) :]
        if not text:
            return
        self._end.append(text)
        self._end_size += len(text)
        while self._end_size > self._end_most:
            surplus = self._end_size - self._end_most
            first = self._end.popleft()
            if len(first) > surplus:
                self._end.appendleft(first[surplus:])
            out = min(len(first), surplus)
            self._end_size -= out
            self._left_out += out

    def make_excerpt(self) -> OutputExcerpt:
        """Return the excerpt."""
        beginning, end = "".join(self._beginning), "".join(self._end)
        if not self._left_out:
            return OutputExcerpt(flatten_output(beginning + end))
        return OutputExcerpt(flatten_output(beginning), flatten_output(end), self._left_out)
