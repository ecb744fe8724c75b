"""Writes values into statements, and finds placeholders where a value cannot be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from ..diagnostics.problem import Problem
from ..document.model import Placeholder, Statement
from ..document.placeholders import replace_placeholders
from ..shells.base import EvaluationError, Filling, Piece, QuotingError
from ..shells.quoting import Context
from ..shells.registry import SHELLS
from ..text.lazy_pattern import LazyPattern
from ..text.span import Span
from .model import PlanItem

# A number is allowed in each place where a value is, also as an index, but not where a name is needed. A long
# one is no part of a keyword.
_LIKELY = ("1" * 17, "q" * 17)

_NONE = "or, if it is no placeholder: `literal: [{}]` below `runbook:` in the front matter"

# A statement with more characters or placeholders is rare, and a trial would take long.
_LONGEST, _MOST = 10_000, 100

_OF_ARGUMENTS = LazyPattern(r"[A-Za-z0-9_./:@,+-]+")


def find_unwritable(
    statement: Statement, shell: str, given: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Problem]:
    """Yield a Problem for each placeholder in a place where no value can be written.

    A value in `given` must be writable itself.
    """
    text, every = statement.text, statement.placeholders
    if not every or len(text) > _LONGEST or len(every) > _MOST:
        return
    if not given and SHELLS[shell].fills_arguments and all(_is_in_argument(text, each) for each in every):
        return
    why = _find_error(text, every, shell, given)
    found = []
    for each in every if why else ():
        others = [other for other in every if other is not each]
        if alone := _find_error(replace_placeholders(text, others), [each], shell, given):
            found.append(_make_problem(alone, each.span, each.name))
    if why:
        yield from found or [_make_problem(why, statement.span)]


@lru_cache(maxsize=256)  # a given value is tried before anything runs, and written when its statement does
def fill_placeholders(shell: str, text: str, fillings: tuple[Filling, ...]) -> tuple[Piece, ...]:
    """Return a statement with values written into it, each quoted for its place; raises QuotingError."""
    return SHELLS[shell].fill(text, fillings)


def _make_problem(error: QuotingError, span: Span, name: str = "") -> Problem:
    if isinstance(error, EvaluationError):
        return Problem("unwritable", error.message, span, error.advice)
    return Problem("unwritable", str(error), span, _NONE.format(name) if name else "")


def find_refusal(item: PlanItem, shell: str, name: str, value: str) -> EvaluationError | None:
    """Return why a value cannot be written in a statement because it could be executed there, or None."""
    statement = item.statement
    own = [each for each in item.placeholders if each.name == name]
    if statement is None or not own:
        return None
    others = [each for each in statement.placeholders if each not in own]
    fillings = [Filling(each.start, each.end, each.context, value) for each in own]
    try:
        SHELLS[shell].protect(replace_placeholders(statement.text, others), fillings)
    except EvaluationError as error:
        return error
    except QuotingError:
        return None  # no value can be written there
    return None


def _is_in_argument(text: str, found: Placeholder) -> bool:
    """Return whether the placeholder is surely an argument or a part of one; most are."""
    begin = text.rfind(" ", 0, found.start) + 1
    rest = text[begin : found.start] + text[found.end :].partition(" ")[0].partition("\n")[0]
    # letters alone could become a keyword, and any other character may have a meaning
    part = not rest or (_OF_ARGUMENTS.fullmatch(rest) is not None and not rest.isalpha())
    return found.context is Context.BARE and begin > 0 and part


def _find_error(
    text: str, found: Sequence[Placeholder], shell: str, given: Mapping[str, str]
) -> QuotingError | None:
    """Return why values cannot be written for all of these placeholders; None if they can."""
    why: QuotingError | None = None
    for likely in _LIKELY:
        try:
            values = [given.get(each.name, likely) for each in found]
            fillings = (
                Filling(each.start, each.end, each.context, value)
                for each, value in zip(found, values, strict=True)
            )
            fill_placeholders(shell, text, tuple(fillings))
        except QuotingError as error:
            why = why or error
        else:
            return None
    return why
