"""Markdown → tokens that know their lines: mistune's block grammar; the only module that knows mistune.

mistune reads a list item or a quote by cutting its lines out into a text of their own, so a token knows
nothing of the file. Here lists and quotes do the cutting themselves and tell each text the line it begins
on. They also end where CommonMark ends them: mistune takes the line below an unclosed fence into the fence,
and recurses once for every quote that follows a list.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, cast

from mistune.block_parser import BlockParser
from mistune.core import BlockState

from .containers import LIST_MARKER, QUOTE_MARKER, Tip, indentation, item_padding
from .source import TAB_STOP

Token = dict[str, Any]


class _State(BlockState):
    """mistune's cursor over one text, which here knows the line of the body the text begins on."""

    first = 0
    _counted = 0
    _line = 0

    def line(self) -> int:
        """The index of the body's line the cursor is on."""
        if self.cursor >= self._counted:
            self._line += self.src.count("\n", self._counted, self.cursor)
        else:
            self._line -= self.src.count("\n", self.cursor, self._counted)
        self._counted = self.cursor
        return self.first + self._line

    def line_from(self, position: int) -> str:
        """The text from `position` on, to the end of its line and with it."""
        end = self.src.find("\n", position)
        return self.src[position:] if end < 0 else self.src[position : end + 1]

    def append_token(self, token: Token) -> None:
        token.setdefault("line", self.line())
        self.tokens.append(token)

    def add_paragraph(self, text: str) -> None:
        last = self.last_token()
        if last and last["type"] == "paragraph":
            last["text"] += text
        else:
            self.append_token({"type": "paragraph", "text": text})

    def child(self, lines: list[str], first: int) -> _State:
        """A state for the text of an item or a quote, whose first line stands on the body's line `first`."""
        child = _State(self)
        child.process("".join(lines))
        child.first = first
        return child


