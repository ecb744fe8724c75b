"""Positions of the protocol and offsets in a text: line ends, tabs, wide characters, marks."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position, PositionEncodingKind, TextDocumentContentChangePartial

from runbook_exec.lsp.edits import TextChange, find_change
from runbook_exec.lsp.pages import OpenPages, path_of, uri_of
from runbook_exec.lsp.positions import PositionMap

ENCODINGS = (PositionEncodingKind.Utf8, PositionEncodingKind.Utf16, PositionEncodingKind.Utf32)

TEXTS = st.lists(
    st.sampled_from(
        ["a", "\t", "é", "漢", "😀", "\n", "\r\n", "\r", "\u2028", "\x0c", "\x85", "\ufeff", "\ud800", "<x>"]
    )
).map("".join)


def units(text: str, encoding: str) -> int:
    """Return the length of a text in the units of an encoding, counted character by character."""
    if encoding == PositionEncodingKind.Utf32:
        return len(text)
    if encoding == PositionEncodingKind.Utf16:
        return sum(2 if ord(character) > 0xFFFF else 1 for character in text)
    return sum(1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF) for code in map(ord, text))


def expected_position(text: str, offset: int, encoding: str) -> Position:
    """Return the position of an offset that is not inside a line end."""
    lines = re.split(r"\r\n|\r|\n", text[:offset])
    return Position(len(lines) - 1, units(lines[-1], encoding))


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXTS)
def test_every_offset_has_its_position(encoding: str, text: str) -> None:
    """The position of each character is right, and leads back to it."""
    positions = PositionMap(text, encoding)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] == "\r\n" and offset:
            continue  # inside a line end
        position = positions.position(offset)
        assert position == expected_position(text, offset, encoding)
        assert positions.offset(position) == offset


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXTS, line=st.integers(0, 9), character=st.integers(0, 40))
def test_every_position_is_somewhere(encoding: str, text: str, line: int, character: int) -> None:
    """A position beyond its line is at its end, and one inside a character is before it."""
    positions = PositionMap(text, encoding)
    lines = re.split(r"\r\n|\r|\n", text)
    offset = positions.offset(Position(line, character))
    if line >= len(lines):
        assert offset == len(text)
        return
    found = positions.position(offset)
    assert found.line == line
    assert found.character <= character
    whole = units(lines[line], encoding)
    wide = 4 if encoding == PositionEncodingKind.Utf8 else 2
    assert found.character == whole if character >= whole else character - found.character < wide


@given(before=TEXTS, after=TEXTS)
def test_a_change_is_found(before: str, after: str) -> None:
    """The changed range is replaced, everything around it is the same, and offsets outside move with it."""
    change = find_change(before, after)
    assert before[: change.start] == after[: change.start]
    assert before[change.end :] == after[change.end + change.shift :]
    assert change.start <= change.end
    for offset in range(len(before)):
        if not change.start <= offset < change.end:
            assert after[change.move(offset)] == before[offset]
        else:
            assert change.start <= change.move(offset) <= max(change.end + change.shift, change.start)


@given(text=TEXTS, parts=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), TEXTS), max_size=4))
def test_changes_of_a_client_are_applied(text: str, parts: list[tuple[int, int, str]]) -> None:
    """The text after several changes is the client's, whatever characters it has."""
    pages = OpenPages()
    pages.put("file:///a.md", 1, text)
    changes = []
    for first, second, new in parts:
        start, end = sorted((min(first, len(text)), min(second, len(text))))
        if "\r\n" in (text[start - 1 : start + 1], text[end - 1 : end + 1]):
            continue
        positions = PositionMap(text)
        changes.append(TextDocumentContentChangePartial(positions.range(start, end), new))
        text = text[:start] + new + text[end:]
    page = pages.change("file:///a.md", 2, changes)
    assert page is not None
    assert page.text == text


def test_a_range_moves_with_a_change() -> None:
    """A range is changed if the change is inside it, and not if it is beside it."""
    change = TextChange(5, 7, 3)
    assert [change.touches(*each) for each in ((0, 5), (0, 6), (6, 7), (7, 9))] == [False, True, True, False]
    assert [change.move(each) for each in (0, 5, 7, 9)] == [0, 5, 10, 12]


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///notes/a%20b%23c%3Bd.md", "/notes/a b#c;d.md"),
        ("file:///a;b.md", "/a;b.md"),
        ("untitled:Untitled-1", "-"),
        ("vscode-remote://x/a.md", "-"),
        ("file:///a%00b.md", "-"),
        ("", "-"),
        ("http://[", "-"),
    ],
)
def test_a_uri_names_a_file(uri: str, path: str) -> None:
    """Characters of a path are decoded; anything else is a page that was never saved."""
    assert path_of(uri) == path
    if path != "-":
        assert path_of(uri_of(path)) == path
