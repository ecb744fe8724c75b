"""Finds statements that run until they are ended, so that what comes after them never begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ..document.placeholders import replace_placeholders
from ..shells.endless.detector import find_endless_command, may_be_endless
from ..shells.registry import SHELLS
from .alternatives import is_decided_against, is_left_out, list_choices
from .model import ItemId, Places, Plan, PlanItem, StatementWarning


def find_endless_statements(items: Iterable[PlanItem], shell: str, places: Places) -> Mapping[ItemId, str]:
    """Return the statements that run until they are ended, each with the name of its command.

    One that its page ends itself, with `timeout` and `allow-failure`, is none; nor are lines for a program.
    """
    found: dict[ItemId, str] = {}
    for item in items if shell in SHELLS else ():
        statement, says = item.statement, item.annotation
        if statement is None or (says.timeout and says.allow_failure) or item.where in places.typed:
            continue
        if not may_be_endless(statement.text):
            continue
        text = replace_placeholders(statement.text, statement.placeholders)
        if command := find_endless_command(text, SHELLS[shell].find_commands(text)):
            found[item.where] = command.name
    return found


def runs_in_background(item: PlanItem, endless: Mapping[ItemId, str]) -> bool:
    """Return whether the page says that the run goes on while the statement runs.

    Of a block with `background` these are the statements that run until they are ended, or else the last.
    """
    if not item.annotation.background or item.statement is None:
        return False
    return item.where in endless or (item.last and not _has_endless(item, endless))


def _has_endless(item: PlanItem, endless: Mapping[ItemId, str]) -> bool:
    return any(each[:2] == item.where[:2] for each in endless)


def find_blocking_statements(
    items: Sequence[PlanItem], endless: Mapping[ItemId, str], places: Places
) -> list[PlanItem]:
    """Return the endless statements in the way of a later item, and not in the background.

    A statement in a shell that another has opened cannot go to the background.
    """
    return [
        item
        for index, item in enumerate(items)
        if item.where in endless
        and not (item.annotation.background and places.is_here(item.where))
        and any(not _excludes(item, later) for later in items[index + 1 :])
    ]


def _excludes(item: PlanItem, other: PlanItem) -> bool:
    """Return whether the two are in different alternatives."""
    return is_left_out(other, {each.key: each.number for each in list_choices(item) if each.number})


def warn_of_endless(
    items: Sequence[PlanItem], endless: Mapping[ItemId, str], places: Places
) -> Mapping[ItemId, StatementWarning]:
    """Return a warning for each statement that keeps later ones from running."""
    return {
        item.where: _warn(endless[item.where], is_here=places.is_here(item.where))
        for item in find_blocking_statements(items, endless, places)
    }


def _warn(name: str, *, is_here: bool) -> StatementWarning:
    how = "While it runs, ^Z sends it to the background and the run continues; ^C ends it." if is_here else ""
    return StatementWarning(
        f"`{name}` runs until it is ended, and statements come after it. {how or '^C ends it.'}"
    )


def list_blocking_statements(plan: Plan, is_ahead: Callable[[ItemId], bool]) -> list[str]:
    """Return a line for each statement that keeps a run without a person from going on, and the advice.

    `is_ahead` is whether an item is still to come.
    """
    path, endless = plan.runbook.path, plan.endless
    left = [item for item in plan.items if is_ahead(item.where) and not is_decided_against(plan, item)]
    lines = [
        f"{path}:{item.line}: `{endless[item.where]}` runs until it is ended, so nothing after it runs"
        for item in find_blocking_statements(left, endless, plan.places)
    ]
    if lines:
        lines.append(
            "nothing was run; `<!-- runbook: background -->` above the block starts it and continues, and in "
            "a terminal ^Z does"
        )
    away = [item for item in left if plan.find_host(item) or not plan.places.is_here(item.where)]
    lines += [
        f"{path}:{item.line}: `background` works only on this machine, and in the page's own shell"
        for item in away
        if runs_in_background(item, endless)
    ]
    return lines
