"""When the steps of a runbook last succeeded: from journals, and from `NAME.runs.json` beside the document.

`NAME.runs.json` is small, holds no values and no output, and has a line for each entry in a stable order, so
that version control merges it. Of two entries of the same text the newer one counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..journal import JournalError
from ..model import Procedure, Prose, Runbook, Step
from ..plan import Plan
from .document import path_of
from .filled import OK, SKIPPED, FilledStep, filled
from .finding import Entry
from .record import Record, read_record

VERSION = 1


class BadFreshness(ValueError):
    """A `NAME.runs.json` that cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Success:
    """That something succeeded: when (RFC 3339, UTC, whole seconds), in which run, with which text.

    `anchor` is that of the step or procedure; `digest` is the document's for a procedure, else the step's.
    """

    succeeded: str
    run: str
    anchor: str
    digest: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """The last success of each procedure as a whole, by its anchor, and of each step, by its digest."""

    procedures: Mapping[str, Success] = field(default_factory=dict)
    steps: Mapping[str, Success] = field(default_factory=dict)

    def merged(self, other: Freshness) -> Freshness:
        """What both know, the newer of each."""
        return Freshness(_newest(self.procedures, other.procedures), _newest(self.steps, other.steps))

    def of_step(self, step: Step, shell: str) -> tuple[Success | None, bool]:
        """The last success of a step, and whether its text is still that which succeeded then."""
        if found := self.steps.get(step_digest(step, shell)):
            return found, True
        others = [success for success in self.steps.values() if success.anchor == step.anchor]
        return max(others, key=lambda success: success.succeeded, default=None), False

    def kept_for(self, runbook: Runbook) -> Freshness:
        """What is worth keeping: the steps as they are now, and of each the last success of an older text."""
        steps = [(step, procedure.shell) for procedure in runbook.procedures for step in procedure.steps]
        now = {step_digest(step, shell) for step, shell in steps}
        kept = {digest: success for digest, success in self.steps.items() if digest in now}
        for anchor in {step.anchor for step, _ in steps}:
            older = [each for each in self.steps.values() if each.anchor == anchor and each.digest not in now]
            if older:
                newest = max(older, key=lambda success: success.succeeded)
                kept[newest.digest] = newest
        anchors = {procedure.anchor for procedure in runbook.procedures}
        procedures = {anchor: each for anchor, each in self.procedures.items() if anchor in anchors}
        return Freshness(procedures, kept)


def step_digest(step: Step, shell: str) -> str:
    """What a step's commands come to; of a step without any, what its words do."""
    code = [statement.text for block in step.blocks if block.runs for statement in block.statements]
    words = [] if code else [step.title, *(part.text for part in step.parts if isinstance(part, Prose))]
    text = json.dumps([shell if code else "", code, words])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def beside(page: Path) -> Path:
    """Where the freshness of a document is kept."""
    return page.with_suffix(".runs.json")


def read_freshness(path: Path) -> Freshness:
    """What a `NAME.runs.json` says, nothing where there is none; raises BadFreshness and OSError."""
    try:
        data = json.loads(path.read_bytes())
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
            try:
                return Success(_in_utc(datetime.fromisoformat(succeeded)), run, at, of)
            except ValueError:
                pass
    raise BadFreshness(f"{path}: `{kind}`, `{key}`: expected when it succeeded, in which run, and what")


def to_text(freshness: Freshness, name: str) -> str:
    """The text of a `NAME.runs.json`: a line for each entry, in order."""
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


# from journals -------------------------------------------------------------------------------------------


def runs_of(page: Path, entries: Sequence[Entry]) -> Iterator[Entry]:
    """The runs of a document, in the order of `entries`."""
    absolute = page.resolve()
    for entry in entries:
        if entry.started is None:
            continue
        path = path_of(entry.started)
        # journals of old do not say in which folder a relative path starts
        same = (
            path.resolve() == absolute
            if path.is_absolute()
            else absolute.parts[-len(path.parts) :] == path.parts
        )
        if same:
            yield entry


def from_journals(runbook: Runbook, runs: Iterator[Entry]) -> Freshness:
    """What the journals of a document's runs say, the newest first; damaged ones are passed over."""
    wanted = {step_digest(step, each.shell) for each in runbook.procedures for step in each.steps}
    missing = {procedure.anchor for procedure in runbook.procedures}
    found = Freshness()
    for entry in runs:
        try:
            found = found.merged(from_record(read_record(entry.path)))
        except JournalError:
            continue
        if wanted <= set(found.steps) and missing <= set(found.procedures):
            break
    return found


def from_record(record: Record) -> Freshness:
    """What one run says; nothing where its document is lost, as nobody knows then what it ran."""
    if record.plan is None:
        return Freshness()
    run, shell, anchor = record.started.run, record.plan.procedure.shell, record.plan.procedure.anchor
    steps: dict[str, Success] = {}
    for each in filled(record).steps:
        if each.step is not None and each.span is not None and _succeeded(each):
            digest = step_digest(each.step, shell)
            steps[digest] = Success(_in_utc(each.span[1]), run, each.step.anchor, digest)
    whole = {anchor: Success(_in_utc(record.last), run, anchor, record.digest)}
    return Freshness(whole if _is_whole(record, record.plan) else {}, steps)


def _succeeded(step: FilledStep) -> bool:
    """Whether all of a step went well; what its `when` passed over does not count, what a person did does."""
    passed_over = [
        statement
        for statement in step.statements
        if statement.how == SKIPPED and not any(said.question == "when" for said in statement.said)
    ]
    return step.how == OK and not passed_over


def _is_whole(record: Record, plan: Plan) -> bool:
    """Whether the run succeeded and left nothing of its procedure out, as `--from` and `--only` do."""
    chosen = record.state.chosen
    left = (
        item
        for item in plan.items
        if item.where not in record.state.done
        and not (
            item.statement
            and item.statement.alternative
            and chosen.get((item.where.step, item.where.block)) not in (None, item.statement.alternative)
        )
    )
    return record.outcome == "succeeded" and next(left, None) is None


def procedures_that_count(runbook: Runbook) -> tuple[Procedure, ...]:
    """The procedures whose success is the runbook's: its own one, else all that are no emergency's."""
    own = runbook.settings.procedure or runbook.chosen
    chosen = tuple(each for each in runbook.procedures if each.anchor == own)
    return chosen or tuple(each for each in runbook.procedures if not each.dangerous)


def _newest(one: Mapping[str, Success], other: Mapping[str, Success]) -> dict[str, Success]:
    merged = dict(one)
    for key, success in other.items():
        if key not in merged or success.succeeded > merged[key].succeeded:
            merged[key] = success
    return merged


def _in_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
