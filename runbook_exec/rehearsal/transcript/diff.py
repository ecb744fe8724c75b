"""Shows the expected and the received call or output, one below the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...text.sequences import compare_sequences, mark_differing_lines
from .call_syntax import CallWord, quote_word
from .pattern import insert_names, matches_word

_MAX_LINES = 12  # lines of a difference that are printed


def format_call_diff(expected: Sequence[CallWord], words: Sequence[str], values: Mapping[str, str]) -> str:
    """Return the expected and the received call, with carets below the words that differ."""
    theirs = [quote_word(word.pattern) for word in expected]
    ours = [quote_word(insert_names(word, values)) for word in words]
    keys = [
        ours[index]
        if index < len(ours) and matches_word(word.pattern, words[index], values)
        else theirs[index]
        for index, word in enumerate(expected)
    ]
    below: list[str] = []
    marked: list[str] = []
    for kind, _, _, start, end in compare_sequences(keys, ours).get_opcodes():
        for word in ours[start:end]:
            one_line = word.replace("\n", "␊")
            below.append(one_line)
            marked.append(("^" if kind != "equal" else " ") * len(one_line))
        if kind == "delete":
            marked.append("^")
            below.append(" ")
    left = " ".join(theirs).replace("\n", "␊")
    lines = [f"expected: {left}", f"     got: {' '.join(below)}".rstrip()]
    carets = " ".join(marked).rstrip()
    return "\n".join([*lines, f"          {carets}"] if carets else lines)


def format_line_diff(expected: str, got: str) -> str:
    """Return the lines of two texts, marked `-` and `+` where only one of them has the line."""
    differing = mark_differing_lines(expected, got)
    shown = differing[:_MAX_LINES]
    more = len(differing) - len(shown)
    return "\n".join(["- expected, + got:", *shown, *([f"  … {more} lines more"] if more else [])])
