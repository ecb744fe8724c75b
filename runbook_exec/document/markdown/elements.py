"""Reads the elements of a Markdown page, in order, each with its exact place."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...light_classes import NamedTuple, dataclass
from ...text.source import MappedText, PositionError, Source
from ...text.span import Span
from .cursor import Token
from .headings import unescape_text
from .page_parser import parse_page_blocks
from .parser import parse_blocks


class Heading(NamedTuple):
    """A heading; `text` is its Markdown without the marks that make it a heading."""

    level: int
    text: str
    span: Span  # from its first mark or character to the end of its last line
    last: int  # its last line, from 1
    items: tuple[int, ...] = ()  # the list items around it, outermost first
    quoted: bool = False


class Fence(NamedTuple):
    """A fenced code block; `code` has no final line end, and no lines if it is empty."""

    info: str  # the text after the fence, with backslash escapes and entities resolved
    written: str  # the same text as written in the file
    written_at: int  # its offset
    code: MappedText
    span: Span  # from the opening fence to the end of the closing one's line, or of the last line
    last: int
    closed: bool
    items: tuple[int, ...] = ()
    quoted: bool = False


class ListItem(NamedTuple):
    """An item of a list; its text and blocks follow as elements of their own."""

    id: int
    list_id: int
    ordered: bool
    number: str  # as written, without the dot; "" for a bullet
    span: Span  # from its marker to the end of that line
    content: int  # the offset after its marker
    items: tuple[int, ...] = ()  # the items around it
    quoted: bool = False


class Paragraph(NamedTuple):
    """Lines of prose: a paragraph, or a table."""

    span: Span
    last: int
    items: tuple[int, ...] = ()
    quoted: bool = False


class Html(NamedTuple):
    """A block of HTML, such as a comment."""

    text: str
    span: Span
    last: int
    items: tuple[int, ...] = ()
    quoted: bool = False


class IndentedCode(NamedTuple):
    """Code that is indented by four spaces: displayed, never run."""

    span: Span
    last: int
    items: tuple[int, ...] = ()
    quoted: bool = False


Element = Heading | Fence | ListItem | Paragraph | Html | IndentedCode

# for `isinstance`, which would build a union each time
TEXTS = (Heading, Paragraph)
PROSE = (Paragraph, Html)
CODE = (Fence, IndentedCode)
ANNOTATED = (Fence, Heading)


class Inset(NamedTuple):
    """Indented text of a page that is Markdown all the same; its elements are `first:last`."""

    opening: str  # the line above it, such as `=== "Tab"`; "" for indented code that holds fences
    first: int
    last: int


def read_elements(source: Source, start: int = 0) -> tuple[Element, ...]:
    """Return the elements of a page, as CommonMark reads it, whose body starts at this offset.

    The offset must begin a line. Raises PositionError (a bug of ours) if an element is not at the place
    computed for it.
    """
    return tuple(_read(source, start, parse_blocks).out)


def read_page_elements(source: Source, start: int = 0) -> tuple[tuple[Element, ...], tuple[Inset, ...]]:
    """Return the elements of a page as sites render it, and its insets, outer ones first.

    `start` and errors are as in `read_elements`.
    """
    reader = _read(source, start, parse_page_blocks)
    return tuple(reader.out), tuple(sorted(reader.insets, key=lambda inset: (inset.first, -inset.last)))


def _read(source: Source, start: int, parse: Callable[[str], list[Token]]) -> _ElementReader:
    first = source.index(start)
    reader = _ElementReader(source, first, [], [])
    body = source.text[source.starts[first] :]
    reader.read_tokens(parse("\n".join(source.lines[first:]) if "\r" in body else body), (), False)
    return reader


@dataclass(slots=True)
class _ElementReader:
    """Converts mistune's tokens into elements, and checks each against the file."""

    source: Source
    first: int  # the index of the body's first line
    out: list[Element]
    insets: list[Inset]
    ids: int = 0

    def read_tokens(self, tokens: Iterable[Token], items: tuple[int, ...], quoted: bool) -> None:
        for token in tokens:
            kind = token["type"]
            if kind == "paragraph":
                self.out.append(self._paragraph(token, items, quoted))
            elif kind == "blank_line":
                continue
            elif kind == "block_quote":
                self.read_tokens(token["children"], items, True)
            elif kind == "list":
                self._list(token, items, quoted)
            elif kind in ("inset", "indented"):
                self._inset(token, items, quoted)
            elif kind == "block_code" and token["style"] == "fenced":
                self.out.append(self._fence(token, items, quoted))
            elif kind in _LINES:
                self.out.append(self._leaf(kind, token, items, quoted))

    def _list(self, token: Token, items: tuple[int, ...], quoted: bool) -> None:
        source = self.source
        self.ids += 1
        list_id = self.ids
        for item in token["children"]:
            self.ids += 1
            index = self.first + item["line"]
            marker = item["marker"]
            span = source.span_from_rest(index, item["opening"], index)
            content = span.start + len(marker)
            number = marker[:-1]
            self.out.append(ListItem(self.ids, list_id, bool(number), number, span, content, items, quoted))
            self.read_tokens(item["children"], (*items, self.ids), quoted)

    def _inset(self, token: Token, items: tuple[int, ...], quoted: bool) -> None:
        index, opening = self.first + token["line"], token.get("opening", "")
        if opening:
            span = self.source.span_from_rest(index, opening, index)
            if opening[0] in "`~":  # in prose it would begin a block
                self.out.append(Html("<!-- -->", span, index + 1, items, quoted))
            else:
                self.out.append(Paragraph(span, index + 1, items, quoted))
        self.ids += 1
        first = len(self.out)
        self.read_tokens(token["children"], (*items, self.ids), quoted)
        self.insets.append(Inset(opening, first, len(self.out)))

    def _paragraph(self, token: Token, items: tuple[int, ...], quoted: bool) -> Paragraph:
        text, start = token["source"], token["start"]
        index = self.first + token["line"]
        last = index + token["count"]
        first_line = text[start : text.find("\n", start)].lstrip(" ")
        return Paragraph(self.source.span_from_rest(index, first_line, last - 1), last, items, quoted)

    def _leaf(self, kind: str, token: Token, items: tuple[int, ...], quoted: bool) -> Element:
        source = self.source
        if "source" in token:  # a heading that is underlined was a paragraph
            text = token["source"][token["start"] : token["end"]].rstrip("\n")
        else:
            text = token["text"] if "text" in token else token["raw"]
        written = (token.get("opening") or text).rstrip("\n")
        index = self.first + token["line"]
        last = index + written.count("\n") + (token.get("style") == "setext")
        span = source.span_from_rest(index, written.split("\n", 1)[0].lstrip(" "), last)
        if kind == "heading":
            return Heading(token["attrs"]["level"], text.strip(), span, last + 1, items, quoted)
        if kind == "block_html":
            return Html(source.text[span.start : span.end], span, last + 1, items, quoted)
        return IndentedCode(span, last + 1, items, quoted)

    def _fence(self, token: Token, items: tuple[int, ...], quoted: bool) -> Fence:
        source = self.source
        marker, index = token["marker"], self.first + token["line"]
        last = index + len(token["lines"]) + (1 if token["closed"] else 0)
        span = source.span_from_rest(index, token["opening"], last)
        if not source.text.startswith(marker, span.start):
            raise PositionError(index + 1, marker, source.lines[index])
        code = source.map_lines(index + 1, token["lines"])
        if token["closed"] and marker not in source.lines[last]:
            raise PositionError(last + 1, marker, source.lines[last])
        after = source.text[span.start + len(marker) : source.end(index)]
        written = after.strip(" \t")
        written_at = source.end(index) - len(after.lstrip(" \t")) if written else source.end(index)
        info = unescape_text(written)
        return Fence(info, written, written_at, code, span, last + 1, token["closed"], items, quoted)


_LINES = ("heading", "block_html", "block_code")
