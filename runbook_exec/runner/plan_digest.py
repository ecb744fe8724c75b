"""Makes digests of everything that decides what a procedure runs.

Every field of a plan counts, unless it is listed here with the reason why it decides nothing. A new field
therefore counts by itself. A field that has its default value is left out, so a new one changes no digest of
a page that does not use it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from ..document.assignments import Capture
from ..document.model import (
    Annotation,
    Block,
    Input,
    Placeholder,
    Procedure,
    Prose,
    Runbook,
    RunbookSettings,
    Statement,
    Suspicion,
)
from ..light_classes import MISSING, NamedTuple, is_light_dataclass, list_defaults, replace
from ..plan.model import ItemId, Places, Plan, PlanItem, StatementWarning
from ..system.regular_file import read_regular_file
from ..text.digests import sha256

VERSION = 2  # of the digests; version 1 had only the text that `trust` showed

_PLACE = "its place on the page"
_SHOWN = "shown, and decides nothing"
_APART = "counted in another place, as the plan or its items have it"
_OPTIONS = "named only by options of the command line: see `digest_steps`"

NOT_COUNTED: Mapping[type, Mapping[str, str]] = {
    Plan: {
        "items": _APART,
        "secret_uses": "found in the statements, which count",
        "endless": "as `secret_uses`",
        "on": "an option, for commands that are the same on every host",
    },
    Runbook: {
        "path": "the trust is for this path",
        "text": "what it means is in the plan",
        "digest": "what it means is in the plan",
        "title": _SHOWN,
        "front_matter": "what it means is in the settings",
        "procedures": _APART,
        "chosen": "counted apart, for runs that name no procedure",
        "anchor": _SHOWN,
        "sections": _SHOWN,
        "wikilinks": _SHOWN,
        "blocks": _APART,
        "problems": "an error refuses the run",
        "paragraphs": _SHOWN,
        "named": "the trust is for this anchor",
        "why_none": _SHOWN,
        "is_sequence": "decides only what a menu offers",
    },
    RunbookSettings: {
        "inputs": _APART,
        "captures": _APART,
        "literal": "the placeholders of statements are without them",
        "languages": "the statements are those of the blocks that run",
        "procedure": "counted apart, for runs that name no procedure",
        "shell": "the procedure has it",
        "cwd": _APART,
        "timeout": _APART,
        "cadence": "decides only what is due",
        "choose": _APART,
    },
    Procedure: {
        "title": _SHOWN,
        "anchor": "the trust is for this anchor",
        "span": _PLACE,
        "steps": _APART,
        "dangerous": "decides only whether it runs unnamed, which is counted apart",
        "prose": _SHOWN,
        "left_out": _SHOWN,
        "ranges": _PLACE,
    },
    PlanItem: {"where": "items count in their order", "step": _OPTIONS},
    Block: {
        "number": _PLACE,
        "info": "what it means is in the annotation and the shell",
        "language": "every statement runs in the shell of the procedure",
        "code": _APART,
        "script": _APART,
        "span": _PLACE,
        "statements": _APART,
        "runs": "only blocks that run have items",
        "why_not": _SHOWN,
        "annotation": "the item has it, with that of the step",
        "holds_commands": "only blocks that run have items",
    },
    Statement: {
        "start": _PLACE,
        "end": _PLACE,
        "span": _PLACE,
        "expected": "shown; what it says about inner shells is in the warnings",
    },
    Annotation: {"id": _OPTIONS, "span": _PLACE},
    Placeholder: {"span": _PLACE},
    Suspicion: {"span": _PLACE, "advice": _SHOWN},
    Places: {
        "openers": "found in the statements, which count",
        "leaves": "found in the statements, which count",
        "warnings": "the plan has them",
    },
    StatementWarning: {"message": "it quotes line numbers, and statements that count", "advice": _SHOWN},
    Input: {"help": _SHOWN, "span": _PLACE},
    Capture: {"step": "the plan has the statement that it means"},
}  # fields that decide nothing, or nothing by themselves, with the reason

_LARGEST = 1 << 20  # bytes of a file that is the source of a value


class PageDigest(NamedTuple):
    """The digests of a procedure."""

    commands: str  # of everything that decides what runs
    steps: str  # of the names and numbers of its steps, which decide what options such as `--only` mean
    is_default: bool  # whether it runs if no procedure is named


def digest_page(plan: Plan) -> PageDigest:
    """Return the digests of a plan that was made from a page without options."""
    runbook, procedure = plan.runbook, plan.procedure
    return PageDigest(_digest_plan(plan), digest_steps(plan), runbook.chosen == procedure.anchor)


def digest_settings(plan: Plan) -> str:
    """Return the digest of what decides beside the items: the shell, values, folders, times and choices."""
    return _digest_plan(replace(plan, items=(), captures=(), warnings={}, places=Places()))


def digest_steps(plan: Plan) -> str:
    """Return the digest of the names and numbers that a STEP of the command line can be."""
    ids: dict[int, list[str | None]] = {}
    for number, items in groupby(plan.items, key=lambda item: item.where.step):
        ids[number] = [item.annotation.id for item in items]
    steps = [
        [step.label, step.anchor, step.annotation.id, step.manual, ids.get(step.number, [])]
        for step in plan.procedure.steps
    ]
    return _hash(steps)


def _digest_plan(plan: Plan) -> str:
    order = {item.where: number for number, item in enumerate(plan.items)}
    return _hash([VERSION, _encode(plan, order), dict(_digest_files(plan))])


def _hash(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _encode(value: object, order: Mapping[ItemId, int]) -> object:
    """Return a value in the types of JSON; different values give different results."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Enum():
            return [type(value).__name__, value.value]
        case ItemId():
            return order.get(value, str(value))
        case Mapping():
            pairs = [[_encode(key, order), _encode(each, order)] for key, each in value.items()]
            return sorted(pairs, key=lambda pair: json.dumps(pair[0]))
        case frozenset():
            return sorted(json.dumps(_encode(each, order)) for each in value)
        case Plan():
            return {**_encode_fields(value, order), "items": list(_encode_items(value.items, order))}
        case tuple() if not hasattr(value, "_fields"):
            return [_encode(each, order) for each in value]
    return _encode_fields(value, order)


