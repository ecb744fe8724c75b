"""Reads and writes the last success of each step, in `NAME.runs.json` beside the page.

`NAME.runs.json` is small and holds no values and no output. It has a line for each entry in a stable order,
which version control can merge. Of two entries of the same text the newer one counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..document.model import Prose, Runbook, Step
from ..light_classes import dataclass, field
from ..system.regular_file import read_regular_file
from ..text.digests import sha256
from ..text.moments import YEARS

VERSION = 1


class BadFreshness(ValueError):
    """A `NAME.runs.json` cannot be used; the message has the place and the reason."""


@dataclass(frozen=True, slots=True)
class Success:
    """A success: its time (RFC 3339, UTC, whole seconds), its run, and the text that ran.

    `anchor` is that of the step or procedure; `digest` is the document's for a procedure, else the step's.
    """

    succeeded: str
    run: str
    anchor: str
    digest: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """The last success of each whole procedure, by anchor, and of each step, by digest."""

    procedures: Mapping[str, Success] = field(default_factory=dict)
    steps: Mapping[str, Success] = field(default_factory=dict)

    def merge(self, other: Freshness) -> Freshness:
        """Return the entries of both, the newer of each."""
        return Freshness(_newest(self.procedures, other.procedures), _newest(self.steps, other.steps))

    def of_step(self, step: Step, shell: str) -> tuple[Success | None, bool]:
        """Return the last success of a step, and whether its text is unchanged since."""
        if found := self.steps.get(step_digest(step, shell)):
            return found, True
        others = [success for success in self.steps.values() if success.anchor == step.anchor]
        return max(others, key=lambda success: success.succeeded, default=None), False

    def prune_for(self, runbook: Runbook) -> Freshness:
        """Return the entries of the current steps, and for each the last success of an older text."""
        steps = [(step, procedure.shell) for procedure in runbook.procedures for step in procedure.steps]
        now = {step_digest(step, shell) for step, shell in steps}
        kept = {digest: success for digest, success in self.steps.items() if digest in now}
        for anchor in {step.anchor for step, _ in steps}:
            older = [each for each in self.steps.values() if each.anchor == anchor and each.digest not in now]
            if older:
                newest = max(older, key=lambda success: success.succeeded)
                kept[newest.digest] = newest
        anchors = {runbook.anchor, *(procedure.anchor for procedure in runbook.procedures)}
        procedures = {anchor: each for anchor, each in self.procedures.items() if anchor in anchors}
        return Freshness(procedures, kept)


def step_digest(step: Step, shell: str) -> str:
    """Return a digest of a step's commands; for a step without commands, of its words."""
    code = [statement.text for block in step.blocks if block.runs for statement in block.statements]
    words = [] if code else [step.title, *(part.text for part in step.parts if isinstance(part, Prose))]
    text = json.dumps([shell if code else "", code, words])
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def freshness_path(page: Path) -> Path:
    """Return the path of a document's `NAME.runs.json`."""
    return page.with_suffix(".runs.json")


def read_freshness(path: Path) -> Freshness:
    """Read a `NAME.runs.json`; empty if it does not exist. Raises BadFreshness and OSError."""
    try:
        data = json.loads(read_regular_file(path))
    except FileNotFoundError:
        return Freshness()
    except (ValueError, RecursionError) as error:
        raise BadFreshness(f"{path}: expected JSON: {error}") from None
    if not isinstance(data, dict) or data.get("version") != VERSION:
        raise BadFreshness(f"{path}: expected an object with `version` {VERSION}")
    procedures = {
        anchor: _success(path, anchor, each, "procedures")
        for anchor, each in _objects(path, data, "procedures")
    }
    steps = {digest: _success(path, digest, each, "steps") for digest, each in _objects(path, data, "steps")}
    return Freshness(procedures, steps)


def _objects(path: Path, data: dict[str, Any], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    found = data.get(name, {})
    if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
        raise BadFreshness(f"{path}: expected `{name}` as an object of objects")
    yield from found.items()


def _success(path: Path, key: str, data: dict[str, Any], kind: str) -> Success:
    anchor, digest = (key, data.get("digest")) if kind == "procedures" else (data.get("step"), key)
    match data.get("succeeded"), data.get("run"), anchor, digest:
        case [str() as succeeded, str() as run, str() as at, str() as of]:
            with suppress(ValueError):
                moment = datetime.fromisoformat(succeeded)
                if moment.year in YEARS:
                    return Success(format_success_time(moment), run, at, of)
    raise BadFreshness(f"{path}: `{kind}`, `{key}`: expected when it succeeded, in which run, and what")


def format_freshness(freshness: Freshness, name: str) -> str:
    """Return the text of a `NAME.runs.json`: a line for each entry, in order."""
    lines = ["{", f'"runbook": {json.dumps(name, ensure_ascii=False)},', f'"version": {VERSION},']
    procedures = {
        anchor: {"succeeded": each.succeeded, "run": each.run, "digest": each.digest}
        for anchor, each in freshness.procedures.items()
    }
    steps = {
        digest: {"step": each.anchor, "succeeded": each.succeeded, "run": each.run}
        for digest, each in freshness.steps.items()
    }
    lines += [*_lines("procedures", procedures, ","), *_lines("steps", steps, ""), "}"]
    return "\n".join(lines) + "\n"


def _lines(name: str, entries: Mapping[str, dict[str, str]], end: str) -> Iterator[str]:
    yield f'"{name}": {{'
    for number, key in enumerate(sorted(entries), 1):
        value = json.dumps(entries[key], ensure_ascii=False)
        yield f"  {json.dumps(key, ensure_ascii=False)}: {value}{',' * (number < len(entries))}"
    yield "}" + end


def _newest(one: Mapping[str, Success], other: Mapping[str, Success]) -> dict[str, Success]:
    merged = dict(one)
    for key, success in other.items():
        if key not in merged or success.succeeded > merged[key].succeeded:
            merged[key] = success
    return merged


def format_success_time(moment: datetime) -> str:
    """Format a moment for `Success`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
