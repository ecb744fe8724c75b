"""Recognises, removes and makes visible escape sequences and control characters."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from .lazy_pattern import LazyPattern

# The grammar of ECMA-48, as patterns for bytes and for text:
#   CSI      ESC [  parameters  intermediates  final       `\x1b[31m`
#   strings  ESC ]  P  X  ^  _  (OSC DCS SOS PM APC)  text  ended by BEL or ST, which is ESC \
#   others   ESC    intermediates  final                   `\x1bM`, `\x1b(B`
_PARAMETERS, _INTERMEDIATES, _CSI_FINAL = "[0-?]", "[ -/]", "[@-~]"
_STRING_STARTS = r"[\]PX^_]"
_OTHER_FINAL = r"[0-OQ-WYZ\\`-~]"  # not `[` and not the beginnings of strings

# In a stream of bytes, only complete sequences of bounded length count, and all else is text. The
# 8-bit forms are not searched, because their bytes are parts of UTF-8 characters.
LONGEST_ESCAPE = 2048

_BOUNDED_CSI = rf"\[{_PARAMETERS}{{0,64}}{_INTERMEDIATES}{{0,4}}"

_BOUNDED_STRING = rf"{_STRING_STARTS}[^\x07\x1b]{{0,{LONGEST_ESCAPE}}}"

_BOUNDED_OTHER = rf"{_INTERMEDIATES}{{0,4}}"

ESCAPE = LazyPattern(
    rf"\x1b(?:{_BOUNDED_CSI}{_CSI_FINAL}|{_BOUNDED_STRING}(?:\x07|\x1b\\)|{_BOUNDED_OTHER}{_OTHER_FINAL})".encode()
)

UNFINISHED_ESCAPE = LazyPattern(rf"\x1b(?:{_BOUNDED_CSI}|{_BOUNDED_STRING}\x1b?|{_BOUNDED_OTHER})\Z".encode())

LINE_ENDS = LazyPattern(rb"[\r\n]+")

# In a whole text: of any length, with the 8-bit forms. A string without an end reaches to the next escape, as
# in a terminal. After a character of Latin-1 other than ST, an 8-bit form is no sequence: it is the tail of a
# character that was decoded twice (`â\x80\x9d`). A string that begins in 8 bits must have an end.
_ANY_ESCAPE = rf"""\x1b(?:\[{_PARAMETERS}*{_INTERMEDIATES}*(?:{_CSI_FINAL}|\Z)
              |{_STRING_STARTS}[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?
              |{_INTERMEDIATES}*(?:{_OTHER_FINAL}|\Z))
      |(?<![\x80-\x9b\x9d-\xff])(?:\x9b{_PARAMETERS}*{_INTERMEDIATES}*{_CSI_FINAL}
                         |[\x90\x98\x9d-\x9f][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c))"""

_MAY_BEGIN_ESCAPE = LazyPattern(r"[\x1b\x90\x98\x9b\x9d-\x9f]")


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    """Return a pattern compiled; most texts need none, so it is done for the first that does."""
    return re.compile(pattern, re.VERBOSE)


def strip_ansi(text: str) -> str:
    """Remove escape sequences of 7 and of 8 bits, also those without an end."""
    return _compile(_ANY_ESCAPE).sub("", text) if _MAY_BEGIN_ESCAPE.search(text) else text


# C0 but tab and newline, DEL and C1; line and paragraph separators; controls that turn text around; what has
# no width: soft hyphens, fillers, invisible operators, the byte order mark, tags; halves of characters.
_NEVER_SHOWN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029"
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"
    r"\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065\u3164\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
    r"\ud800-\udfff"
)

# These belong to the letters of some scripts and to emoji. Beside ASCII they would only hide.
_JOINERS = r"\u200c\u200d"

_SELECTORS = r"\ufe00-\ufe0f\U000e0100-\U000e01ef"  # with U+20E3 after it, one makes a digit a key cap

# the flags of England, Scotland and Wales: a black flag with letters of tags, and a tag that ends it
_FLAGS = "|".join(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)

_UNPRINTABLE = (
    rf"(?P<flag>{_FLAGS})|[{_NEVER_SHOWN}]|[{_JOINERS}](?![^\x00-\x7f])|(?<![^\x00-\x7f])[{_JOINERS}]"
    rf"|(?<![^\x00-\x7f])[{_SELECTORS}](?!\u20e3)"
)

_MAY_BE_UNPRINTABLE = LazyPattern(rf"[{_NEVER_SHOWN}{_JOINERS}{_SELECTORS}]")

_SHORT = 5000  # characters; compiling the pattern takes longer than looking at this many

# those of them that count as printable in some version of Unicode
_FILLERS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2065\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)


_KEPT = frozenset("\t\n\u200c\u200d" + _FLAGS)  # left only where they belong to letters and emoji

_STYLE = LazyPattern(r"(\x1b\[[0-9;]*m)")


def escape_unprintable(text: str) -> str:
    """Write out each character that moves the cursor, turns text around or is invisible.

    `\\x1b`, `\\u202e`. Tabs and newlines stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return replace_unprintable(text, _write_out) if may_be_unprintable(text) else text


def may_be_unprintable(text: str) -> bool:
    """Return whether a text has characters that may have to be written out."""
    line = text.replace("\n", "").replace("\t", "")
    if text.isascii():
        return not line.isprintable()
    if len(text) < _SHORT and line.isprintable():
        return not _FILLERS.isdisjoint(line)
    return _MAY_BE_UNPRINTABLE.search(text) is not None


def replace_unprintable(text: str, write_out: Callable[[re.Match[str]], str]) -> str:
    """Return the text with each character that moves the cursor or is invisible as `write_out` writes it."""
    return _compile(_UNPRINTABLE).sub(lambda found: found["flag"] or write_out(found), text)


def escape_unprintable_code(text: str) -> str:
    """Write out the same characters of a command, and blanks that a shell reads as letters."""
    if text.isascii():
        return text if text.isprintable() else escape_unprintable(text)
    if text.isprintable() and not may_be_unprintable(text):
        return text
    return "".join(c if c.isprintable() or c in _KEPT else _escape(c) for c in escape_unprintable(text))


def escape_unprintable_painted(text: str) -> str:
    """Write out the same characters of a text that holds styles of ours, which stay."""
    if "\x1b" not in text:
        return escape_unprintable(text)
    parts = _STYLE.split(text)
    parts[::2] = map(escape_unprintable, parts[::2])
    return "".join(parts)


def _write_out(found: re.Match[str]) -> str:
    return _escape(found[0])


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "replace").decode()


def flatten_output(text: str) -> str:
    """Return output as inert text with newlines, and only the last state of an overwritten line.

    It removes only the escape sequences that the masker sees through, and writes out what is left of others:
    nothing that was apart when it was masked is ever put together.
    """
    data = ESCAPE.sub(b"", text.encode("utf-8", "surrogateescape"))
    lines = data.decode("utf-8", "replace").split("\n")
    return escape_unprintable("\n".join(map(_last_written, lines)))


def _last_written(line: str) -> str:
    """Return the last part of a line that carriage returns divide, as of a progress bar."""
    return next((part for part in reversed(line.split("\r")) if part), "")
