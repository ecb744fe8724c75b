"""The quoting in which a stretch of source stands."""

from __future__ import annotations

from enum import StrEnum


class Context(StrEnum):
    """The quoting in which a placeholder stands; it decides how a value is written there."""

    BARE = "bare"
    SINGLE = "single"  # '…'
    DOUBLE = "double"  # "…"
    ANSI_C = "ansi-c"  # $'…' of bash and zsh
    COMMENT = "comment"  # never filled in: nothing reads it
    HEREDOC = "heredoc"  # the body of a here-document whose word is not quoted
    HEREDOC_VERBATIM = "heredoc-verbatim"  # … whose word is quoted
    UNSAFE = "unsafe"  # no way of writing every value here is known: refused
