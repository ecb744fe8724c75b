"""Defines the places of a statement whose text is read once more, as code, a number or a name."""

from __future__ import annotations

from enum import StrEnum

from ...light_classes import NamedTuple


class Reader(StrEnum):
    """What the text of a place is read as."""

    SHELL = "code of a shell"
    ARITHMETIC = "a number"
    NAME = "the name of a variable"
    ASSIGNMENT = "the name of a variable, or NAME=VALUE"
    CODE = "a program"
    SQL = "SQL"
    SED = "a script of sed"
    PROMPT = "a prompt"  # in which a shell expands `$( )`
    PATTERN = "a pattern of file names"  # in which zsh executes `(e:…:)`
    OPTION = "an option, if it begins with `-`"


class EvaluatedPlace(NamedTuple):
    """A stretch of a statement that is read again, and what reads it.

    The code is `words`, joined by blanks, without its first `prefix` characters. Without `words` it is not
    known as a whole, because it is made when the statement runs.
    """

    start: int
    end: int
    reader: Reader
    by: str  # the name of the program or the construct
    shell: str = ""  # whose grammar the code has; "" for the login shell of some machine
    words: tuple[tuple[int, int], ...] = ()
    prefix: int = 0
    heredoc: str = ""  # `verbatim` or `expanded`, if the code is the body of a here-document


class CodeArgument(NamedTuple):
    """The words of a command from `first` up to `last` that are code, joined by blanks."""

    first: int
    last: int
    reader: Reader
    by: str
    shell: str = ""
    prefix: int = 0  # the characters of the first word before the code
    is_certain: bool = True  # whether the command surely runs the program, and does not only name it


class CodeInput(NamedTuple):
    """What reads the standard input of a command as code."""

    reader: Reader
    by: str
    shell: str = ""
