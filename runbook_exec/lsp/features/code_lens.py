"""Offers "Run from here" and "Dry run" above each step, as commands that the client runs in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lsprotocol import types

from ...document.model import Procedure, Step
from ...lint.inputs import STANDARD_INPUT
from ...plan.builder import items_of
from ..feature import Feature, PageView

RUN, DRY_RUN = "runbook-exec.run", "runbook-exec.dryRun"


def answer(view: PageView, params: types.CodeLensParams) -> list[types.CodeLens]:
    """Return the lenses of a page: two above each step of a procedure."""
    if view.page.path == STANDARD_INPUT:
        return []  # a page that was never saved cannot be run
    chosen = view.runbook.chosen
    lenses: dict[int, tuple[types.CodeLens, types.CodeLens]] = {}
    for procedure in sorted(view.runbook.procedures, key=lambda each: each.anchor != chosen):
        for step, named in _list_steps(procedure):
            if step.span.start not in lenses:
                lenses[step.span.start] = _make_lenses(view, procedure, step, named)
    return [lens for _, both in sorted(lenses.items()) for lens in both]


def _list_steps(procedure: Procedure) -> Iterator[tuple[Step, str]]:
    """Yield the steps that run or that a person does, each with its name on the command line."""
    planned = {item.where.step for item in items_of(procedure)}
    labels = Counter(step.label for step in procedure.steps)
    for step in procedure.steps:
        if step.number in planned:
            yield step, step.label if labels[step.label] == 1 else step.anchor


def _make_lenses(
    view: PageView, procedure: Procedure, step: Step, named: str
) -> tuple[types.CodeLens, types.CodeLens]:
    place = view.range(step.span.start, step.span.start)
    path = view.page.path
    # an address without an anchor is the page's own procedure
    address = path if procedure.anchor == view.runbook.chosen else f"{path}#{procedure.anchor}"
    words = [address, f"--from={named}"]  # the name of a step may begin with a dash
    return (
        types.CodeLens(place, types.Command("Run from here", RUN, arguments=[words])),
        types.CodeLens(place, types.Command("Dry run", DRY_RUN, arguments=[[*words, "--dry-run"]])),
    )


FEATURES = (Feature(types.TEXT_DOCUMENT_CODE_LENS, answer, types.CodeLensOptions(False), exact=False),)
