"""Escape sequences and control characters: taken out, or made visible."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def replace_unprintable(text: str) -> str:
    """The text with each character that would move a terminal's cursor replaced by one that does not."""
    return _UNPRINTABLE.sub("\ufffd", text)


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def show_controls(text: str) -> str:
    """The text with control characters as pictures, so that none of them moves the cursor."""
    return _CONTROL.sub(lambda m: chr(0x2400 + ord(m[0])) if ord(m[0]) < 32 else "␡", text)


def escape_unprintable(text: str) -> str:
    """The text with all that would not be seen, or would make it look like another, written out."""
    return "".join(
        c if c.isprintable() else "    " if c == "\t" else c.encode("unicode_escape", "replace").decode()
        for c in text
    )


# Control sequences, control strings such as titles and links, and the short escapes. A control string that
# is longer, or any sequence that is malformed, is text like any other.
LONGEST_ESCAPE = 2048

_PARAMETERS = rb"[0-?]{0,64}[ -/]{0,4}"

_STRING = rb"[\]PX^_][^\x07\x1b]{0,%d}+" % LONGEST_ESCAPE

ESCAPE = re.compile(
    rb"\x1b(?:\[%b[@-~]|%b(?:\x07|\x1b\\)|[ -/]{0,4}[0-OQ-WYZ\\`-~])" % (_PARAMETERS, _STRING)
)

UNFINISHED_ESCAPE = re.compile(rb"\x1b(?:\[%b|%b\x1b?|[ -/]{0,4})\Z" % (_PARAMETERS, _STRING))


LINE_ENDS = re.compile(rb"[\r\n]+")


_TABS_AND_LINE_ENDS = "\t\n"

_CONTROL_AND_BIDI = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def strip_ansi(text: str) -> str:
    """Output as text: without escape sequences, control characters as pictures, line ends as newlines.

    Of a line that is written over and over, as those of progress bars are, the last is shown. Nothing that
    stood apart is ever put together: what was masked stays so.
    """
    data = ESCAPE.sub(b"", text.encode("utf-8", "surrogateescape"))
    lines = data.decode("utf-8", "replace").split("\n")
    return "\n".join(_CONTROL_AND_BIDI.sub(_picture, _last_written(line)) for line in lines)


def _last_written(line: str) -> str:
    return next((part for part in reversed(line.split("\r")) if part), "")


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 32 else "␡" if code == 127 else "\ufffd"
