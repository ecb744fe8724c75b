"""Parses a page as sites render it: CommonMark with admonitions, tabs, and Markdown inside HTML."""

from __future__ import annotations

import re
from typing import ClassVar, cast

from ...text.lazy_pattern import LazyPattern
from .containers import indented_lines
from .cursor import BlockCursor, BlockState, Token
from .parser import FIRST_CHARACTERS, MarkdownBlockParser, read_tokens

# Python-Markdown's `!!! note "Title"`, `??? note` and `=== "Tab"`; their text is indented by four spaces
_INSET = (
    r"^(?P<inset_1> {0,3})(?P<inset_2>!!! ?\w[^\n]*|\?\?\?\+? ?[\w\"'][^\n]*"
    r"|===[!+]{0,2} +(?:\"[^\"\n]*\"|'[^'\n]*') *)$"
)

# MyST's directives whose content is Markdown, as the words after a fence
_DIRECTIVE = LazyPattern(
    r"[ \t]*\{(?:note|tip|hint|important|warning|caution|attention|danger|error|seealso|admonition|topic"
    r"|sidebar"
    r"|tab-set|tab-item|tab|dropdown|details|card|grid|grid-item|grid-item-card|div|container|exercise"
    r"|solution)\}"
)

_FENCE_LINE = LazyPattern(r"^ *(?:`{3,}[^`\n]*|~{3,}[^\n]*)$", re.MULTILINE)

_LONE_TAG = LazyPattern(r" {0,3}</?[A-Za-z][^<>\n]*>[ \t]*$", re.MULTILINE)

_VERBATIM = LazyPattern(r" {0,3}(?:<!|<\?|</?(?:pre|script|style|textarea)\b)", re.IGNORECASE)


class _PageBlockParser(MarkdownBlockParser):
    """The same grammar with what sites add to CommonMark: admonitions, tabs, and Markdown inside HTML.

    A block that such a site shows as code is a fence here, where CommonMark has indented code or HTML.
    """

    SPECIFICATION: ClassVar[dict[str, str]] = MarkdownBlockParser.SPECIFICATION | {"inset": _INSET}

    def __init__(self) -> None:
        super().__init__({"inset": "!?=", **FIRST_CHARACTERS})

    def parse_inset(self, m: re.Match[str], state: BlockState) -> int:
        """Read `!!! note`, `??? note` or `=== "tab"`, with the lines below that are indented."""
        here = cast(BlockCursor, state)
        first, width = here.line(), len(m["inset_1"]) + 4
        lines, indent = indented_lines(width)
        start = m.end() + 1
        run = lines.match(here.src, start)
        end = run.end() if run else min(start, here.cursor_max)
        child = here.child(indent.sub("", run[0]) if run else "", first + 1)
        self.read_blocks(child)
        here.append_token({"type": "inset", "children": child.tokens, "line": first, "opening": m["inset_2"]})
        return end

    def parse_fenced_code(self, m: re.Match[str], state: BlockState) -> int | None:
        here = cast(BlockCursor, state)
        end = super().parse_fenced_code(m, here)
        info = m["fenced_3"]
        if (
            end is None
            or "{" not in info
            or here.nesting >= self.max_nested_level
            or not _DIRECTIVE.match(info)
        ):
            return end
        fence = here.tokens[-1]
        if fence["closed"] and fence["lines"]:
            child = here.child("\n".join((*fence["lines"], "")), fence["line"] + 1)
            self.read_blocks(child)
            here.tokens[-1] = {
                "type": "inset",
                "children": child.tokens,
                "line": fence["line"],
                "opening": fence["opening"],
            }
        return end

    def parse_indent_code(self, m: re.Match[str], state: BlockState) -> int:
        here = cast(BlockCursor, state)
        count, first = len(here.tokens), here.line()
        end = super().parse_indent_code(m, here)
        if len(here.tokens) == count or here.nesting >= self.max_nested_level:
            return end
        if width := _find_code_indent(here.tokens[-1]["raw"]):
            code = here.tokens.pop()["raw"]
            child = here.child(indented_lines(width)[1].sub("", code), first)
            self.read_blocks(child)
            here.append_token({"type": "indented", "children": child.tokens, "line": first})
        return end

    def parse_raw_html(self, m: re.Match[str], state: BlockState) -> int | None:
        here = cast(BlockCursor, state)
        count, start = len(here.tokens), here.cursor
        last = here.last_token()
        if (
            start < here.html_end
            and not _is_verbatim_html(m[0])
            and _LONE_TAG.match(here.src, start)
            and (last is None or last["type"] != "paragraph")
        ):
            end: int | None = here.html_end
            here.append_token({"type": "block_html", "raw": ""})
        else:
            end = super().parse_raw_html(m, here)
        if end is None or len(here.tokens) == count or _is_verbatim_html(m[0]):
            return end
        fence = _FENCE_LINE.search(here.src, start, end)
        if fence is not None:
            here.html_end, end = end, fence.start()
        here.tokens[-1]["raw"] = here.src[start:end]
        return end


_PAGE_PARSER = _PageBlockParser()


def parse_page_blocks(text: str) -> list[Token]:
    """Return the tokens of a page as `read_tokens` does, with those of `inset` and `indented` text."""
    return read_tokens(_PAGE_PARSER, text)


def _find_code_indent(code: str) -> int:
    """Return the width that makes a fence of indented code a fence; 0 if it holds no fence."""
    fence = _FENCE_LINE.search(code)
    if fence is None:
        return 0
    return min(len(line) - len(line.lstrip(" ")) for line in code.split("\n") if line.strip())


def _is_verbatim_html(opening: str) -> bool:
    """Return whether a block of HTML that begins so holds no Markdown: a comment, `<pre>`, a script."""
    return _VERBATIM.match(opening) is not None
