"""Escape sequences and characters that cannot be seen."""

from __future__ import annotations

import re

import pytest

from runbook_exec.text.ansi import escape_unprintable, escape_unprintable_code, flatten_output, strip_ansi

MEANT = [
    ("\x1b[31mred\x1b[0m", "red"),
    ("\x1b[?2004hx", "x"),
    ("\x1b]0;a title\x07x", "x"),
    ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
    ("\x1bPq#0;2;0;0;0\x1b\\x", "x"),
    ("\x1b_application\x1b\\x", "x"),
    ("\x1b^private\x1b\\x", "x"),
    ("\x1bXstring\x1b\\x", "x"),
    ("\x1b(Bx\x1bM", "x"),
    ("\x9b31mred\x9b0m", "red"),
    ("\x9dtitle\x9cx", "x"),
    ("\x90inside\x9c\x98inside\x9c\x9einside\x9c\x9finside\x9cx", "x"),
    ("x\x1b]0;no end", "x"),
    ("x\x1b[3", "x"),
    ("x\x1b", "x"),
    ("“x”".encode().decode("latin-1"), "“x”".encode().decode("latin-1")),
]


@pytest.mark.parametrize(("text", "meant"), MEANT)
def test_escape_sequences_are_removed(text: str, meant: str) -> None:
    """All kinds, of 7 and of 8 bits, with and without an end; text that was decoded twice stays."""
    assert strip_ansi(text) == meant


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\r",
        "\x1b",
        "\x7f",
        "\x9b",
        "\u2028",
        "\u2029",
        "\u202e",
        "\u2066",
        "\u061c",
        "\u200f",
        "\u200b",
        "\u200d",
        "\u2060",
        "\ufeff",
        "\xad",
        "\u3164",
        "\ufe0f",
        "\U000e0041",
        "\udcff",
    ],
)
def test_characters_that_cannot_be_seen_are_written_out(character: str) -> None:
    """Controls, separators, what turns text around and what has no width, in text and in code."""
    written = character.encode("unicode_escape", "surrogatepass").decode()
    assert escape_unprintable(f"a{character}b") == f"a{written}b"
    assert escape_unprintable_code(f"a{character}b") == f"a{written}b"


@pytest.mark.parametrize(
    "text", ["a\tb\nc", "Prüfung 東京 ☃", "👩\u200d🚀", "⚠\ufe0f", "1\ufe0f\u20e3", "نمی\u200cخواهم"]
)
def test_ordinary_text_stays(text: str) -> None:
    """Tabs, line ends, letters of all scripts and emoji."""
    assert escape_unprintable(text) == text


def test_a_blank_that_is_no_blank_is_written_out_in_code() -> None:
    """A shell reads a no-break space as part of a word; in prose it is a space."""
    assert escape_unprintable_code("rm -r\xa0a") == r"rm -r\xa0a"
    assert escape_unprintable("10\xa0kB") == "10\xa0kB"


def test_output_is_flattened_without_joining_its_parts() -> None:
    """Only sequences that the masker sees through are removed; others stay, made visible."""
    assert flatten_output("\x1b[1mbold\x1b[0m\n10 %\r20 %\r\n") == "bold\n20 %\n"
    for between in ("\x9b31m", "\x1b]0;" + "t" * 3000 + "\x07", "\x1b[" + "1" * 100 + "m", "\u202e"):
        flat = flatten_output(f"sec{between}ret")
        assert "secret" not in flat
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", flat)


def test_short_and_long_texts_write_out_the_same_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every character is written out, or stays, in a short text as in a long one, which has a pattern."""
    numbers = (*range(0x20000), *range(0xE0000, 0xE1000))  # the others are alike
    texts = [f"é{chr(number)}\n\té" for number in numbers]
    written = list(map(escape_unprintable, texts))
    monkeypatch.setattr("runbook_exec.text.ansi._SHORT", 0)
    as_long = map(escape_unprintable, texts)
    assert [hex(n) for n, short, long in zip(numbers, written, as_long, strict=True) if short != long] == []
