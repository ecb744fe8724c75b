"""Views a stream of bytes without its escape sequences, line ends or blanks.

A position in a view can be mapped back to the bytes.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from operator import itemgetter

from ..light_classes import dataclass
from ..text.ansi import ESCAPE, LINE_ENDS, LONGEST_ESCAPE, UNFINISHED_ESCAPE
from ..text.lazy_pattern import LazyPattern

_NEAR_THE_END = 4096  # bytes; nearer to the end, counting back is quicker than a search of all left-out bytes

_TAIL = 256  # bytes; a place near the end is found in so many last bytes

_ESCAPES_AND_LINE_ENDS = LazyPattern(rb"%b|[\r\n]+" % ESCAPE.pattern)

# Blanks, and what frames and quotes put before the lines of a text; the last three bytes are those of `│`.
SPACING = b" \t\r\n|>#*\xe2\x94\x82"

# a character over which the next one is printed, as in bold and underlined text
_OVERSTRUCK = LazyPattern(
    rb"%b|[\r\n]+|(?:[\xc0-\xff][\x80-\xbf]{1,3}|[^\x08\x1b\r\n\x80-\xff])\x08" % ESCAPE.pattern
)

_ESCAPES_AND_SPACING = LazyPattern(rb"%b|[%b]+" % (ESCAPE.pattern, SPACING))


@dataclass(frozen=True, slots=True)
class ViewKind:
    """The bytes that a view leaves out."""

    escapes: bool
    line_ends: bool
    spacing: bool = False  # blanks, line ends and frames
    overstruck: bool = False  # characters before a backspace


JOINED = ViewKind(escapes=False, line_ends=True)

BARE = ViewKind(escapes=True, line_ends=True)

LINES = ViewKind(escapes=True, line_ends=False)

STRUCK = ViewKind(escapes=True, line_ends=True, overstruck=True)

SQUEEZED = ViewKind(escapes=True, line_ends=True, spacing=True)


@dataclass(frozen=True)
class StreamView:
    """A view of `raw` without the bytes that its kind leaves out.

    `text` begins with `before` bytes that came earlier.
    """

    kind: ViewKind
    raw: bytes
    text: bytes
    before: int

    def offset(self, index: int) -> int:
        """Return the position of `text[index]` in `raw`; 0 if it came earlier."""
        plain = index - self.before
        if plain < 0 or len(self.text) - self.before == len(self.raw):
            return max(plain, 0)
        if b"\x1b" not in self.raw and not self.kind.overstruck and len(self.text) - index < _NEAR_THE_END:
            return self._offset_from_end(len(self.text) - index)
        left = len(self.text) - index
        start = outside_escapes(self.raw, max(0, len(self.raw) - _TAIL - 4 * left))
        tail = self.raw[start:]
        kept = len(_strip(tail, self.kind))
        if start and left < kept:
            return start + _map_to_raw(_find_segments(tail, self.kind), kept - left)
        return _map_to_raw(self._segments, plain)

    def _offset_from_end(self, left: int) -> int:
        """Return where the last `left` bytes that the view keeps begin."""
        left_out = SPACING if self.kind.spacing else b"\r\n"
        at = len(self.raw)
        while left:
            stretch = self.raw[at - left : at]
            at -= left
            left = len(stretch) - len(stretch.translate(None, left_out))
        while self.raw[at] in left_out:
            at += 1
        return at

    def text_before(self, cut: int, keep: int) -> bytes:
        """Return the last `keep` bytes of the text that come before `raw[cut]`.

        The cut must not be inside an escape sequence.
        """
        end = len(self.text) - (len(_strip(self.raw[cut:], self.kind)) if cut < len(self.raw) else 0)
        return self.text[max(0, end - keep) : end]

    @cached_property
    def _segments(self) -> list[tuple[int, int]]:
        return _find_segments(self.raw, self.kind)


def _find_segments(raw: bytes, kind: ViewKind) -> list[tuple[int, int]]:
    """Return where each kept range of bytes starts, in the kept bytes and in `raw`."""
    left_out = _ESCAPES_AND_LINE_ENDS if kind.escapes else LINE_ENDS
    if not kind.line_ends:
        left_out = ESCAPE
    if kind.spacing:
        left_out = _ESCAPES_AND_SPACING
    elif kind.overstruck:
        left_out = _OVERSTRUCK
    segments = [(0, 0)]
    skipped = 0
    for match in left_out.finditer(raw):
        skipped += match.end() - match.start()
        segments.append((match.end() - skipped, match.end()))
    return segments


def _map_to_raw(segments: list[tuple[int, int]], plain: int) -> int:
    """Return the position in the raw bytes of a position in the kept ones."""
    plain_start, raw_start = segments[bisect_right(segments, plain, key=itemgetter(0)) - 1]
    return raw_start + plain - plain_start


def make_view(kind: ViewKind, raw: bytes, past: bytes) -> StreamView:
    """Return the view of `raw`, after `past`, the end of the same view of earlier bytes."""
    return StreamView(kind, raw, past + _strip(raw, kind), len(past))


def without_unfinished_escape(raw: bytes) -> bytes:
    """Return the bytes up to an escape sequence at their end that more bytes could complete."""
    if b"\x1b" not in raw:
        return raw
    unfinished = UNFINISHED_ESCAPE.search(raw, max(0, len(raw) - LONGEST_ESCAPE - 8))
    return raw[: unfinished.start()] if unfinished else raw


def outside_escapes(raw: bytes, cut: int) -> int:
    """Return the cut, or the start of the escape sequence that the cut would divide."""
    last = raw.rfind(b"\x1b", 0, cut)
    escape = ESCAPE.match(raw, last) if last >= 0 else None
    return last if escape and escape.end() > cut else cut


def _strip(raw: bytes, kind: ViewKind) -> bytes:
    if kind.overstruck:
        return _OVERSTRUCK.sub(b"", raw)
    if kind.escapes and b"\x1b" in raw:
        raw = ESCAPE.sub(b"", raw)
    if kind.spacing:
        return raw.translate(None, SPACING)
    return raw.replace(b"\n", b"").replace(b"\r", b"") if kind.line_ends else raw
