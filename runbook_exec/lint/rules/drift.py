"""D523: steps that have changed since they last succeeded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...diagnostics.finding import Finding
from ...diagnostics.rule import RuleInfo
from ...errors import reason
from ...runs.freshness import BadFreshness, read_freshness, step_digest
from ...text.source import make_span
from ..facts.workspace import Workspace
from ..facts.workspace_finder import find_workspace
from ..rule import Example, Page, Rule


def last_successes(workspace: Workspace, path: str) -> Mapping[str, Any] | str | None:
    """Return the steps in the `NAME.runs.json` at this path, by digest.

    Each step has its anchor and the time of its success. None if the file does not exist; a text with the
    reason if it cannot be read.
    """
    if not workspace.exists(path):
        return None
    try:
        known = read_freshness(workspace.base / path)
    except BadFreshness as error:
        return str(error).removeprefix(f"{workspace.base / path}: ")
    except OSError as error:
        return reason(error)
    return {digest: [each.anchor, each.succeeded] for digest, each in known.steps.items()}


QUERIES = (last_successes,)


def changed_since_success(page: Page) -> Iterator[Finding]:
    """Report steps of which an older text has succeeded, but not the present one."""
    if not page.runbook.procedures or (here := find_workspace(page)) is None:
        return
    path = Path(here[1]).with_suffix(".runs.json").as_posix()
    successes = here[0].ask(last_successes, path)
    if successes is None:
        return
    if isinstance(successes, str):
        text = page.runbook.text
        yield Finding(
            f"`{Path(path).name}` cannot be used: {successes}",
            make_span(text, 0, len(text.partition("\n")[0])),
            "write it anew with `runbook-exec runs export`",
        )
        return
    yield from _find_changed_steps(page, successes)


def _find_changed_steps(page: Page, successes: Mapping[str, Any]) -> Iterator[Finding]:
    for procedure in page.runbook.procedures:
        for step in procedure.steps:
            if step_digest(step, procedure.shell) in successes:
                continue
            if days := [moment[:10] for anchor, moment in successes.values() if anchor == step.anchor]:
                yield Finding(
                    f"step {step.label} has changed since it last succeeded, on {max(days)}",
                    step.span,
                    "run it, and then `runbook-exec runs export`",
                )


def _page(command: str) -> str:
    return f"# A\n\n## Procedure\n\n### 1. Look\n\n```fish\n{command}\n```\n"


_RUNS = """{
"runbook": "page.md",
"version": 1,
"procedures": {
},
"steps": {
  "%s": {"step": "1-look", "succeeded": "2026-11-02T03:04:05Z", "run": "4a71"}
}
}
"""


RULES = (
    Rule(
        RuleInfo(
            "D523",
            "changed-since-success",
            does="Reports a step whose commands have changed since it last succeeded. `runbook-exec runs "
            "export` writes the successes to `NAME.runs.json` beside the page. For a manual step, "
            "its words count.",
            why="Nobody has seen the changed step work. Run it before you need it.",
        ),
        changed_since_success,
        bad=(
            Example(_page("uptime"), at=(5, 1), files={"page.runs.json": _RUNS % "0123456789abcdef"}),
            Example(_page("uptime"), at=(1, 1), files={"page.runs.json": "{}"}),
        ),
        good=(
            Example(_page("uptime"), files={"page.runs.json": _RUNS % "393b3d0dd276e4d8"}),
            Example(_page("uptime"), files={"other.runs.json": _RUNS % "0123456789abcdef"}),
            Example(_page("uptime")),
        ),
    ),
)
