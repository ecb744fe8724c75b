"""The rules of who may import whom, as the architecture page gives them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import runbook_exec

PACKAGE = Path(runbook_exec.__file__).parent
ARGUMENTS = {"arguments", "command", "cli", "planning", "running", "showing"}
ARGUMENTS |= {f"{name}_arguments" for name in ("docs", "lint", "rehearse", "resume", "runs", "trust")}
MODULES = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}


def imports(module: str, *, top_level: bool = False) -> set[str]:
    """What a module imports: ours as `model` or `shells.base`, others by their package's name."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    nodes = tree.body if top_level else list(ast.walk(tree))
    here = module.split(".")[:-1]
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1]
            if node.module:
                found.add(".".join([*base, *node.module.split(".")]))
            else:
                found |= {".".join([*base, alias.name]) for alias in node.names}
    return found


def ours(module: str) -> set[str]:
    """The modules of ours that a module imports, anywhere in it."""
    return {name for name in imports(module) if name in MODULES or f"{name}.__init__" in MODULES}


@pytest.mark.parametrize("module", ["model", "events", "placeholders"])
def test_the_values_import_nothing_of_ours(module: str) -> None:
    """What everything stands on stands on nothing."""
    assert ours(module) == set()


def test_the_engine_is_handed_what_it_needs() -> None:
    """The engine reaches for no session, journal, terminal, clock or environment."""
    handed = {"session", "journal", "terminal", "keyboard", "person", "running", "os", "time", "subprocess"}
    assert (imports("engine") | imports("working")) & handed == set()


def test_observers_do_not_know_each_other() -> None:
    """The journal and the terminal see events, and nothing of one another."""
    assert "terminal" not in ours("journal")
    assert "journal" not in ours("terminal")


@pytest.mark.parametrize(
    ("package", "owners"),
    [
        ("mistune", {"markdown", "markdown_html"}),
        ("pexpect", {"session"}),
        ("prompt_toolkit", {"prompts"}),
        ("rich", {"rendering"}),
        ("argparse", ARGUMENTS),
        ("pygments", {"site.blocks"}),
        ("pytest", {"pytest_plugin"}),
    ],
)
def test_a_library_is_known_where_it_is_said_to_be(package: str, owners: set[str]) -> None:
    """A library's name stands in the modules that the architecture page gives it, and in no other."""
    assert {module for module in MODULES if package in imports(module)} <= owners


def test_a_run_does_not_load_the_record() -> None:
    """What looks at runs that are over is loaded when somebody asks, and by no run that begins."""
    seen: set[str] = set()
    todo = ["cli", "running"]
    while todo:
        module = todo.pop()
        if module not in seen and module in MODULES:
            seen.add(module)
            todo += imports(module, top_level=True)
    assert "cast" in seen
    assert not {module for module in seen if module.startswith(("record.", "rehearsal."))}


def test_no_group_is_repeated_possessively() -> None:
    """Before Python 3.11.5, `(?:ab)*+` loses its place when its last round fails; `(?>(?:ab)*)` does not."""
    possessive = re.compile(r"(?<!\\)\)(?:[*+?]|\{\{?[\d,]+\}\}?)\+")
    assert [name for name, path in MODULES.items() if possessive.search(path.read_text("utf-8"))] == []


def test_the_plugin_of_pytest_loads_nothing_of_ours() -> None:
    """Every run of pytest loads it, and most have no runbooks."""
    assert imports("pytest_plugin", top_level=True) <= {
        "__future__", "collections", "dataclasses", "os", "pathlib", "pytest", "typing",
    }  # fmt: skip


def test_nothing_imports_the_program() -> None:
    """Only `python -m runbook_exec` knows the command line's module."""
    assert {module for module in MODULES if "cli" in ours(module)} == {"__main__"}


@pytest.mark.parametrize("module", ["plan", "parse", "listing"])
def test_what_reads_a_document_opens_no_session(module: str) -> None:
    """Reading and planning start no shell."""
    assert "session" not in ours(module)


def test_the_linter_runs_nothing() -> None:
    """No module of the linter knows the session, the engine or the journal."""
    modules = [module for module in MODULES if module.startswith("lint.")]
    assert len(modules) > 20
    assert [module for module in modules if ours(module) & {"session", "engine", "journal", "running"}] == []


def test_the_site_runs_nothing() -> None:
    """No module of the site knows the session, the engine or the journal's writer."""
    modules = [module for module in MODULES if module.startswith("site.")]
    assert len(modules) > 10
    assert [module for module in modules if ours(module) & {"session", "engine", "running"}] == []


@pytest.mark.parametrize("package", ["rich", "prompt_toolkit", "jinja2", "pygments"])
def test_heavy_packages_are_imported_where_they_are_used(package: str) -> None:
    """The program's first module, and the engine, start without what only some runs need."""
    seen: set[str] = set()
    todo = ["cli", "running", "engine", "session", "parse"]
    while todo:
        module = todo.pop()
        if module in seen:
            continue
        seen.add(module)
        names = imports(module, top_level=True)
        assert package not in names, f"{module} imports {package} at its top"
        todo += [name for name in names if name in MODULES]
