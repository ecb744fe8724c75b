"""Finds characters in commands that a word processor or a copied page has put there, and broken line ends."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from ...light_classes import NamedTuple
from ...shells.base import Scan
from ...shells.quoting import Context
from ...text.lazy_pattern import LazyPattern

# blanks that no shell takes for blanks
_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"

_INVISIBLE = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff"

_DIRECTIONS = "\u202a-\u202e\u2066-\u2069"

_QUOTES = "\u2018-\u201f\u2032\u2033\u00ab\u00bb\u00b4\uff02\uff07"

_DASHES = "\u2010-\u2015\u2212\ufe58\ufe63\uff0d"

_CANDIDATE = LazyPattern(
    rf"(?P<blank>[{_BLANKS}])|(?P<direction>[{_DIRECTIONS}])|(?P<invisible>[{_INVISIBLE}])"
    rf"|(?P<quote>(?<![^\s=(,:;|&])[{_QUOTES}]|[{_QUOTES}](?=[\s),;|&]|$))"
    rf"|(?P<dash>(?<!\S)[{_DASHES}]++(?=[\w-]))",
    re.MULTILINE,
)

_LINE_END = LazyPattern(rf"\\(?P<blanks>[ \t{_BLANKS}]*+)(?:\n|\Z)", re.MULTILINE)

_NEXT_LINE = LazyPattern(r"(?P<empty>[ \t]*\n\s*\S)|(?P<comment>[ \t]*#)", re.MULTILINE)

_AFTER_COMMENTS = LazyPattern(r"(?:[ \t]*#[^\n]*\n)+[ \t]*(?P<option>-)?", re.MULTILINE)

_PLAIN = {
    "quote": "`'` or `\"`",
    "dash": "`-`",
    "blank": "a blank",
    "invisible": "nothing",
    "direction": "nothing",
}

_KINDS = {
    "quote": "a typographic quote, which quotes nothing",
    "dash": "a typographic dash, which begins no option",
    "blank": "a blank that separates no words",
    "invisible": "an invisible character, which is a part of the word",
    "direction": "a character that changes the order in which the line is shown",
}


class SuspiciousText(NamedTuple):
    """A stretch of a script, what is wrong with it, and what to write instead.

    `is_certain` is true for what cannot be meant so: the block is refused. `asks` is false for what is
    probably harmless.
    """

    start: int
    end: int
    message: str
    advice: str
    is_certain: bool = False
    asks: bool = True


def find_suspicious_text(script: str, scan: Scan) -> list[SuspiciousText]:
    """Return what is suspicious in a script, in order."""
    found: list[SuspiciousText] = []
    if not script.isascii():
        found += _find_characters(script, scan)
    if "\\" in script:
        found += _find_line_ends(script, scan)
    return sorted(found)


def _find_characters(script: str, scan: Scan) -> Iterator[SuspiciousText]:
    starts = [start for start, _ in scan.statements]
    for match in _CANDIDATE.finditer(script):
        kind, (start, end) = match.lastgroup or "", match.span()
        after = bisect_right(starts, start)
        in_statement = after > 0 and start < scan.statements[after - 1][1]
        # a direction mark may hide a part of a comment or of quoted text, too
        if kind != "direction" and not (in_statement and _is_syntax(start, end, scan)):
            continue
        code = f"U+{ord(match[0][0]):04X}"
        name = _name_character(match[0][0])
        shown = f"`{match[0]}` ({code})" if kind in ("quote", "dash") else f"{code} ({name})"
        yield SuspiciousText(start, end, f"{shown} is {_KINDS[kind]}", f"write {_PLAIN[kind]} instead")


def _name_character(character: str) -> str:
    from unicodedata import name  # a large module, which only such a character needs

    return name(character, "no name").lower()


def _is_syntax(start: int, end: int, scan: Scan) -> bool:
    """Return whether a stretch is outside of quotes, here-documents and comments."""
    return not scan.in_comment(start) and scan.context(start, end) in (Context.BARE, Context.UNSAFE)


def _find_line_ends(script: str, scan: Scan) -> Iterator[SuspiciousText]:
    for match in _LINE_END.finditer(script):
        start = match.start()
        if (start - len(script[:start].rstrip("\\"))) % 2 or not _is_syntax(start, start + 1, scan):
            continue
        if not script[match.end() :].strip():
            yield SuspiciousText(
                start,
                start + 1,
                "`\\` continues the line, and the block ends here",
                "remove the `\\`, or add the line that belongs after it",
                is_certain=True,
            )
        elif match["blanks"]:
            yield SuspiciousText(
                start,
                match.end("blanks"),
                "a blank after `\\` ends the command here, and the next line is a command of its own",
                "remove the blank after the `\\`",
                is_certain=True,
            )
        elif after := _NEXT_LINE.match(script, match.end()):
            yield _explain_next_line(script, match, after)


def _explain_next_line(script: str, line_end: re.Match[str], after: re.Match[str]) -> SuspiciousText:
    start = line_end.start()
    if after["empty"]:
        return SuspiciousText(
            start,
            start + 1,
            "`\\` continues the line, and the next line is empty: the command ends there",
            "remove the `\\`, or the empty line",
            asks=False,
        )
    rest = _AFTER_COMMENTS.match(script, line_end.end())
    return SuspiciousText(
        start,
        start + 1,
        "`\\` continues the line into a comment: the command ends there",
        "move the comment above the command",
        is_certain=rest is not None and rest["option"] is not None,
        asks=False,
    )
