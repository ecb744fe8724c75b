"""Writes everything that decides what a procedure runs as lines for a reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..document.model import Annotation, Input, RunbookSettings
from ..masking.masker import Masker
from ..plan.alternatives import describe_choices
from ..plan.model import Plan, PlanItem
from ..plan.values import is_secret
from .plan_digest import NOT_COUNTED, list_fields, read_source_file, words_of

_LONGEST = 200  # characters of a file's content that are shown

_NOTES = {
    "cwd": "in {}",
    "when": "only when {}",
    "choose": "the alternative {}",
    "allow_failure": "may fail",
    "retry": "tried {} times more",
    "every": "tried again every {}",
    "until": "until it prints “{}”",
    "confirm": "asks first",
    "setup": "again whenever the run is resumed",
    "background": "in the background",
    "manual": "done by hand",
    "secret": "prints a secret",
    "capture": "prints the value of <{}>",
    "capture_pattern": "taken with /{}/",
    "expect": "must print {}",
    "expect_not": "must not print {}",
    "expect_status": "must end with {}",
    "timeout": "ended after {}",
    "shell": "for {}",
    "host": "on {}",
}  # descriptions of annotations; another one is shown by its name

_INPUT_NOTES = {
    "source": "from {}",
    "default": "by default {}",
    "choices": "one of {}",
    "pattern": "matches /{}/",
}


def list_commands(plan: Plan) -> tuple[str, ...]:
    """Return everything that decides what a plan runs, as lines for a reader.

    The plan was made from a page without options. Values that are secret, prose and step numbers are left
    out; tokens are masked.
    """
    lines = list(_list_settings(plan))
    noted = alternative = ""
    for item in plan.items:
        if (belongs := describe_choices(item)) != alternative:
            alternative = belongs
            lines += _comment_lines(belongs or "with every choice")
        if (notes := _describe_item(plan, item)) != noted:
            noted = notes
            lines += _comment_lines(notes or "as usual")
        if item.statement is None:
            first, *more = words_of(item)
            lines += [f"# by hand: {first}", *(f"#   {line}" for line in more)]
            continue
        first, *more = item.statement.text.split("\n")
        lines += [f"$ {first}", *(f"  {line}" for line in more)]
    return mask_lines(lines)


def mask_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Return lines in which tokens are masked."""
    return tuple(map(Masker().mask_text, lines))


def _list_settings(plan: Plan) -> Iterator[str]:
    settings: RunbookSettings = plan.runbook.settings
    each = f", each statement at most {plan.timeout:.17g} s" if plan.timeout else ""
    yield from _comment_lines(plan.procedure.shell + (f", in {plan.cwd}" if plan.cwd else "") + each)
    if settings.host:
        yield from _comment_lines(f"on {settings.host}")
    if plan.choose:
        yield from _comment_lines(f"the alternatives {_quote_all(plan.choose)}")
    if settings.literal:
        yield from _comment_lines(f"as written: {', '.join(f'<{name}>' for name in settings.literal)}")
    for name, known in plan.inputs.items():
        if notes := ", ".join(_describe_input(plan, known)):
            yield from _comment_lines(f"<{name}> {notes}")
    labels = {item.where: item.label for item in plan.items}
    annotated = {(item.where, item.annotation.capture) for item in plan.items}
    for where, capture in plan.captures:
        if (where, capture.name) not in annotated:
            pattern = f", taken with /{capture.pattern}/" if capture.pattern else ""
            yield from _comment_lines(f"<{capture.name}> from the output of {labels[where]}{pattern}")


def _describe_input(plan: Plan, known: Input) -> Iterator[str]:
    secret = plan.is_secret(known.name)
    for name, value in _list_given(known):
        if name == "name":
            continue
        if name == "default" and is_secret(known.name, known):
            yield "a default, not shown"
        elif name == "secret":
            yield "a secret" if value else "not a secret"
        else:
            yield _describe(_INPUT_NOTES, name, value)
    file = read_source_file(plan, known)
    if file is not None and file.content is not None and not secret:
        text = file.content.decode("utf-8", "replace").rstrip("\r\n")
        yield f"now “{text}”" if len(text) <= _LONGEST else f"now {len(text)} characters, not shown"


def _describe_item(plan: Plan, item: PlanItem) -> str:
    place = plan.places.describe(item.where)
    notes = [place] if place else []
    notes += [_describe_annotation(name, value) for name, value in _list_given(item.annotation)]
    if item.block and item.block.prompt:
        notes.append(f"shown at the prompt {item.block.prompt}")
    return ", ".join(notes)


def _describe_annotation(name: str, value: object) -> str:
    if name == "confirm" and value:
        return f"asks first “{value}”"
    return _describe(_NOTES, name, f"{value:.17g} s" if isinstance(value, float) else value)


def _describe(notes: Mapping[str, str], name: str, value: object) -> str:
    text = _quote_all(map(str, value)) if isinstance(value, tuple) else str(value)
    return notes.get(name, f"{name.replace('_', '-')} {{}}").format(text)


def _quote_all(texts: Iterable[str]) -> str:
    return ", ".join(f"“{text}”" for text in texts)


def _list_given(value: Input | Annotation) -> Iterator[tuple[str, object]]:
    """Yield the fields that count and are given."""
    ignored = NOT_COUNTED[type(value)]
    for name, default in list_fields(type(value)).items():
        given: object = getattr(value, name)
        if name not in ignored and given != default:
            yield name, given


def _comment_lines(text: str) -> list[str]:
    first, *more = text.split("\n")
    return [f"# {first}", *(f"#   {line}" for line in more)]