class _Parser(BlockParser):
    """mistune's block grammar with lists and quotes that keep count of lines."""

    state_cls = _State
    SPECIFICATION: ClassVar[dict[str, str]] = BlockParser.SPECIFICATION | {"indent_code": r"^ {4} *\S"}

    def parse(self, state: BlockState, rules: list[str] | None = None) -> None:
        """Read a text block by block; mistune's own loop looks for the next block character by character."""
        begins_block = self.compile_sc(rules).match
        source, end = state.src, state.cursor_max
        while state.cursor < end:
            match = None if source[state.cursor].isalpha() else begins_block(source, state.cursor)
            position = self.parse_method(match, state) if match else None
            if not position:
                position = state.find_line_end()
                while position < end and (source[position].isalpha() or not begins_block(source, position)):
                    position = source.find("\n", position) + 1 or end
                state.add_paragraph(state.get_text(position))
            state.cursor = position

    def parse_fenced_code(self, m: re.Match[str], state: BlockState) -> int | None:
        end = super().parse_fenced_code(m, state)
        if end is not None:
            token = state.tokens[-1]
            token["opening"] = state.src[m.start("fenced_2") : m.end()]
            raw = token["raw"]
            token["lines"] = raw[:-1].split("\n") if raw else []
            token["closed"] = state.src.count("\n", state.cursor, end) == len(token["lines"]) + 2
        return end

    def parse_indent_code(self, m: re.Match[str], state: BlockState) -> int:
        here = cast(_State, state)
        if end := here.append_paragraph():
            return end
        position = end = here.cursor
        while position < here.cursor_max:
            line = here.line_from(position)
            position += len(line)
            if indentation(line) >= 4 and line.strip():
                end = position
            elif line.strip():
                break
        code = here.get_text(end)
        here.append_token({"type": "block_code", "raw": code, "style": "indent", "opening": code})
        return end

    def parse_atx_heading(self, m: re.Match[str], state: BlockState) -> int:
        text = m.group("atx_2").strip(" \n")
        untrailed = text.rstrip("#")
        if untrailed != text and untrailed[-1:] in ("", " "):
            text = untrailed.rstrip(" ")
        token = {"type": "heading", "text": text, "attrs": {"level": len(m.group("atx_1"))}, "style": "atx"}
        state.append_token(token | {"opening": m.group().lstrip(" ")})
        return m.end() + 1

    def parse_raw_html(self, m: re.Match[str], state: BlockState) -> int | None:
        here = cast(_State, state)
        line, count = here.line(), len(here.tokens)
        end = super().parse_raw_html(m, here)
        if len(here.tokens) > count:
            here.tokens[-1]["line"] = line
        return end

    def parse_setex_heading(self, m: re.Match[str], state: BlockState) -> int | None:
        here = cast(_State, state)
        if here.line() in here.env["lazy"]:
            return None
        return super().parse_setex_heading(m, here)

    def parse_block_quote(self, m: re.Match[str], state: BlockState) -> int:
        here = cast(_State, state)
        first = here.line()
        lines: list[str] = []
        tip = Tip()
        position = here.cursor
        while position < here.cursor_max:
            line = here.line_from(position)
            marker = QUOTE_MARKER.match(line)
            if marker:
                content = line[marker.end() :]
            elif tip.lazy(lines, line):
                content = line
                here.env["lazy"].add(first + len(lines))
            else:
                break
            lines.append(content)
            position += len(line)
        child = here.child(lines, first)
        self.parse(child, self._rules(here))
        here.append_token({"type": "block_quote", "children": child.tokens, "line": first})
        return position

    def parse_list(self, m: re.Match[str], state: BlockState) -> int:
        here = cast(_State, state)
        number = m.group("list_2")[:-1]
        if (not m.group("list_3").strip() or (number and int(number) != 1)) and (
            end := here.append_paragraph()
        ):
            return end
        token: Token = {"type": "list", "children": [], "line": here.line()}
        position, line = here.cursor, here.line()
        kind = m.group("list_2")[-1]
        while position < here.cursor_max and self._continues(here, position, kind):
            end = self._parse_item(here, position, line, token["children"])
            line += here.src.count("\n", position, end)
            position = end
        here.append_token(token)
        return position

    def _parse_item(self, state: _State, position: int, first: int, items: list[Token]) -> int:
        """Read the item whose marker is at `position`, and return where it and the blank lines below end."""
        line = state.line_from(position)
        marker = cast(re.Match[str], LIST_MARKER.match(line))
        rest = line[marker.end() :]
        empty = not rest.strip()
        width = marker.end() + item_padding(rest)
        lines = [line[width:] or "\n"]
        tip = Tip()
        blank: list[str] = []
        position += len(line)
        while position < state.cursor_max:
            line = state.line_from(position)
            if not line.strip(" \n"):
                blank.append(line[width:] or "\n")
                if empty and len(lines) == 1:
                    position += len(line)
                    break
            elif first + len(lines) + len(blank) in state.env["lazy"]:
                lines.append(line)
            elif indentation(line) >= width:
                lines += [*blank, line[width:]]
                blank = []
            elif not blank and tip.lazy(lines, line):
                state.env["lazy"].add(first + len(lines))
                lines.append(line)
            else:
                break
            position += len(line)
        if blank and any("```" in line or "~~~" in line for line in lines):
            tip.read_up_to(lines)
            lines += blank if tip.fence else []
        child = state.child(lines, first)
        self.parse(child, self._rules(state))
        written = marker.group().lstrip(" ")
        opening = written + rest.rstrip("\n")
        items.append({"children": child.tokens, "line": first, "marker": written, "opening": opening})
        return position

    def _continues(self, state: _State, position: int, kind: str) -> bool:
        """Whether the line at `position` is another item of a list whose markers end in `kind`."""
        match = self.compile_sc(["thematic_break", "list"]).match(state.src, position)
        return match is not None and match.lastgroup == "list" and match.group("list_2")[-1] == kind

    def _rules(self, state: _State) -> list[str]:
        """The rules for the inside of a list item or quote: without those two once nested too deep."""
        if state.depth() < self.max_nested_level - 1:
            return list(self.rules)
        return [rule for rule in self.rules if rule not in ("list", "block_quote")]


_PARSER = _Parser()


def tokens(text: str) -> list[Token]:
    """mistune's tokens for a text whose lines end in `\\n`, each with the index of the `line` it begins on.

    `opening` is, where it is not plain from the token's text, what stands on that line from the token's first
    character on. Tabs read as spaces up to the next of the columns 4, 8, 12 …, as CommonMark counts them.
    """
    state = _State()
    state.env["lazy"] = set()
    expanded = text.expandtabs(TAB_STOP)
    state.process(expanded if expanded.endswith("\n") else expanded + "\n")
    _PARSER.parse(state)
    return state.tokens
