"""Provides what mistune's grammar of blocks imports from its `list_parser`, which needs `dataclasses`.

Lists are read by `MarkdownBlockParser`. A test compares the pattern with mistune's.
"""

from __future__ import annotations

LIST_PATTERN = (
    r"^(?P<list_1> {0,3})"
    r"(?P<list_2>[\*\+-]|\d{1,9}[.)])"
    r"(?P<list_3>[ \t]*|[ \t].+)$"
)


def parse_list(block: object, match: object, state: object) -> int:
    """Stand in for the function that mistune imports, and that `MarkdownBlockParser` never calls."""
    raise NotImplementedError


def __getattr__(name: str) -> object:
    """Return a name from mistune that a later version may import."""
    if name.startswith("__"):  # Python looks for `__path__` when the module is imported
        raise AttributeError(name)
    from mistune import list_parser

    found: object = getattr(list_parser, name)
    return found
