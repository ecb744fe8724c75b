"""Answers what a shell asks its terminal before it takes keys, where no terminal sees that.

fish does so at its start and at its prompts (seen with 4.7), and takes keys only once there is an answer, or
after 10 seconds. It asks for several features, which a terminal may leave unanswered, and last for the
primary device attributes, which all terminals answer:
https://fishshell.com/docs/current/terminal-compatibility.html
"""

from __future__ import annotations

from ...text.lazy_pattern import LazyPattern

_QUERY = b"\x1b[0c"

_ANSWER = b"\x1b[?6c"  # of a VT102, which has no more features

# with the queries before it, and the other screen that hides them from terminals which print them
_QUERIES = LazyPattern(
    rb"(?:\x1b\[\?u|\x1b\[>0q|\x1b\]1[01];\?(?:\x07|\x1b\\)|\x1bP\+q[0-9A-Fa-f;]*\x1b\\|\x1b\[6n"
    rb"|\x1b\[\?1049[hl])*\x1b\[0c"
)

TAIL = len(_QUERY) - 1  # bytes at the end of some output that may begin a query


def drop_queries(output: bytes) -> bytes:
    """Return output without the queries that are answered here."""
    return _QUERIES.sub(b"", output) if _QUERY in output else output


def find_answer(output: bytes) -> bytes:
    """Return what is to be typed after this output, b"" if it has no query."""
    return _ANSWER * output.count(_QUERY)
