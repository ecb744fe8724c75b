"""Refuses values that a variable carries to a place where they would be executed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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

# arguments of a command, up to the value
_ARGUMENTS = r"(?:[^;&|\n'\"\\]|'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.)*(?:'[^']*|\"(?:[^\"\\]|\\.)*)?\Z"

_SET = LazyPattern(
    r"(?<![\w-])(?:set(?:\s+-\S+)*|for|select|printf\s+(?:-\S+\s+)*-v|print\s+(?:-\S+\s+)*-v)\s+"
    rf"([A-Za-z_]\w*)(?:\[[^]]*\])?\s{_ARGUMENTS}",
    re.DOTALL,
)

_SET_ARGUMENTS = LazyPattern(rf"(?<![\w-])set\s+(?:-\w+\s+)*--?\s{_ARGUMENTS}", re.DOTALL)

_DEFAULT = LazyPattern(r"\$\{([A-Za-z_]\w*):{0,2}=[^}]*\Z")

_READ = LazyPattern(r"(?<![\w-])(?:read|mapfile|readarray)(?![\w-])([^;&|\n<]*)")

# what follows the operator of a here-string or here-document, up to the value
_FED = LazyPattern(r"<\s*(?:'[^']*|\"[^\"]*|[^\s'\";&|]*)\Z|-?\s*['\"\\]?\w[^\n]*\n", re.DOTALL)

_LOOP_END = LazyPattern(r"\s*(?:done|fi|esac|\})")

_READ_NAMES = LazyPattern(r"(?<![\w-])[A-Za-z_]\w*")

_EXPANSION = LazyPattern(r"\$(?!\{#)(?:\{(?:\([^)]*\))?)?[#^=~!]*(?:([A-Za-z_]\w*)|[@*\d])")

_SUBSTITUTION = LazyPattern(r"\([^()]*\)|`[^`]*`")

_WORDS = (Context.BARE, Context.UNSAFE)

_SEPARATORS = " \t\n;&|"


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
            assignments = _list_assignments(text, shell.scan(text))
            for variable, _ in _find_given_variables(text, placeholder.start, assignments):
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
            copied = f" (copied from `${variable}`)" if each.name != variable else ""
            message = (
                f"`{each.by}` reads the value of `${each.name}`{copied} again, as {each.reader}, and could "
                "execute it"
            )
            return EvaluationError(message, start, each.advice, is_code=False)
    return None


@cache_latest
def _list_readings(plan: Plan) -> Mapping[str, tuple[VariableReading, ...]]:
    """Return the variables whose content statements of a plan read again, also as a copy."""
    found: dict[str, dict[VariableReading, None]] = {}
    for reading in _find_readings(plan):
        found.setdefault(reading.name, {})[reading] = None
    copies = list(dict.fromkeys(_find_copies(plan))) if found else []
    is_changed = True
    while is_changed:
        is_changed = False
        for source, copy in copies:
            if more := found.get(copy, {}).keys() - found.get(source, {}).keys():
                found.setdefault(source, {}).update(dict.fromkeys(more))
                is_changed = True
    return {name: tuple(readings) for name, readings in found.items()}


def _find_readings(plan: Plan) -> Iterator[VariableReading]:
    for text in _list_texts(plan):
        yield from SHELLS[plan.procedure.shell].find_readings(text)


def _find_copies(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield the name of each variable whose content a statement gives to another one, and that one's name."""
    for text in _list_texts(plan):
        scan = SHELLS[plan.procedure.shell].scan(text)
        assignments = _list_assignments(text, scan)
        for match in _EXPANSION.finditer(text):
            if scan.context(*match.span()) is not Context.SINGLE:
                for variable, begin in _find_given_variables(text, match.start(), assignments):
                    if not _has_substitution(text[begin : match.start()]):
                        yield match[1] or "@", variable


def _list_texts(plan: Plan) -> Iterator[str]:
    """Yield the statements with words in place of their placeholders."""
    if plan.procedure.shell in SHELLS:
        for item in plan.items:
            if item.statement is not None:
                yield replace_placeholders(item.statement.text, item.statement.placeholders)


def _has_substitution(text: str) -> bool:
    """Return whether a text ends in a command whose output is used, which carries no value further."""
    while text != (text := _SUBSTITUTION.sub("", text)):
        pass
    opened = text.find("(")
    return "`" in text or opened > 0 or (opened == 0 and text.count("(") > 1)


def _find_given_variables(
    text: str, start: int, assignments: Sequence[tuple[str, int, int]]
) -> Iterator[tuple[str, int]]:
    """Yield the variables that a statement gives the value at this offset, alone or as a part.

    With each is the offset where its value begins.
    """
    for name, begin, end in assignments:
        if begin <= start <= end:
            yield name, begin
    before = text[:start]
    for pattern in (_SET, _DEFAULT):
        if found := pattern.search(before):
            yield found[1], found.end(1)
    if found := _SET_ARGUMENTS.search(before):
        yield "@", found.start()
    operator = before.rfind("<<<") if "<<<" in before else before.find("<<")
    if operator >= 0 and _FED.match(before, operator + 2):
        command = max(before.rfind(separator, 0, operator) for separator in ";&|\n") + 1
        if _LOOP_END.match(before, command):
            command = 0
        for found in _READ.finditer(before, command, operator):
            for name in _READ_NAMES.findall(found[1]) or ("REPLY", "MAPFILE"):
                yield name, operator


def _list_assignments(text: str, scan: Scan) -> list[tuple[str, int, int]]:
    """Return the variables that a statement assigns to, each with the stretch of its value."""
    found: list[tuple[str, int, int]] = []
    last = 0
    for match in _ASSIGNED.finditer(text):
        before = text[max(match.start() - 1, 0) : match.start()]
        is_word = scan.context(*match.span()) in _WORDS or before in ("'", '"')
        if match.start() >= last and is_word:
            begin = match.end()
            ends = ")" if text[begin : begin + 1] == "(" else _SEPARATORS
            places = (at for at in range(begin, len(text)) if text[at] in ends)
            last = next((at for at in places if scan.context(at, at + 1) is Context.BARE), len(text))
            found.append((match[1], begin, last))
    return found
