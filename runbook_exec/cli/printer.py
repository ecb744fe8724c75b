"""Prints a runbook and a plan as text and as JSON, for `show` and `--dry-run`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..document.assignments import Capture
from ..document.model import Block, Procedure, Runbook, Statement, Step
from ..light_classes import is_light_dataclass, list_defaults, replace
from ..masking.masker import Masker
from ..plan.alternatives import decide_choice, is_left_out, list_choices
from ..plan.builder import items_of, make_page_plan
from ..plan.endless import find_endless_statements, runs_in_background
from ..plan.model import ItemId, Plan, PlanItem, StatementWarning
from ..plan.places import find_places
from ..plan.preview import preview_statement
from ..plan.retries import describe_retries
from ..plan.values import describe_value, is_secret
from ..plan.warnings import find_warnings
from ..shells.base import QuotingError
from ..system.memo import cache_latest
from ..text.ansi import escape_unprintable, escape_unprintable_code
from ..text.plain_json import to_printable_json


def format_outline(runbook: Runbook) -> Iterator[str]:
    """Yield the procedures of a page, their steps, and the statements that run."""
    yield from map(escape_unprintable, _outline(runbook))


def _outline(runbook: Runbook) -> Iterator[str]:
    yield f"{runbook.title}  ({runbook.path})"
    listed = [each for each in runbook.procedures if runbook.named in (None, each.anchor)]
    if runbook.named is None and runbook.chosen is None and runbook.why_none:
        yield f"nothing runs unless you name it: {runbook.why_none}"
    elif runbook.named is None and runbook.chosen is None and len(runbook.procedures) > 1:
        yield f"nothing runs unless you name it: {runbook.path}#{runbook.procedures[0].anchor}, …"
    for procedure in sorted(listed, key=lambda each: (each.anchor != runbook.chosen, each.dangerous)):
        yield ""
        yield from _procedure(runbook, procedure)
    if runbook.named is None and runbook.is_sequence:
        yield ""
        yield "#  all of it, in order"
    if not runbook.procedures:
        yield "no procedure: nothing on this page would run"
        for block in runbook.blocks:
            yield from _not_run(block)


def _procedure(runbook: Runbook, procedure: Procedure) -> Iterator[str]:
    marks = [procedure.shell] if procedure.shell else []
    if runbook.chosen == procedure.anchor:
        marks.append("default")
    elif procedure.dangerous:
        marks.append("only if named")
    title = f"  {procedure.title}  ({', '.join(marks)})" if marks else ""
    yield f"#{procedure.anchor}{title}"
    items = items_of(procedure)
    places = find_places(items, procedure.shell)
    endless = find_endless_statements(items, procedure.shell, places)
    hosts = {item.where: item.annotation.host or runbook.settings.host for item in items}
    warnings = find_warnings(items, places, endless, is_root=os.geteuid() == 0)
    notes = {where: f"on {host}" for where, host in hosts.items() if host}
    notes |= {item.where: place for item in items if (place := places.describe(item.where))}
    notes |= {item.where: "in the background" for item in items if runs_in_background(item, endless)}
    plan = make_page_plan(runbook, procedure)
    for item in items:
        if _prints_secret(plan, item):
            notes[item.where] = ", ".join(filter(None, (notes.get(item.where), "prints a secret: not shown")))
    for step in procedure.steps:
        yield from _step(plan, step, notes, warnings)
    for each in procedure.left_out:
        yield f"      {each.span.line:>4}  left out, runs only if named: {each.title} (#{each.anchor})"


def _prints_secret(plan: Plan, item: PlanItem) -> bool:
    """Return whether the output of a statement holds a secret, as the page or its commands have it."""
    captured = any(where == item.where and plan.is_secret(each.name) for where, each in plan.captures)
    return item.annotation.secret or captured or plan.prints_secret(item.where)


def _step(
    plan: Plan,
    step: Step,
    notes: Mapping[ItemId, str],
    warnings: Mapping[ItemId, Sequence[StatementWarning]],
) -> Iterator[str]:
    kind = "  by hand" if step.manual else ""
    shows_lines = any(block.runs for block in step.blocks)  # those of its statements
    yield f"  {step.label:>2}  {step.title}{kind}" + ("" if shows_lines else f"  · line {step.span.line}")
    count = 0
    for block in step.blocks:
        if block.runs:
            for branch in block.branches:
                yield f"            if “{branch.labels[branch.number - 1]}” is chosen:"
            for statement in block.statements:
                count += 1
                first, *more = escape_unprintable_code(statement.text).split("\n")
                first = first.removesuffix("\\").rstrip() if more else first
                where = ItemId(step.number, block.number, count)
                names = {p.text: p.name for p in statement.placeholders if p.context != "comment"}
                needed = [f"{text}{_describe_need(plan, name, where)}" for text, name in names.items()]
                needs = "".join(f"  {name}" for name in ["needs", *needed]) if names else ""
                note = f"  ({notes[where]})" if notes.get(where) else ""
                yield f"      {statement.span.line:>4}  {first}{' …' if more else ''}{note}{needs}"
                for warning in warnings.get(where, ()):
                    yield f"            warning: {warning.message}"
        else:
            yield from _not_run(block)


def _describe_need(plan: Plan, name: str, where: ItemId) -> str:
    """Return in parentheses whether a placeholder is a secret, and which step captures it; "" if neither."""
    marks = ["secret"] if plan.is_secret(name) else []
    marks += [f"from step {each.step}" for at, each in plan.captures if each.name == name and at < where][-1:]
    return f" ({', '.join(marks)})" if marks else ""


def _not_run(block: Block) -> Iterator[str]:
    yield f"      {block.span.line:>4}  {block.language or 'a block'}, not run: {block.why_not}"


def format_dry_run(plan: Plan) -> Iterator[str]:
    """Yield the lines of `--dry-run`: everything that a run would do.

    They include unknown values, and blocks that would not run, with the reason.
    """
    yield from map(escape_unprintable, _dry_run(_mask_values(plan)))


def _mask_values(plan: Plan) -> Plan:
    """Return the plan with the secrets in public values masked."""
    masker = Masker(value.text for value in plan.given.values() if value.secret)
    public = [value.text for value in plan.given.values() if not value.secret]
    public += [known.default for known in plan.inputs.values() if known.default is not None]
    if not [text for text in public if masker.add_secrets_of(text)]:
        return plan
    given = {
        name: value if value.secret else replace(value, text=masker.mask_text(value.text))
        for name, value in plan.given.items()
    }
    inputs = {
        name: known if known.default is None else replace(known, default=masker.mask_text(known.default))
        for name, known in plan.inputs.items()
    }
    return replace(plan, given=given, inputs=inputs)


def _dry_run(plan: Plan) -> Iterator[str]:
    procedure = plan.procedure
    address = f"{plan.runbook.path}#{procedure.anchor}"
    shell = f", in {procedure.shell}" if procedure.shell else ""
    yield f"{plan.runbook.title}: {procedure.title} ({address}){shell}"
    captures: dict[ItemId, list[Capture]] = {}
    for where, capture in plan.captures:
        captures.setdefault(where, []).append(capture)
    steps: dict[int, list[PlanItem]] = {}
    for item in plan.items:
        steps.setdefault(item.where.step, []).append(item)
    for step in procedure.steps:
        yield ""
        items = steps.get(step.number)
        at = items[0].line if items else step.span.line  # as a run shows it
        yield f"{step.label}  {step.title}  (line {at})" + ("" if items else "  not asked for")
        for item in items or ():
            if item.statement is None:
                done = item.where.step in plan.done
                yield f"   by hand: {'done, says --done' if done else 'a person says when it is done'}"
                continue
            for line in escape_unprintable_code(_preview_statement(plan, item.statement)).split("\n"):
                yield f"   {line}"
            yield from _notes(plan, item)
            for capture in captures.get(item.where, ()):
                secret = "a secret, " if plan.is_secret(capture.name) else ""
                how = f"by /{capture.pattern}/" if capture.pattern else "from the output"
                yield f"     captures <{capture.name}>, {secret}{how}"
        for block in step.blocks if items else ():
            if not block.runs:
                yield f"   line {block.span.line}: {block.language or 'a block'}, not run: {block.why_not}"
    anchors = {step.anchor for step in procedure.steps}
    elsewhere = [p for p in plan.runbook.procedures if not anchors >= {step.anchor for step in p.steps}]
    if elsewhere:
        yield ""
        yield "not run: " + ", ".join(f"{p.title} (#{p.anchor})" for p in elsewhere)


def _preview_statement(plan: Plan, statement: Statement) -> str:
    """Return the statement with the given values, without secrets.

    The statement is unchanged if a value cannot be quoted.
    """
    given = {name: value.text for name, value in plan.given.items() if not value.secret}
    try:
        return preview_statement(statement, plan.procedure.shell, given)
    except QuotingError:
        return statement.text


def _notes(plan: Plan, item: PlanItem) -> Iterator[str]:
    says = item.annotation
    if place := plan.places.describe(item.where):
        yield f"     {place}"
    for warning in plan.warnings.get(item.where, ()):
        yield f"     warning: {warning.message}"
    for choice in list_choices(item):
        if choice.number:
            chosen, _ = decide_choice(plan, item, choice, {})
            left_out = is_left_out(item, {choice.key: chosen}) if chosen else False
            which = "" if not chosen else " (not chosen)" if left_out else " (chosen)"
            yield f"     alternative {choice.number}{which}: {choice.labels[choice.number - 1]}"
    for name in dict.fromkeys(p.name for p in item.placeholders):
        yield f"     <{name}>: {_describe_value(plan, name, item)}"
    told = {
        "expects": ", ".join(f"`{text}`" for text in says.expect),
        "must not print": ", ".join(f"`{text}`" for text in says.expect_not),
        "expects status": "" if says.expect_status is None else str(says.expect_status),
        "may fail": "yes" if says.allow_failure else "",
        "retried": describe_retries(says),
        "in the background": _describe_background(plan, item),
        "ends after": f"{says.timeout:g} s" if says.timeout else "",
        "only when": says.when or "",
        "on": plan.find_host(item),
        "in": says.cwd or "",
        "asks first": "" if says.confirm is None or not item.first else says.confirm or "run this?",
    }
    for what, value in told.items():
        if value:
            yield f"     {what}: {value}"


def _describe_background(plan: Plan, item: PlanItem) -> str:
    if not runs_in_background(item, plan.endless):
        return ""
    until = item.annotation.until
    return f"once it has printed `{until}`" if until else "once it has started"


def _describe_value(plan: Plan, name: str, item: PlanItem) -> str:
    secret = plan.is_secret(name)
    if name in plan.given:
        return "given with --set" + ("" if secret else f": {describe_value(plan.given[name].text, False)}")
    for where, capture in plan.captures:
        if capture.name == name and where < item.where:
            return f"captured in step {capture.step}"
    known = plan.inputs.get(name)
    if known and known.source:
        return f"from {known.source}"
    if known and known.default is not None:
        return "a default, not shown" if secret else f"default: {known.default}"
    asked = f"asked in step {_find_first_uses(plan.items)[name].step.label}"
    return asked + (", not shown" if secret else "")


@cache_latest
def _find_first_uses(items: tuple[PlanItem, ...]) -> Mapping[str, PlanItem]:
    """Return the first item that has each placeholder, by its name."""
    return {p.name: item for item in reversed(items) for p in item.placeholders}


def to_json(value: Runbook) -> str:
    """Return the whole value as indented JSON, without secret defaults; None is null.

    The places of everything are those in the page itself.
    """
    masker = Masker()
    for name, known in value.settings.inputs.items():
        if known.default is not None and is_secret(name, known):
            masker.add(known.default)
        elif known.default is not None:
            masker.add_secrets_of(known.default)
    converted = _convert_value(value)
    return to_printable_json(_mask_texts(converted, masker) if masker.version else converted)


def _mask_texts(value: Any, masker: Masker) -> Any:
    if isinstance(value, str):
        return masker.mask_text(value)
    if isinstance(value, dict):
        return {name: _mask_texts(item, masker) for name, item in value.items()}
    return [_mask_texts(item, masker) for item in value] if isinstance(value, list) else value


def _convert_value(value: Any) -> Any:
    if isinstance(value, Step):
        return {**_convert_mapping(value._asdict()), "manual": value.manual}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _convert_mapping(value._asdict())
    if is_light_dataclass(type(value)):
        return _convert_mapping({name: getattr(value, name) for name in list_defaults(type(value))})
    if isinstance(value, Mapping):
        return {str(key): _convert_value(item) for key, item in value.items()}
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_convert_value(item) for item in value]
    return str(value)  # dates and other values of YAML


def _convert_mapping(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _convert_value(value) for name, value in values.items()}
