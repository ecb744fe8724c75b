"""Collects runbooks for pytest: an item for the linter, and one for each rehearsal.

Every run of pytest loads this module if the package is installed. Therefore it imports nothing of ours before
a runbook is collected. A Markdown file is a runbook only if the option `runbooks` names it, or if pytest was
given a path that leads into a folder of that name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..rehearsal.python_stand_ins import StandIns
    from .items import RunbookFile


_OPTION = "runbooks"

_HELP = "folders and files whose Markdown pages are runbooks; always: what is named of a folder `runbooks`"

_SUFFIXES = (".md", ".markdown")

NOT_ISOLATED = "not isolated"  # a property of a rehearsal: why it was not kept from the machine

_FOLDERS = pytest.StashKey[tuple[Path, ...]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option to the configuration file."""
    parser.addini(_OPTION, _HELP, type="paths", default=[])


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> RunbookFile | None:
    """Collect a Markdown file if it is a runbook."""
    if file_path.suffix.lower() not in _SUFFIXES or not _is_runbook(file_path, parent.config):
        return None
    file: RunbookFile = _load(".items").RunbookFile.from_parent(parent, path=file_path)
    return file


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report at the end why rehearsals were not isolated from the machine.

    Rehearsals that passed are included.
    """
    reports = (each for kind in ("passed", "failed") for each in terminalreporter.stats.get(kind, ()))
    told = {
        why for each in reports for name, why in getattr(each, "user_properties", ()) if name == NOT_ISOLATED
    }
    for why in sorted(told):
        terminalreporter.write_line(
            f"rehearsals were not isolated from the network and from other files: {why}"
        )


def _is_runbook(path: Path, config: pytest.Config) -> bool:
    folders = config.stash.get(_FOLDERS, None)
    if folders is None:
        folders = config.stash[_FOLDERS] = (*config.getini(_OPTION), *_find_named_paths(config))
    return any(path.is_relative_to(folder) for folder in folders)


def _find_named_paths(config: pytest.Config) -> Iterable[Path]:
    """Yield the arguments of pytest that lead into a folder `runbooks` of the project."""
    for argument in config.args:
        name, _, _ = argument.partition("::")
        path = Path(os.path.abspath(config.invocation_params.dir / name))  # noqa: PTH100 - links stay as they are
        if path.is_relative_to(config.rootpath) and _OPTION in path.relative_to(config.rootpath).parts:
            yield path


@pytest.fixture
def stand_ins(tmp_path: Path) -> StandIns:
    """Return stand-ins that are functions of a test, and rehearsals with them."""
    made: StandIns = _load("..rehearsal.python_stand_ins").StandIns(tmp_path)
    return made


def _load(name: str) -> ModuleType:
    """Return a module of ours, imported when a runbook or a test needs it."""
    return import_module(name, __package__)
