"""The tools that read pages: list_runbooks, show, plan and lint."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator

from ..diagnostics.problem import Problem
from ..document.model import Procedure, Runbook, Step
from ..journal.paths import state_folder
from ..plan.builder import choose_procedure, make_page_plan
from ..plan.values import is_secret
from ..runner.load import format_problems
from ..runner.options import RunOptions
from ..runner.planning import read_plan
from ..runner.trust import Reliance, read_trust
from .agent_values import check_agent_values, find_person_reason
from .program import run_command
from .served_pages import ServedPage, ServedPages, read_page
from .slices import clip_text, slice_lines, take_slice
from .tool import AgentTool, CallArguments, ToolArgument, ToolResult
from .tool_error import ToolError

PAGE = ToolArgument("page", "text", "the name of the page, as `list_runbooks` gives it", is_required=True)
ANCHOR = ToolArgument(
    "anchor", "text", "the procedure, as `show` lists it; without it, what plainly is the procedure"
)
VALUES = ToolArgument("values", "values", "values by their names; never a secret")
CHOOSE = ToolArgument("choose", "labels", "labels of the alternatives that run, such as a tab")
OFFSET = ToolArgument("offset", "number", "where a long result continues: `next_offset` of the last one")


class PageTools:
    """The tools that read the pages that are served."""

    def __init__(self, pages: ServedPages) -> None:
        self._pages = pages

    def list_tools(self) -> tuple[AgentTool, ...]:
        """Return the tools."""
        search = ToolArgument("search", "text", "only pages that have all of these words")
        return (
            AgentTool(
                "list_runbooks",
                "List the runbooks: pages whose commands can run. Look here before you do an operation.",
                (search, OFFSET),
                self._list_runbooks,
            ),
            AgentTool(
                "show",
                "Show the steps and commands of a procedure, the values it needs, and whether a person must "
                "confirm its commands.",
                (PAGE, ANCHOR, OFFSET),
                self._show,
            ),
            AgentTool(
                "plan",
                "Show what a run with these values would do, without running anything (a dry run).",
                (PAGE, ANCHOR, VALUES, CHOOSE, OFFSET),
                self._plan,
            ),
            AgentTool("lint", "List what is wrong with a page.", (PAGE, OFFSET), self._lint),
        )

    def _list_runbooks(self, arguments: CallArguments) -> ToolResult:
        words = arguments.text("search").casefold().split()
        found, following = take_slice(self._describe_pages(words), arguments.number("offset"))
        return _with_next({"runbooks": found}, following)

    def _describe_pages(self, words: list[str]) -> Iterator[dict[str, object]]:
        for page in self._pages.list_pages():
            try:
                runbook = read_page(page)
            except ToolError:
                continue  # removed since the folder was listed, or no page
            text = f"{page.name}\n{runbook.text}".casefold()
            if runbook.procedures and all(word in text for word in words):
                yield {
                    "page": page.name,
                    "title": runbook.title,
                    "procedures": [_describe_procedure(runbook, each) for each in runbook.procedures[:40]],
                }

    def _show(self, arguments: CallArguments) -> ToolResult:
        page = self._pages.find_page(arguments.text("page"))
        anchor = arguments.optional_text("anchor")
        runbook = read_page(page, anchor)
        listed = [_describe_procedure(runbook, each) for each in runbook.procedures[:40]]
        result: ToolResult = {"page": page.name, "title": runbook.title, "procedures": listed}
        procedure = choose_procedure(runbook, anchor)
        if isinstance(procedure, Problem):
            if anchor is not None:
                raise ToolError(format_problems([procedure], page.name, runbook.text))
            return {**result, "note": procedure.message}
        steps, following = take_slice(map(_describe_step, procedure.steps), arguments.number("offset"))
        result |= {"anchor": procedure.anchor, "shell": procedure.shell, "steps": steps}
        result |= {"values": list(_describe_values(runbook, procedure))}
        doubt = _find_doubt(runbook, procedure, is_default=anchor is None)
        result["person_confirms_each_command"] = bool(doubt)
        if doubt:
            result["because"] = doubt
        if runbook.problems:
            problems = format_problems(runbook.problems, page.name, runbook.text)
            result["problems"] = clip_text(problems, 3_000)
        return _with_next(result, following)

    def _plan(self, arguments: CallArguments) -> ToolResult:
        page = self._pages.find_page(arguments.text("page"))
        words = make_run_words(page, arguments)
        done = run_command(["run", *words, "--dry-run"])
        if done.status:
            raise ToolError(done.errors or done.text)
        result = {"page": page.name, **slice_lines(done.text, arguments.number("offset"))}
        return {**result, "notes": clip_text(done.errors)} if done.errors else result

    def _lint(self, arguments: CallArguments) -> ToolResult:
        page = self._pages.find_page(arguments.text("page"))
        done = run_command(["lint", "--format", "json", str(page.path)])
        try:
            found = json.loads(done.text)
        except ValueError:
            raise ToolError(done.errors or "lint has failed") from None
        kept = ("line", "column", "code", "name", "severity", "message", "hint")
        rows = ({name: each[name] for name in kept if each.get(name)} for each in found)
        findings, following = take_slice(rows, arguments.number("offset"))
        result: ToolResult = {"page": page.name, "count": len(found), "findings": findings}
        return _with_next(result | ({"notes": clip_text(done.errors)} if done.errors else {}), following)


def require_trust_of_sources(page: ServedPage, anchor: str | None) -> None:
    """Raise ToolError if commands that give values would run before a person has seen them."""
    plan = read_plan(str(page.path), anchor, RunOptions())
    if not any((known.source or "").startswith("cmd:") for known in plan.inputs.values()):
        return
    if doubt := _find_doubt(plan.runbook, plan.procedure, is_default=anchor is None):
        raise ToolError(
            f"{doubt}, and the page takes values from commands. A person looks at them with "
            f"`runbook-exec trust {shlex.quote(str(page.path))}` in a terminal. Nothing was started"
        )


def make_run_words(page: ServedPage, arguments: CallArguments) -> list[str]:
    """Return the words of a run with the page, anchor and values of a call; raises ToolError and Refused."""
    anchor = arguments.optional_text("anchor")
    values, choose = arguments.values("values"), arguments.labels("choose")
    check_agent_values(read_plan(str(page.path), anchor, RunOptions(choose=choose)), values)
    address = str(page.path) if anchor is None else f"{page.path}#{anchor}"
    words = [address, *(f"--set={name}={value}" for name, value in values.items())]
    return words + [f"--choose={label}" for label in choose]


def _with_next(result: ToolResult, following: int | None) -> ToolResult:
    return result if following is None else {**result, "next_offset": following}


def _describe_procedure(runbook: Runbook, procedure: Procedure) -> dict[str, object]:
    described: dict[str, object] = {"anchor": procedure.anchor, "title": procedure.title}
    if runbook.chosen == procedure.anchor:
        described["is_default"] = True
    if procedure.dangerous:
        described["only_when_named"] = True
    return described


def _describe_step(step: Step) -> dict[str, object]:
    """Return a step with the commands that run."""
    described: dict[str, object] = {"step": step.label, "title": step.title, "line": step.span.line}
    if step.manual:
        described["by_hand"] = True
    commands: list[dict[str, object]] = []
    for block in step.blocks:
        for statement in block.statements if block.runs else ():
            names = dict.fromkeys(each.name for each in statement.placeholders if each.context != "comment")
            command: dict[str, object] = {"line": statement.span.line, "text": clip_text(statement.text)}
            commands.append({**command, "values": list(names)} if names else command)
        if not block.runs:
            commands.append({"line": block.span.line, "not_run": block.why_not})
    return {**described, "commands": commands} if commands else described


def _describe_values(runbook: Runbook, procedure: Procedure) -> Iterator[dict[str, object]]:
    """Yield the values that a procedure needs, and who may give each."""
    plan = make_page_plan(runbook, procedure)
    names = dict.fromkeys(each.name for item in plan.items for each in item.placeholders)
    captured = {capture.name for _, capture in plan.captures}
    for name in names:
        known = runbook.settings.inputs.get(name)
        described: dict[str, object] = {"name": name}
        if known is not None:
            facts = {"help": known.help, "pattern": known.pattern, "choices": list(known.choices)}
            facts |= {"source": known.source}
            facts |= {} if is_secret(name, known) else {"default": known.default}
            described |= {fact: value for fact, value in facts.items() if value}
        if name in captured:
            described["captured"] = True
        if why := find_person_reason(plan, name):
            described |= {"given_by": "person", "because": why}
        else:
            described["given_by"] = "agent"
        yield described


def _find_doubt(runbook: Runbook, procedure: Procedure, *, is_default: bool) -> str:
    """Return why the commands of a procedure do not run before a person has confirmed each, or ""."""
    known = read_trust(runbook, procedure, state_folder(dict(os.environ)), {})
    return known.explain_doubt(Reliance(default=is_default))
