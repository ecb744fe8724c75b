"""Adds line numbers to mistune's cursor over the text of a page, a quote or an item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mistune.core import BlockState as BlockState
else:
    from .grammar.core import BlockState

Token = dict[str, Any]


class BlockCursor(BlockState):
    """A cursor over one text; `first` is the line of the page's body that the text begins on."""

    first = 0
    nesting = 0
    html_end = 0  # where the blank line is that ends the last HTML, if a fence divided it
    list_tight = True
    lazy_line_starts: set[int] = set()  # noqa: RUF012 - mistune reads it, and nothing is added
    _counted = 0
    _line = 0

    def __init__(self, parent: BlockCursor | None = None) -> None:
        """Make a cursor in a parent's text, or in no other; nobody reads mistune's other fields."""
        self.src = ""
        self.tokens = []
        self.cursor = self.cursor_max = 0
        self.parent = parent
        self.env = {"lazy": set()} if parent is None else parent.env

    def line(self) -> int:
        """Return the index of the cursor's line in the page's body."""
        if self.cursor == self._counted:
            return self.first + self._line
        if self.cursor > self._counted:
            self._line += self.src.count("\n", self._counted, self.cursor)
        else:
            self._line -= self.src.count("\n", self.cursor, self._counted)
        self._counted = self.cursor
        return self.first + self._line

    def line_from(self, position: int) -> str:
        """Return the text from `position` to the end of its line, including the line end."""
        end = self.src.find("\n", position)
        return self.src[position:] if end < 0 else self.src[position : end + 1]

    def append_token(self, token: Token) -> None:
        if "line" not in token:
            token["line"] = self.line()
        self.tokens.append(token)

    def add_paragraph_up_to(self, end: int) -> None:
        """Add the text from the cursor to `end` to the paragraph above it, or as a new one.

        A paragraph has only its bounds: appending text line by line would take quadratic time.
        """
        tokens, start, line = self.tokens, self.cursor, self.line()
        count = self.src.count("\n", start, end)
        self._counted = end
        self._line += count
        if tokens and tokens[-1]["type"] == "paragraph":
            tokens[-1]["end"] = end
            tokens[-1]["count"] += count
        else:
            tokens.append(
                {
                    "type": "paragraph",
                    "source": self.src,
                    "start": start,
                    "end": end,
                    "line": line,
                    "count": count,
                }
            )

    def append_paragraph(self) -> int | None:
        last = self.last_token()
        if not last or last["type"] != "paragraph":
            return None
        last["end"] = end = self.find_line_end()
        last["count"] += 1
        return end

    def child(self, text: str, first: int) -> BlockCursor:
        """Return a cursor for the text of an item or a quote that begins on the body's line `first`."""
        child = BlockCursor(self)
        child.process(text)
        child.first = first
        child.nesting = self.nesting + 1
        return child
