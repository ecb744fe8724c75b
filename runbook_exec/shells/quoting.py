"""Defines the quoting contexts of a stretch of source."""

from __future__ import annotations

from enum import StrEnum


class Context(StrEnum):
    """The quoting around a placeholder; it decides how a value is written there."""

    BARE = "bare"
    SINGLE = "single"  # '…'
    DOUBLE = "double"  # "…"
    ANSI_C = "ansi-c"  # $'…' of bash, zsh and ash
    COMMENT = "comment"  # never filled in, because no program reads it
    HEREDOC = "heredoc"  # the body of a here-document whose word is not quoted
    HEREDOC_VERBATIM = "heredoc-verbatim"  # … whose word is quoted
    UNSAFE = "unsafe"  # refused: no exact way to write every value here is known
