"""Refuses values that a variable carries to a place where they would be executed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..diagnostics.problem import Problem
from ..document.placeholders import replace_placeholders
from ..shells.base import EvaluationError, Scan
from ..shells.quoting import Context
from ..shells.registry import SHELLS
from ..system.memo import cache_latest
from ..text.lazy_pattern import LazyPattern
from .model import Plan, PlanItem
from .variables import find_needed_variables, name_of_variable

if TYPE_CHECKING:
    from ..shells.evaluation.variables import VariableReading

_ASSIGNED = LazyPattern(r"(?<![\w$-])([A-Za-z_]\w*)(?:\[[^]]*\])?\+?=")

_SET = LazyPattern(r"(?<![\w-])(?:set(?:\s+-\S+)*|for)\s+([A-Za-z_]\w*)\s[^;&|\n]*\Z")

_READ = LazyPattern(r"(?<![\w-])read\s([^;&|\n]*)<<<\s*['\"]?[^\s'\"]*\Z")

_SEPARATORS = frozenset(" \t\n;&|")

_ADVICE = "expected an integer or a single word without special characters"


def carries_values(plan: Plan) -> bool:
    """Return whether statements of a plan read the content of a variable again as code; most do not."""
    return bool(_list_readings(plan))


def find_carried_refusal(plan: Plan, item: PlanItem, name: str, value: str) -> EvaluationError | None:
    """Return why a value cannot be given to a variable that the page reads again as code, or None."""
    readings = _list_readings(plan)
    if not readings or item.statement is None:
        return None
    shell = SHELLS[plan.procedure.shell]
    text = item.statement.text
    for placeholder in item.placeholders if "=" in text or " " in text else ():
        if placeholder.name == name:
            for variable in _find_given_variables(text, placeholder.start, shell.scan(text)):
                if error := _refuse(readings.get(variable, ()), variable, value, placeholder.start):
                    return error
    for variable in find_needed_variables(item, plan.procedure.shell):
        if name_of_variable(variable) == name:
            return _refuse(readings.get(variable, ()), variable, value, -1)
    return None


def find_carried_problems(plan: Plan, given: Mapping[str, str]) -> Iterator[Problem]:
    """Yield a Problem for each of the given values that a variable would carry to such a place."""
    for item in plan.items:
        for name, value in given.items():
            if error := find_carried_refusal(plan, item, name, value):
                spans = (p.span for p in item.placeholders if p.start == error.start)
                span = next(spans, item.statement.span if item.statement else None)
                yield Problem("unwritable", error.message, span, error.advice)


def _refuse(
    readings: tuple[VariableReading, ...], variable: str, value: str, start: int
) -> EvaluationError | None:
    for each in readings:
        if not each.accepts(value):
            message = (
                f"`{each.by}` reads the value of `${variable}` again, as {each.reader}, and could execute it"
            )
            return EvaluationError(message, start, _ADVICE, is_code=False)
    return None


@cache_latest
def _list_readings(plan: Plan) -> Mapping[str, tuple[VariableReading, ...]]:
    """Return the variables whose content statements of a plan read again."""
    found: dict[str, tuple[VariableReading, ...]] = {}
    for reading in _find_readings(plan):
        found[reading.name] = (*found.get(reading.name, ()), reading)
    return found


def _find_readings(plan: Plan) -> Iterator[VariableReading]:
    if plan.procedure.shell not in SHELLS:
        return
    shell = SHELLS[plan.procedure.shell]
    for item in plan.items:
        if item.statement is not None:
            text = replace_placeholders(item.statement.text, item.statement.placeholders)
            yield from shell.find_readings(text)


def _find_given_variables(text: str, start: int, scan: Scan) -> Iterator[str]:
    """Yield the variables that a statement gives the value at this offset, alone or as a part."""
    for match in _ASSIGNED.finditer(text, 0, start):
        between = range(match.end(), start)
        if not any(text[at] in _SEPARATORS and scan.context(at, at + 1) is Context.BARE for at in between):
            yield match[1]
    if found := _SET.search(text[:start]):
        yield found[1]
    if found := _READ.search(text[:start]):
        yield from re.findall(r"(?<![\w-])[A-Za-z_]\w*", found[1])