def _encode_fields(value: object, order: Mapping[ItemId, int]) -> dict[str, object]:
    kind: type = type(value)
    known = _list_fields(kind)
    given = ((name, getattr(value, name), default) for name, default in known)
    return {
        name: _encode(each, order) for name, each, default in given if each is not default and each != default
    }


@cache
def _list_fields(kind: type) -> tuple[tuple[str, Any], ...]:
    """Return the fields of a class that count, each with its default; raises TypeError for other classes."""
    if kind not in NOT_COUNTED and not kind.__module__.startswith(__package__.split(".")[0]):
        raise TypeError(f"expected a part of a plan, got {kind.__name__}")
    names = list_fields(kind)
    return tuple((name, default) for name, default in names.items() if name not in NOT_COUNTED.get(kind, {}))


def list_fields(kind: type) -> dict[str, Any]:
    """Return the names of the fields of a dataclass or named tuple, each with its default."""
    if is_light_dataclass(kind):
        return list_defaults(kind)
    names: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]
    defaults: Mapping[str, Any] = kind._field_defaults  # type: ignore[attr-defined]
    return {name: defaults.get(name, MISSING) for name in names}


def _encode_items(items: tuple[PlanItem, ...], order: Mapping[ItemId, int]) -> Iterator[object]:
    """Yield each item; its block only if it is another than that of the item before."""
    before: Block | None = None
    for item in items:
        same = item.block is before and before is not None
        encoded = _encode_fields(item._replace(block=None) if same else item, order)
        yield [same, encoded, None if item.statement else words_of(item)]
        before = item.block


def words_of(item: PlanItem) -> list[str]:
    """Return the words of an item that a person does: its title and the text below it, line by line."""
    texts = [item.block.code] if item.block else [item.step.title, *map(_text_of, item.step.parts)]
    lines = (" ".join(line.split()) for text in texts for line in text.splitlines())
    return [line for line in lines if line]


def _text_of(part: Prose | Block) -> str:
    return part.text if isinstance(part, Prose) else part.code


# files that are the sources of values ---------------------------------------------------------------------


class SourceFile(NamedTuple):
    """A file that is the source of a value."""

    content: bytes | None  # None if it cannot be read; then the run is refused
    counts: bool  # whether its content decides: not that of a secret outside of the page's folder


def read_source_file(plan: Plan, known: Input) -> SourceFile | None:
    """Return the file that an input has its value from, or None for another source."""
    if not (known.source or "").startswith("file:"):
        return None
    folder = Path(os.path.realpath(plan.runbook.path)).parent
    written = Path(os.path.expanduser((known.source or "").removeprefix("file:")))  # noqa: PTH111
    path = Path(plan.runbook.path).parent / written
    is_inside = Path(os.path.realpath(path)).is_relative_to(folder) or not written.is_absolute()
    return SourceFile(_read_content(path), is_inside or not plan.is_secret(known.name))


def _read_content(path: Path) -> bytes | None:
    try:
        return read_regular_file(path, _LARGEST)
    except (OSError, ValueError):
        return None


def _digest_files(plan: Plan) -> Iterator[tuple[str, str | None]]:
    """Yield the inputs from files whose content counts, each with a digest of the content.

    That of a secret is slow to compute: a lock file is public, and nobody may find the secret by guessing.
    """
    for name, known in plan.inputs.items():
        file = read_source_file(plan, known)
        if file is None or not file.counts:
            continue
        if file.content is None:
            yield name, None
        elif plan.is_secret(name):
            from hashlib import pbkdf2_hmac  # loads OpenSSL

            yield name, pbkdf2_hmac("sha256", file.content, name.encode(), 400_000).hex()
        else:
            yield name, sha256(file.content).hexdigest()
