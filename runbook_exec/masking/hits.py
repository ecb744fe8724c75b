"""Writes the mask over the parts of a stream that are secret."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..light_classes import dataclass
from ..text.ansi import ESCAPE

MASK = "••••••••"

_MASK = MASK.encode()


@dataclass(frozen=True, slots=True)
class Hit:
    """A range to mask; if it is `opaque`, the escape sequences in it are masked too."""

    start: int
    end: int
    opaque: bool


def mask_hits(work: bytes, cut: int, hits: Iterable[Hit], masking: bool) -> tuple[bytes, bool]:
    """Return `work[:cut]` with the hits masked, and whether its last byte was masked.

    Hits that touch are masked as one. `masking` is true if the byte before `work` was masked. Escape
    sequences within a hit are kept unless it is opaque; otherwise the colour of the secret would apply to all
    text after it.
    """
    pieces: list[bytes] = []
    at = 0
    for start, end, opaque in _group_hits(hits):
        if start >= cut:
            break
        stop = min(end, cut)
        pieces.append(work[at:start])
        if start or not masking:
            pieces.append(_MASK)
        pieces += (
            escape[0]
            for escape in ESCAPE.finditer(work, start, stop)
            if not any(hit.start < escape.end() and escape.start() < hit.end for hit in opaque)
        )
        at = stop
        masking = True
    pieces.append(work[at:cut])
    return b"".join(pieces), masking and (at == cut)


def _group_hits(hits: Iterable[Hit]) -> Iterator[tuple[int, int, list[Hit]]]:
    """Yield the stretches of hits that overlap or touch, each with its opaque hits."""
    group: list[Hit] = []
    end = -1
    for hit in sorted(hits, key=lambda hit: hit.start):
        if group and hit.start > end:
            yield group[0].start, end, [one for one in group if one.opaque]
            group = []
        end = max(end, hit.end) if group else hit.end
        group.append(hit)
    if group:
        yield group[0].start, end, [one for one in group if one.opaque]
