"""Compiles regular expressions of a document, or refuses them with the mistake's place."""

from __future__ import annotations

import re
import warnings


class PatternProblem(ValueError):
    """A regular expression does not compile; `position` is the place in it, in characters."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern, in which `^` and `$` match at line ends. Raises PatternProblem."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a doubtful set such as `[[a]` still means what `re` reads
            return re.compile(pattern, re.MULTILINE)
    except re.error as error:
        position = error.pos or 0
        raise PatternProblem(f"{error.msg} at character {position + 1} of `{pattern}`", position) from None
    except (OverflowError, RecursionError):
        raise PatternProblem("the regular expression is too large", 0) from None
