"""Tests that plain lines of front matter are read without PyYAML as PyYAML reads them."""

from __future__ import annotations

import datetime
import string

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from runbook_exec.document.front_matter.bounds import find_bounds
from runbook_exec.document.front_matter.plain import read_plain_matter
from runbook_exec.document.front_matter.reader import read_front_matter
from runbook_exec.text.yaml import YamlError, load_yaml

PIECES = st.sampled_from(
    [
        *(
            "yes",
            "No",
            "NULL",
            "on",
            "y",
            "~",
            "true",
            "Off",
            "runbook",
            "title",
            "Ä",
            "é",
            "ﬁ",
            "x",
            "a b",
            "1",
        ),
        *("2026-01-02", "2026-02-30", "2026-1-2", "12", "1_000", "1.5", "0x1f", "1e3", ".inf", "12:30"),
        *(" ", "  ", ":", ": ", " #", "#", "-", "- ", ",", ", ", ";", "[", "]", "[a]", "[a, b]", "[ a ,b]"),
        *("'", '"', "!", "?", "(", ")", "/", ".", "+", "|", ">", "&a", "*a", "<<", "{", "}", "%", "\t", "\r"),
        *("---", "...", "=", "\N{NO-BREAK SPACE}", "\u2028", "\x85", "_", "\ufeff"),
    ]
)

VALUES = st.lists(PIECES, max_size=5).map("".join)

KEYS = st.one_of(st.sampled_from(["title", "tags", "last-reviewed", "Date", "on", "x"]), VALUES)

LINES = st.one_of(
    st.tuples(KEYS, st.sampled_from([": ", ":", ":  "]), VALUES).map("".join),
    st.text(string.printable, max_size=20),
)


@given(st.lists(LINES, max_size=4).map("\n".join))
@example("title: Rotate the token\ntags: [how-to, certificates]\nlast-reviewed: 2026-03-01")
@example("title: one\ntitle: two")
@example("day: 2026-02-30")
def test_plain_lines_are_read_as_pyyaml_reads_them(lines: str) -> None:
    """Front matter of plain lines has the same data as with PyYAML, and no problems."""
    text = f"---\n{lines}\n---\n\n# Page\n"
    bounds = find_bounds(text)
    if bounds is not None and (plain := read_plain_matter(text, bounds)) is not None:
        assert plain == read_front_matter(text, bounds)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("a: Rotate the token, by hand (2)", "Rotate the token, by hand (2)"),
        ("a: [how-to, two words]", ["how-to", "two words"]),
        ("a: 2026-03-01", datetime.date(2026, 3, 1)),
    ],
)
def test_usual_lines_are_plain(line: str, value: object) -> None:
    """Titles, tags and dates need no PyYAML."""
    text = f"---\n{line}\n---\n"
    plain = read_plain_matter(text, (4, text.rindex("---"), len(text)))
    assert plain is not None
    assert plain.data == {"a": value}


@given(VALUES)
@example("2026-03-01")
@example("NULL")
def test_scalars_are_resolved_as_pyyaml_resolves_them(written: str) -> None:
    """Text and dates, which are found without a pattern, have the values that PyYAML gives them."""
    text = f"a: {written}\n"
    try:
        data = load_yaml(text, 0, len(text)).data
    except YamlError:
        return
    assert data == yaml.load(text, yaml.CSafeLoader)
