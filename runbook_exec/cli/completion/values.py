"""Lists the values that a word of a command line can have: pages, steps, placeholders, runs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from importlib import import_module
from pathlib import Path

from ...document.model import TRANSCRIPT, Procedure, Runbook
from ...journal.index import RunSummary, find_journal, list_newest, list_unfinished, read_summary
from ...journal.paths import state_folder
from ...plan.alternatives import list_choices
from ...plan.builder import choose_procedure, items_of
from ...plan.values import is_secret
from ...runner.load import parse_address, read_runbook
from ...shells.registry import SHELLS
from ...text.moments import format_age
from .model import Candidate, CommandLine

PAGES = (".md", ".mdx", ".markdown")


def list_paths(
    current: str, suffixes: Sequence[str] = ("",), folders_only: bool = False
) -> Iterator[Candidate]:
    """Yield the folders, with a `/`, and the files with these suffixes that a path can be continued to."""
    typed, _, begun = current.rpartition("/")
    typed = f"{typed}/" if "/" in current else ""
    with os.scandir(Path(typed).expanduser()) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        hidden = entry.name.startswith(".") and not begun.startswith(".")
        if hidden or not entry.name.startswith(begun):
            continue
        if entry.is_dir():
            yield Candidate(f"{typed}{entry.name}/")
        elif not folders_only and entry.name.endswith(tuple(suffixes)):
            yield Candidate(f"{typed}{entry.name}")


def list_pages(current: str) -> Iterator[Candidate]:
    """Yield pages, or after a `#` the procedures of the page and its sections that have shell blocks."""
    path, mark, _ = current.rpartition("#")
    if not mark or not Path(path).expanduser().is_file():
        yield from (each for each in list_paths(current, PAGES) if not each.value.endswith(TRANSCRIPT))
        return
    runbook = read_runbook(str(Path(path).expanduser()))
    for each in runbook.procedures:
        mark = "default, " if each.anchor == runbook.chosen else "only if named, " if each.dangerous else ""
        yield Candidate(f"{path}#{each.anchor}", f"{mark}{each.title}")
    places = [block.span.start for block in runbook.blocks if block.language in SHELLS]
    for section in runbook.sections:
        if any(section.span.start < place < section.end for place in places):
            yield Candidate(f"{path}#{section.anchor}", section.title)


def list_steps(line: CommandLine, option: str) -> Iterator[Candidate]:
    """Yield the labels of the steps that an option can name."""
    procedure = _find_procedure(line)
    if procedure is None:
        return
    asking = {item.step.label for item in items_of(procedure) if item.annotation.confirm is not None}
    for step in procedure.steps:
        if option == "--done" and not step.manual:
            continue
        if option == "--confirmed" and step.label not in asking:
            continue
        yield Candidate(step.label, step.title)


def list_names(line: CommandLine, current: str, option: str) -> Iterator[Candidate]:
    """Yield `NAME=` for each placeholder, or after it what that option takes."""
    name, given, value = current.partition("=")
    if given:
        more: Iterable[Candidate] = ()
        if option == "--set-file":
            more = list_paths(value)
        elif option == "--capture":
            more = list_steps(line, option)
        elif option == "--set":
            more = _list_choices_of(line, name)
        yield from (Candidate(f"{name}={each.value}", each.help) for each in more)
        return
    runbook, procedure = _read_page(line), _find_procedure(line)
    if runbook is None:
        return
    blocks = [block for step in procedure.steps for block in step.blocks] if procedure else runbook.blocks
    found = {one.name for block in blocks for each in block.statements for one in each.placeholders}
    for each in sorted({*found, *runbook.settings.inputs}):
        about = runbook.settings.inputs.get(each)
        text = about.help if about else ""
        if is_secret(each, about):
            text = f"a secret: `--set {each}=-` reads it from standard input" if option == "--set" else text
        yield Candidate(f"{each}=", text)


def _list_choices_of(line: CommandLine, name: str) -> Iterator[Candidate]:
    runbook = _read_page(line)
    about = runbook.settings.inputs.get(name) if runbook else None
    yield from map(Candidate, about.choices if about else ())


def list_labels(line: CommandLine) -> Iterator[Candidate]:
    """Yield the labels of the page's alternatives."""
    procedure = _find_procedure(line)
    labels = (
        label
        for item in (items_of(procedure) if procedure else ())
        for choice in list_choices(item)
        for label in choice.labels
    )
    yield from (Candidate(label) for label in dict.fromkeys(labels))


def list_runs(command: str) -> Iterator[Candidate]:
    """Yield the ids of the runs that a command can be for, newest first."""
    folder, now = state_folder(dict(os.environ)), datetime.now().astimezone()
    found = list_unfinished(folder) if command == "resume" else list_newest(folder)
    for each in found:
        if not each.problem and (command != "attach" or each.running):
            yield Candidate(each.run, _describe_run(each, now))


def _describe_run(run: RunSummary, now: datetime) -> str:
    name = Path(run.started.path).name if run.started else ""
    return f"{name}, {run.outcome}, {format_age(run.began, now)}"


def list_rules() -> Iterator[Candidate]:
    """Yield the codes of lint's rules."""
    rules = import_module("...lint.registry", __package__).RULES  # with every rule, which nothing else needs
    yield from (Candidate(each.info.code, each.info.name) for each in rules)


def _find_procedure(line: CommandLine) -> Procedure | None:
    runbook = _read_page(line)
    if runbook is None:
        return None
    found = choose_procedure(runbook, parse_address(_find_page(line))[1])
    return found if isinstance(found, Procedure) else None


def _read_page(line: CommandLine) -> Runbook | None:
    written = _find_page(line)
    if not written or written == "-":
        return None
    path, anchor = parse_address(written)
    return read_runbook(path, line.inputs, line.shell, anchor)


def _find_page(line: CommandLine) -> str:
    """Return FILE[#anchor] of the page; for `resume`, the page of the run; "" if there is none."""
    if line.command != "resume":
        return str(Path(line.page).expanduser()) if line.page else ""
    folder = state_folder(dict(os.environ))
    newest = next(list_unfinished(folder), None) if not line.run else None
    run = read_summary(find_journal(folder, line.run)) if line.run else newest
    if run is None or run.started is None:
        return ""
    return f"{Path(run.started.folder) / run.started.path}#{run.started.anchor}"
