"""Describes the differences between the grammars of the POSIX shells."""

from __future__ import annotations

from typing import Literal

from ...light_classes import dataclass
from ...text.lazy_pattern import LazyPattern


@dataclass(frozen=True, slots=True)
class Dialect:
    """The grammar of one POSIX shell, where the shells differ."""

    redirection: LazyPattern[str]  # its first group is the operator
    compounds: frozenset[str]  # the words that begin compound commands
    prefixes: tuple[str, ...] = ("!",)  # the words that may precede a pipeline …
    prefixes_in_pipe: tuple[str, ...] = ()  # … and before a command after `|`
    is_bash: bool = False
    is_zsh: bool = False
    is_extended: bool = False  # whether it has arrays, `(( … ))`, `$[ … ]` and `|&`
    has_process_substitution: bool = False  # `<( … )`
    has_ansi_c_quotes: bool = False  # `$'…'` means the same in all shells of that name
    test_is_command: bool = False  # `[[` is a command, which takes `&&` and `||` up to `]]` for arguments
    loses_marks: bool = False  # it marks text with \x01 and \x7f, and can lose these characters of a value
    # whether `'` quotes in `"${x:-'a'}"`, or only in `"${x#'a'}"`
    quotes_in_braces: Literal["always", "stripping", "never"] = "stripping"
    joins_end_lines: bool = True  # whether a continued line of a here-document is joined before it can end it


COMPOUNDS = ("if", "for", "while", "until", "case", "{")  # that all of them have
