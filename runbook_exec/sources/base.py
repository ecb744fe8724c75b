"""Defines what a kind of value source consists of, and what it is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ..light_classes import dataclass


@dataclass(frozen=True, slots=True)
class SourceContext:
    """The functions and facts that sources may use."""

    environ: Mapping[str, str]
    read_file: Callable[[str], str]  # raises OSError or UnicodeError
    run: Callable[[Sequence[str]], str]  # a command's output; raises OSError, SubprocessError or UnicodeError


class SourceKind(Protocol):
    """One kind of source: a module of this package."""

    PREFIX: str  # the beginning of every source of this kind
    FORM: str  # its form in messages
    EAGER: bool  # whether it is free of cost and effects, and is therefore read before anything runs

    def check(self, rest: str) -> bool:
        """Return whether the text after the prefix is complete."""

    def is_available(self, rest: str, context: SourceContext) -> bool:
        """Return whether there can be a value; if not, a default or the operator may still have it."""

    def resolve(self, source: str, context: SourceContext) -> str:
        """Return the value; raises ValueProblem, which names the source and not the value."""


def reason(error: OSError) -> str:
    """Return the reason of the error, in lower case."""
    return (error.strerror or type(error).__name__).lower()


def without_newline(text: str) -> str:
    """Return the text without its final newline."""
    return re.sub(r"\r?\n\Z", "", text)
