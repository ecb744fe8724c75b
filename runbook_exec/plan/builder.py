"""Makes a plan from a procedure and the options of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from ..diagnostics.problem import Problem
from ..document.annotations.parser import merge_annotations
from ..document.assignments import Capture, parse_capture
from ..document.model import Procedure, Runbook
from ..light_classes import replace
from ..shells.registry import SHELLS
from ..text.suggest import find_near
from .alternatives import find_unknown_choices
from .endless import find_endless_statements
from .evaluated_variables import carries_values, find_carried_problems
from .fillable import find_unwritable
from .hosts import check_host, check_inner_shells
from .model import ItemId, Plan, PlanItem, Value
from .places import find_places
from .secret_output import find_secret_uses
from .variables import find_needed_variables, name_of_variable
from .warnings import find_warnings


def items_of(procedure: Procedure) -> tuple[PlanItem, ...]:
    """Return the items of a procedure, in order."""
    items: list[PlanItem] = []
    for step in procedure.steps:
        skipped = any(block.annotation.skip for block in step.blocks)
        if step.annotation.skip or (step.manual and skipped and not step.annotation.manual):
            continue  # a step with only skipped blocks is not a manual step
        if step.manual:
            items.append(PlanItem(ItemId(step.number), step, step.annotation))
            continue
        count = 0
        for block in step.blocks:
            if not block.runs:
                continue
            annotation = merge_annotations(step.annotation, block.annotation)
            if annotation.manual:
                count += 1
                items.append(PlanItem(ItemId(step.number, block.number, count), step, annotation, block))
                continue
            first = {each.alternative: each for each in reversed(block.statements)}
            last = {each.alternative: each for each in block.statements}
            for statement in block.statements:
                count += 1
                items.append(
                    PlanItem(
                        ItemId(step.number, block.number, count),
                        step,
                        annotation,
                        block,
                        statement,
                        first=statement is first[statement.alternative],
                        last=statement is last[statement.alternative],
                    )
                )
    return tuple(items)


def choose_procedure(runbook: Runbook, anchor: str | None) -> Procedure | Problem:
    """Return the procedure that is named, or the runbook's own; else a Problem that lists them.

    The page was parsed with this anchor as the named one; "" is the whole page.
    """
    named = runbook.chosen if anchor is None else runbook.named
    by_anchor = {procedure.anchor: procedure for procedure in runbook.procedures}
    if named is not None and named in by_anchor:
        procedure = by_anchor[named]
        return procedure if procedure.steps else _describe_empty(runbook, procedure)
    if not by_anchor:
        hint = "a section titled Procedure or Steps, or numbered headings, make one"
        left_out = [block for block in runbook.blocks if block.language in SHELLS]
        for block in left_out[:3]:
            hint += f"\nline {block.span.line}: {block.language}, not run: {block.why_not}"
        return Problem(
            "no-procedure",
            "expected a procedure, found no block that a shell could run and no steps",
            hint=hint,
        )
    if anchor:
        hint = "choose one:\n" + "\n".join(_list_procedures(runbook, is_marked=True))
        near = find_near(anchor, [*by_anchor, *(each.anchor for each in runbook.sections)])
        meant = f"; did you mean `#{near}`?" if near else ""
        return Problem("no-procedure", f"no procedure `#{anchor}` on this page{meant}", hint=hint)
    if len(by_anchor) > 1:
        message = f"this page has {len(by_anchor)} procedures, and none is run without being named"
    else:
        message = "the one procedure of this page is run only when it is named"
        message += f": {runbook.why_none}" if not runbook.procedures[0].dangerous else ""
    hint = "choose one:\n" + "\n".join(_list_procedures(runbook))
    return Problem("which-procedure", message, hint=hint)


def _describe_empty(runbook: Runbook, procedure: Procedure) -> Problem:
    """Return the problem of a procedure without steps: all of its sections run only if named."""
    if not procedure.left_out:
        return Problem("no-procedure", f"nothing in `{procedure.title}` runs")
    message = "every section of this page is run only when it is named"
    return Problem("no-procedure", message, hint="choose one:\n" + "\n".join(_list_procedures(runbook)))


def _list_procedures(runbook: Runbook, *, is_marked: bool = False) -> Iterator[str]:
    """Yield a line for each procedure of a page, and for the whole page if nothing in it is dangerous.

    `is_marked` marks those that run only if they are named, which is plain where all must be named.
    """
    rows = [
        (f"{runbook.path}#{each.anchor}", each.title + "   (only if named)" * (is_marked and each.dangerous))
        for each in runbook.procedures
        if each.steps
    ]
    if runbook.is_sequence:
        rows.append((f"{runbook.path}#", "all of it, in order"))
    widest = max((len(address) for address, _ in rows), default=0)
    yield from (f"  {address:<{widest}}   {title}" for address, title in rows)


def find_step(items: tuple[PlanItem, ...], wanted: str) -> PlanItem | None:
    """Return the item that a STEP of the command line names.

    It is `6`, `6.1` (its first statement), a step's or block's id, or an anchor. A step alone means its last
    statement. A label goes before an anchor, and both before an id.
    """
    if found := re.fullmatch(r"(\w+)\.(\d+)", wanted):
        for item in items:
            if item.step.label == found[1] and item.where.statement == int(found[2]):
                return item
    named = [item for item in reversed(items) if wanted in item.names]
    for item in named:
        if item.step.label == wanted:
            return item
    by_anchor = (item for item in named if item.step.anchor == wanted)
    return next(by_anchor, named[0] if named else None)


def plan_captures(
    items: tuple[PlanItem, ...], asked: tuple[Capture, ...]
) -> tuple[tuple[tuple[ItemId, Capture], ...], tuple[Problem, ...]]:
    """Return each capture with its statement, and a Problem for each step that does not exist."""
    found: list[tuple[ItemId, Capture]] = []
    problems: list[Problem] = []
    for capture in asked:
        item = find_step(items, capture.step)
        if item is None or item.statement is None:
            labels = ", ".join(dict.fromkeys(i.step.label for i in items if i.statement))
            problems.append(
                Problem(
                    "capture-step",
                    f"`{capture.name}` is to be captured in step `{capture.step}`, "
                    "which is no step that runs a statement",
                    hint=f"the steps that do: {labels}" if labels else "",
                )
            )
        else:
            found.append((item.where, capture))
    for item in items:
        annotation = item.annotation
        if annotation.capture and item.last and item.statement:
            found.append(
                (item.where, Capture(annotation.capture, item.step.label, annotation.capture_pattern))
            )
    return tuple(found), tuple(problems)


def make_plan(
    runbook: Runbook,
    procedure: Procedure,
    *,
    given: Mapping[str, str] = MappingProxyType({}),
    captures: tuple[Capture, ...] = (),
    first: str | None = None,
    only: str | None = None,
    done: tuple[str, ...] = (),
    confirmed: tuple[str, ...] = (),
    choose: tuple[str, ...] = (),
    timeout: float | None = None,
    cwd: str | None = None,
    on: str | None = None,
    is_root: bool = False,
) -> Plan | tuple[Problem, ...]:
    """Return the plan for a procedure and the options of the command line, or their Problems.

    `first` and `only` are steps as `find_step` takes them, `done` manual steps, `confirmed` those that ask;
    `on` is the host of a page that names none, or LOCAL;
    `choose` are labels of alternatives, `timeout` is in seconds; `is_root` is whether root runs it.
    """
    everything = items_of(procedure)
    items, problems = _select_items(everything, first, only)
    settings = runbook.settings
    asked = (*captures, *(parse_capture(f"{name}={step}") for name, step in settings.captures.items()))
    found, wrong = plan_captures(everything, asked)
    problems += wrong
    names = {p.name for item in everything for p in item.placeholders} | set(settings.inputs)
    if not names.issuperset(given):
        variables = (name for item in everything for name in find_needed_variables(item, procedure.shell))
        names |= set(map(name_of_variable, variables))
    for option, name in (*(("--set", n) for n in given), *(("--capture", c.name) for c in captures)):
        if name not in names:
            problems.append(_unknown_name(option, name, sorted(names)))
    manual, wrong_steps = _find_manual_steps(procedure, done)
    problems += wrong_steps
    problems += _check_confirmed(everything, confirmed)
    problems += find_unknown_choices(everything, choose)
    problems += check_host(everything, settings.host, on)
    problems += _check_languages(procedure)
    for item in items:
        if item.statement is not None:
            problems += find_unwritable(item.statement, procedure.shell, given)
    if problems:
        return tuple(problems)
    plan = replace(
        _plan_items(runbook, procedure, everything, found, is_root=is_root),
        items=items,
        done=frozenset(manual),
        choose=(*choose, *settings.choose),
        timeout=timeout if timeout is not None else settings.timeout,
        cwd=cwd if cwd is not None else settings.cwd,
        on=on,
    )
    carried = find_carried_problems(plan, given) if given and carries_values(plan) else ()
    if problems := [*check_inner_shells(plan), *carried]:
        return tuple(problems)
    return replace(plan, given={n: Value(v, plan.is_secret(n), "--set") for n, v in given.items()})


def make_page_plan(runbook: Runbook, procedure: Procedure) -> Plan:
    """Return the plan that a page has by itself, without options of the command line.

    Captures that the page asks for in a step that does not exist are left out.
    """
    items, settings = items_of(procedure), runbook.settings
    asked = (parse_capture(f"{name}={step}") for name, step in settings.captures.items())
    captures, _ = plan_captures(items, tuple(asked))
    return _plan_items(runbook, procedure, items, captures, is_root=True)


def _plan_items(
    runbook: Runbook,
    procedure: Procedure,
    items: tuple[PlanItem, ...],
    captures: tuple[tuple[ItemId, Capture], ...],
    *,
    is_root: bool,
) -> Plan:
    """Return the plan of all items, with everything that comes from the page alone."""
    settings = runbook.settings
    places = find_places(items, procedure.shell)
    endless = find_endless_statements(items, procedure.shell, places)
    return Plan(
        runbook,
        procedure,
        items,
        settings.inputs,
        captures=captures,
        choose=settings.choose,
        timeout=settings.timeout,
        cwd=settings.cwd,
        warnings=find_warnings(items, places, endless, is_root=is_root),
        secret_uses=find_secret_uses(items, procedure.shell),
        endless=endless,
        places=places,
    )


def _find_manual_steps(procedure: Procedure, done: tuple[str, ...]) -> tuple[set[int], list[Problem]]:
    """Return the numbers of the manual steps that `--done` names, and a Problem for each that is none."""
    manual: set[int] = set()
    problems = []
    for label in done:
        step = next((s for s in procedure.steps if label in (s.label, s.anchor, s.annotation.id)), None)
        if step is None or not step.manual:
            by_hand = ", ".join(s.label for s in procedure.steps if s.manual) or "none"
            message = f"`--done {label}`: no step `{label}` is for a person to do"
            problems.append(Problem("done-step", message, hint=f"the steps that are: {by_hand}"))
        else:
            manual.add(step.number)
    return manual, problems


def _describe_missing_step(items: tuple[PlanItem, ...], written: str, wanted: str) -> Problem:
    """Return a Problem with the step that was probably meant, and the others."""
    titles = {item.step.label: item.step.title for item in items}
    folded = {title.casefold(): label for label, title in titles.items()}
    near = folded.get(find_near(wanted.casefold().replace("-", " "), folded), "")
    meant = f"; did you mean {near} ({titles[near]})?" if near else ""
    listed = "".join(f"\n  {label:>4}  {title}" for label, title in titles.items())
    return Problem("no-step", f"`{written}`: there is no such step{meant}", hint=f"the steps:{listed}")


def _select_items(
    items: tuple[PlanItem, ...], first: str | None, only: str | None
) -> tuple[tuple[PlanItem, ...], list[Problem]]:
    option, wanted = ("--only", only) if only is not None else ("--from", first)
    if wanted is None:
        return items, []
    item = find_step(items, wanted)
    if item is None:
        return items, [_describe_missing_step(items, f"{option} {wanted}", wanted)]
    if only is not None:
        if "." in wanted and item.step.label != wanted:
            return (item,), []
        return tuple(i for i in items if i.where.step == item.where.step), []
    start = item.where if "." in wanted and item.step.label != wanted else ItemId(item.where.step)
    return tuple(i for i in items if i.where >= start), []


def _check_confirmed(items: tuple[PlanItem, ...], confirmed: tuple[str, ...]) -> Iterator[Problem]:
    asking = [item for item in items if item.annotation.confirm is not None]
    for wanted in confirmed:
        if not any(wanted in item.names for item in asking):
            labels = ", ".join(dict.fromkeys(item.step.label for item in asking)) or "none"
            message = f"`--confirmed {wanted}`: no step `{wanted}` asks for a confirmation"
            yield Problem("confirmed-step", message, hint=f"the steps that do: {labels}")


def _check_languages(procedure: Procedure) -> Iterator[Problem]:
    """Yield a Problem if nothing runs because all blocks are for other shells."""
    blocks = [block for step in procedure.steps for block in step.blocks]
    others = dict.fromkeys(
        block.language for block in blocks if block.language in SHELLS and block.holds_commands
    )
    if others and procedure.shell not in others and not any(block.runs for block in blocks):
        message = f"`{procedure.title}` has no block that runs in {procedure.shell}"
        yield Problem("no-block", message, procedure.span, f"its blocks are for {', '.join(others)}")


def _unknown_name(option: str, name: str, names: list[str]) -> Problem:
    near = find_near(name, names)
    meant = f"; did you mean `{near}`?" if near else ""
    known = ", ".join(names) or "none"
    return Problem(
        "unknown-name",
        f"`{option} {name}=…`: the procedure has no placeholder `<{name}>`{meant}",
        hint=f"its placeholders: {known}",
    )
