"""Defines the result of parsing a script of bash, zsh, sh or ash."""

from __future__ import annotations

from ...light_classes import dataclass
from .heredocs import Heredoc
from .regions import Region


@dataclass(frozen=True, slots=True)
class ParsedScript:
    """The result of parsing a script; `Scan` is the part of it that fish has too."""

    statements: tuple[tuple[int, int], ...]
    regions: tuple[Region, ...]
    comments: tuple[tuple[int, int], ...]
    problem: tuple[int, str] | None
    parameters: tuple[tuple[int, int], ...]  # `$name` without braces, with what zsh reads as part of it
    heredocs: tuple[Heredoc, ...]
    expansions: tuple[tuple[int, int], ...] = ()  # `${…}`
