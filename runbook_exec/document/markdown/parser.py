"""Parses Markdown into tokens with line numbers: mistune with lists and quotes of our own.

mistune copies the lines of a list item or a quote into a new text, so its tokens have no place in the file.
Our lists and quotes give each such text the line that it begins on. They also end where CommonMark ends them:
mistune adds the line below an unclosed fence to the fence, and recurses for every quote that follows a list.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from ...text.lazy_pattern import LazyPattern
from ...text.source import TAB_STOP
from .containers import (
    LIST_MARKER,
    QUOTE_MARKER,
    OpenBlocks,
    closing_fence,
    indent_width,
    indented_lines,
    item_padding,
)
from .cursor import BlockCursor, BlockState, Token

if TYPE_CHECKING:
    from mistune.block_parser import BlockParser
    from mistune.helpers import parse_link_href, parse_link_title
else:
    from .grammar.block_parser import BlockParser
    from .grammar.helpers import parse_link_href, parse_link_title

_Match = Callable[[str, int], re.Match[str] | None]


# mistune's rules in the order in which they are tried, with the first characters of each kind of block if no
# spaces precede it.
FIRST_CHARACTERS = {
    "fenced_code": "`~",
    "indent_code": "",
    "atx_heading": "#",
    "setex_heading": "=-",
    "thematic_break": "-_*",
    "block_quote": ">",
    "list": "-+*0123456789",
    "ref_link": "[",
    "raw_html": "<",
    "blank_line": "\t\v\f\n",
}

_ITEM_CHARACTERS = frozenset(" " + FIRST_CHARACTERS["list"] + FIRST_CHARACTERS["thematic_break"])

_BLANK: Token = {"type": "blank_line"}  # it only ends the block above it

_BLANK_LINE = LazyPattern(r" *+\n")
_LINE = LazyPattern(r"[^\n]*+\n")
_BLANK_LINES = LazyPattern(r"(?>(?: *+\n)*)")

_BLANK_REST = LazyPattern(r"[ \t]*\n")
_BEFORE_TITLE = LazyPattern(r"[ \t\v\f]*+\n?[ \t\v\f]*+[\"'(]")

_QUOTED_LINES = LazyPattern(rf"(?>(?:{QUOTE_MARKER.pattern}[^\n]*+\n)+)")
_QUOTE_MARKERS = LazyPattern(rf"^{QUOTE_MARKER.pattern}", re.MULTILINE)


def _delay_match(parser: BlockParser, openings: dict[str, _Match], character: str, rules: list[str]) -> None:
    """Put a matcher for the rules into `openings`, which is compiled when it is first used."""

    def match(text: str, position: int) -> re.Match[str] | None:
        openings[character] = parser.compile_sc(rules).match
        return openings[character](text, position)

    openings[character] = match


def _delay_fence_match(parser: BlockParser, character: str) -> _Match:
    """Return a matcher for a fence; most lines that begin with its character begin with code or text."""
    compiled: dict[str, _Match] = {}
    _delay_match(parser, compiled, character, ["fenced_code"])

    def match(text: str, position: int) -> re.Match[str] | None:
        is_fence = text.startswith(character * 3, position)
        return compiled[character](text, position) if is_fence else None

    return match


class MarkdownBlockParser(BlockParser):
    """mistune's block grammar with lists and quotes that count lines."""

    state_cls = BlockCursor
    SPECIFICATION: ClassVar[dict[str, str]] = BlockParser.SPECIFICATION | {
        "indent_code": r"^ {4} *\S",
        "block_quote": r"^ {0,3}>",
        "list": BlockParser.SPECIFICATION["list"].replace(r"\d", "[0-9]"),
        # mistune searches a thousand characters for the last `]`; the first one is enough
        "ref_link": r"^ {0,3}\[(?P<reflink_1>(?=[^\]]{0,999}\])(?>(?:[^\\\[\]]|\\.){0,999}))\]:",
    }

    def __init__(self, first_characters: dict[str, str] = FIRST_CHARACTERS) -> None:
        super().__init__()
        self.rules = list(first_characters)
        self._first_characters = first_characters
        self._openings = self._by_first_character(self.rules)
        leaves = [rule for rule in self.rules if rule not in ("list", "block_quote")]
        self._item_openings: dict[str, _Match] = {}
        _delay_match(self, self._item_openings, "", ["thematic_break", "list"])
        # for text that is nested too deep for more lists and quotes
        self._leaves = self._by_first_character(leaves)

    def _by_first_character(self, rules: list[str]) -> dict[str, _Match]:
        """Return the matchers for a block at the beginning of a line, by its first character.

        A line with any other first character is text. A matcher tries only rules that fit its character.
        """
        openings: dict[str, _Match] = {}
        _delay_match(self, openings, " ", rules)
        for character in "".join(self._first_characters.values()):
            fitting = [rule for rule in rules if character in self._first_characters[rule]]
            if fitting == ["fenced_code"]:
                openings[character] = _delay_fence_match(self, character)
            elif fitting:
                _delay_match(self, openings, character, fitting)
        return openings

    def _next_item(self, text: str, position: int) -> re.Match[str] | None:
        """Return the match of a list's item at a position, or of a thematic break; None for other text."""
        if text[position : position + 1] not in _ITEM_CHARACTERS:
            return None
        return self._item_openings[""](text, position)

    def read_blocks(self, state: BlockCursor) -> None:
        """Read a text block by block; mistune's own loop searches for blocks character by character."""
        methods = self._methods
        openings = self._openings if state.nesting < self.max_nested_level else self._leaves
        source, end = state.src, state.cursor_max
        position = state.cursor
        while position < end:
            first = source[position]
            if first == "\n":
                state.tokens.append(_BLANK)
                state.cursor = position = position + 1
                continue
            after = None
            if first in openings and (match := openings[first](source, position)):
                after = methods[match.lastgroup or ""](match, state)
            if not after:
                after = source.find("\n", position) + 1 or end
                while after < end:
                    first = source[after]
                    if first == "\n" or (first in openings and openings[first](source, after)):
                        break
                    after = source.find("\n", after) + 1 or end
                state.add_paragraph_up_to(after)
            state.cursor = position = after

    def parse_blank_line(self, m: re.Match[str], state: BlockState) -> int:
        state.tokens.append(_BLANK)
        return m.end()

    def parse_fenced_code(self, m: re.Match[str], state: BlockState) -> int | None:
        indent, marker, info = m.group("fenced_1", "fenced_2", "fenced_3")
        if marker[0] == "`" and "`" in info:
            return None
        closing = closing_fence(marker[0], len(marker)).search(state.src, m.end())
        raw = state.src[m.end() + 1 : closing.start() + 1 if closing else state.cursor_max]
        if indent:
            raw = indented_lines(len(indent))[1].sub("", raw)
        token: Token = {"type": "block_code", "style": "fenced", "marker": marker, "closed": bool(closing)}
        token["opening"] = state.src[m.start("fenced_2") : m.end()]
        token["lines"] = raw[:-1].split("\n") if raw else []
        state.append_token(token)
        return closing.end() if closing else state.cursor_max

    def parse_indent_code(self, m: re.Match[str], state: BlockState) -> int:
        here = cast(BlockCursor, state)
        if end := here.append_paragraph():
            return end
        position = end = here.cursor
        while position < here.cursor_max:
            line = here.line_from(position)
            position += len(line)
            if indent_width(line) >= 4 and line.strip():
                end = position
            elif line.strip():
                break
        code = here.get_text(end)
        here.append_token({"type": "block_code", "raw": code, "style": "indent", "opening": code})
        return end

    def parse_atx_heading(self, m: re.Match[str], state: BlockState) -> int:
        marks, text = m.group("atx_1", "atx_2")
        text = text.strip(" \n")
        untrailed = text.rstrip("#")
        if untrailed != text and untrailed[-1:] in ("", " "):
            text = untrailed.rstrip(" ")
        opening = m.group().lstrip(" ")
        state.append_token(
            {"type": "heading", "text": text, "attrs": {"level": len(marks)}, "opening": opening}
        )
        return m.end() + 1

    def parse_raw_html(self, m: re.Match[str], state: BlockState) -> int | None:
        here = cast(BlockCursor, state)
        line, count = here.line(), len(here.tokens)
        end = super().parse_raw_html(m, here)
        if len(here.tokens) > count:
            here.tokens[-1]["line"] = line
        return end

    def parse_ref_link(self, m: re.Match[str], state: BlockState) -> int | None:
        here = cast(BlockCursor, state)
        if end := here.append_paragraph():
            return end
        source = here.src
        href, after = parse_link_href(source, m.end(), block=True)
        if not m["reflink_1"].strip() or href is None or after is None:
            return None
        end = None
        if _BEFORE_TITLE.match(source, after):
            _, end = parse_link_title(source, after, here.cursor_max)
        rest = (end and _BLANK_REST.match(source, end)) or _BLANK_REST.match(source, after)
        return rest.end() if rest else None

    def parse_setex_heading(self, m: re.Match[str], state: BlockState) -> int | None:
        here = cast(BlockCursor, state)
        if here.line() in here.env["lazy"]:
            return None
        return super().parse_setex_heading(m, here)

    def parse_block_quote(self, m: re.Match[str], state: BlockState) -> int:
        here = cast(BlockCursor, state)
        source, position = here.src, here.cursor
        first = number = here.line()
        chunks: list[str] = []
        open_blocks = OpenBlocks()
        while position < here.cursor_max:
            if quoted := _QUOTED_LINES.match(source, position):
                position = quoted.end()
                number += quoted[0].count("\n")
                chunks.append(_QUOTE_MARKERS.sub("", quoted[0]))
            elif open_blocks.accepts_lazy_line(chunks, line := here.line_from(position)):
                here.env["lazy"].add(number)
                position += len(line)
                number += 1
                chunks.append(line)
            else:
                break
        child = here.child("".join(chunks), first)
        self.read_blocks(child)
        here.append_token({"type": "block_quote", "children": child.tokens, "line": first})
        return position

    def parse_list(self, m: re.Match[str], state: BlockState) -> int:
        here = cast(BlockCursor, state)
        marker, rest = m.group("list_2", "list_3")
        if (not rest.strip() or (marker[:-1] and int(marker[:-1]) != 1)) and (end := here.append_paragraph()):
            return end
        items: list[Token] = []
        token: Token = {"type": "list", "children": items, "line": here.line()}
        item: re.Match[str] | None = m
        while item and item.lastgroup == "list" and item["list_2"][-1] == marker[-1]:
            here.cursor = self._parse_item(item, here, items)
            item = self._next_item(here.src, here.cursor)
        here.append_token(token)
        return here.cursor

    def _parse_item(self, m: re.Match[str], state: BlockCursor, items: list[Token]) -> int:
        """Read the item at the cursor, and return the offset after it and the blank lines below."""
        source, first = state.src, state.line()
        indent, marker, rest = m.group("list_1", "list_2", "list_3")
        padding = item_padding(rest)
        width = len(indent) + len(marker) + padding
        chunks = [rest[padding:] + "\n"]
        open_blocks = OpenBlocks()
        position = m.end() + 1
        if not rest.strip() and (blank := _BLANK_LINE.match(source, position)):
            position = blank.end()
        else:
            end = self._rest_of_item(state, position, first + 1, width, chunks, open_blocks)
            position = cast(re.Match[str], _BLANK_LINES.match(source, end)).end()
            if position > end and any("```" in chunk or "~~~" in chunk for chunk in chunks):
                open_blocks.read_up_to(chunks)
                if open_blocks.fence:
                    chunks.append(indented_lines(width)[1].sub("", source[end:position]))
        child = state.child("".join(chunks), first)
        self.read_blocks(child)
        items.append({"children": child.tokens, "line": first, "marker": marker, "opening": marker + rest})
        return position

    def _rest_of_item(
        self,
        state: BlockCursor,
        position: int,
        number: int,
        width: int,
        chunks: list[str],
        open_blocks: OpenBlocks,
    ) -> int:
        """Add the text of an item from its second line on, which has this number, and return its end."""
        source, lazy = state.src, state.env["lazy"]
        lines, indent = indented_lines(width)
        while position < state.cursor_max:
            first = source[position]
            if first in " \n" and (run := lines.match(source, position)):
                text = run[0]
                after = number + text.count("\n")
                if lazy and not lazy.isdisjoint(range(number, after)):
                    numbered = enumerate(_LINE.findall(text), number)
                    text = "".join(line if at in lazy else line[width:] or "\n" for at, line in numbered)
                else:
                    text = indent.sub("", text)
                chunks.append(text)
                position, number = run.end(), after
                continue
            if first == "\n" or LIST_MARKER.match(source, position):
                break
            line = state.line_from(position)
            if number not in lazy:
                if not open_blocks.accepts_lazy_line(chunks, line):
                    break
                lazy.add(number)
            chunks.append(line)
            position += len(line)
            number += 1
        return position


_PARSER = MarkdownBlockParser()


def parse_blocks(text: str) -> list[Token]:
    """Return mistune's tokens for a text, as CommonMark reads it; see `read_tokens`."""
    return read_tokens(_PARSER, text)


def read_tokens(parser: MarkdownBlockParser, text: str) -> list[Token]:
    """Return the tokens of a text, each with the index of its first `line`.

    The line ends of the text are `\n`. A token has `opening`, the rest of that line from the token's first
    character on, if its text does not contain it. A tab counts as spaces up to the next of the columns 4, 8,
    12 …, as in CommonMark.
    """
    state = BlockCursor()
    expanded = text.expandtabs(TAB_STOP) if "\t" in text else text
    state.process(expanded if expanded.endswith("\n") else expanded + "\n")
    parser.read_blocks(state)
    return state.tokens
