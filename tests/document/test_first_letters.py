"""Tests that a title or a label with one of the known words is never taken for one without."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_exec.document.flow import labels
from runbook_exec.document.outline import titles

WORDS = {
    "never a step": (titles._NEVER_STEP, titles._NEVER_STEPS),
    "irreversible": (titles._IS_IRREVERSIBLE, titles._IRREVERSIBLE_BEGINNINGS),
    "stopping": (titles._IS_STOPPING, titles._STOPPING_BEGINNINGS),
    "helping": (titles._HELPING, titles._HELPING_BEGINNINGS),
    "reference": (titles._REFERENCE, titles._REFERENCE_BEGINNINGS),
    "frame": (titles._FRAME, titles._FRAME_BEGINNINGS),
    "mending": (titles._MENDING, titles._MENDING_BEGINNINGS),
    "shown": (titles._SHOWN, titles._SHOWN_BEGINNINGS),
    "alternative": (titles._ALTERNATIVE, titles._ALTERNATIVE_BEGINNINGS),
    "system": (titles._SYSTEM, titles._SYSTEM_BEGINNINGS),
}


@pytest.mark.parametrize("kind", WORDS)
@given(st.data())
def test_every_title_that_a_pattern_matches_has_a_word_that_begins_so(kind: str, data: st.DataObject) -> None:
    """The first letters of the words, which are looked up first, miss no title that the pattern matches."""
    pattern, beginnings = WORDS[kind]
    title = data.draw(st.from_regex(pattern.pattern, fullmatch=True))
    assert titles._may_begin(title, beginnings), title
    assert titles._may_begin(title.upper(), beginnings), title


@given(st.from_regex(labels._BEGINNING.pattern, fullmatch=True))
def test_every_label_of_a_system_begins_with_known_letters(label: str) -> None:
    """The first letters of a label, which are looked up first, miss no system, distribution or tool."""
    for text in filter(str.isascii, (label, label.upper())):
        assert labels._read_first_word(text)[:3] in labels._BEGINNINGS, text
