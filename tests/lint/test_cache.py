"""A second run of the linter checks only changed pages, and reports the same."""

from __future__ import annotations

import os
import random
import shutil
import stat
import subprocess
from datetime import date
from pathlib import Path

import pytest

from runbook_exec.lint.cache import Cache, open_cache
from runbook_exec.lint.linter import lint
from runbook_exec.lint.selection import LintSettings, Selection
from tests.support.program import COMMAND, Program, ProgramResult

PAGE = "# Page\n\n```fish\nmake {0} | tee log\n```\n\nSee [[other#Heading|it]] and [it](other.md#heading).\n"


@pytest.fixture
def site(program: Program) -> Program:
    """A repository with some pages, on a machine whose fish counts its starts."""
    subprocess.run(["git", "init", "-q", program.work], check=True)
    for number in range(5):
        program.write(f"page-{number}.md", PAGE.format(number))
    program.write("other.md", "# Other\n\n## Heading\n\n```fish\necho yes\n```\n")
    fish = program.folder / "bin" / "fish"
    fish.parent.mkdir()
    fish.write_text(f'#!/bin/sh\necho >>{program.folder}/started\nexec {shutil.which("fish")} "$@"\n')
    fish.chmod(0o755)
    return program


def run(site: Program, *arguments: str) -> tuple[ProgramResult, int]:
    """Lint the pages; return the result and the number of starts of fish."""
    started = site.folder / "started"
    started.write_text("")
    path = f"{site.folder}/bin:{site.environment()['PATH']}"
    ran = site.run("lint", ".", "--ignore", "D52", *arguments, env={"PATH": path})
    return ran, started.read_text().count("\n")


def cache_file(site: Program) -> Path:
    """The only file of the cache."""
    (path,) = (site.folder / "home" / "cache" / "runbook-exec" / "lint").iterdir()
    return path


def test_unchanged_pages_are_not_checked_again(site: Program) -> None:
    """If nothing has changed, the output is the same and no shell is started."""
    first, started = run(site)
    assert (first.status, first.stdout.count("M303")) == (1, 5)
    assert started == 1
    assert run(site) == (first, 0)
    assert run(site, "--no-cache") == (first, 1)


def test_a_changed_page_is_checked_again(site: Program) -> None:
    """Only the page that has changed is checked again, also when it changes back."""
    before, _ = run(site)
    site.write("page-3.md", PAGE.format("3 )"))
    after, started = run(site)
    assert started == 2  # once for all blocks to check, and once more for the wrong one
    assert "page-3.md:4:8: P101 " in after.stdout
    assert after.stdout.count("M303") == 5
    site.write("page-3.md", PAGE.format(3))
    assert run(site) == (before, 0)


def test_a_change_beside_the_page_invalidates_its_result(site: Program) -> None:
    """Other pages, settings, selections and the shell count, even if the page is the same."""
    run(site)
    site.write("other.md", "# Other\n\n## Another heading\n\n```fish\necho yes\n```\n")
    assert run(site)[0].stdout.count("D503") == 10
    (site.work / "other.md").rename(site.work / "else.md")
    said = run(site)[0].stdout
    assert (said.count("D501"), said.count("D504")) == (5, 5)
    (site.work / "else.md").rename(site.work / "other.md")
    site.write("other.md", "# Other\n\n## Heading\n")
    assert run(site)[0].stdout.count("D50") == 0
    site.write("runbook-exec.toml", 'ignore = ["M303"]\n')
    assert run(site)[0].status == 0
    assert run(site, "--select", "M")[0].stdout.count("M303") == 5
    (site.work / "runbook-exec.toml").unlink()
    (site.folder / "bin" / "fish").touch()
    assert run(site)[1] == 1


def test_a_result_expires_on_its_day(tmp_path: Path) -> None:
    """A page whose findings depend on the date is checked again on that date."""
    page = tmp_path / "page.md"
    page.write_text("---\nlast-reviewed: 2026-01-01\nrunbook:\n  cadence: 30d\n---\n\n# Page\n")
    (tmp_path / "mkdocs.yml").touch()
    settings = {str(page): LintSettings(Selection(select=("D522",)))}
    days = (date(2026, 1, 31), date(2026, 1, 31), date(2026, 2, 1))
    found = [
        [each.code for each in lint([str(page)], settings, day, cache=Cache(tmp_path / "cache")).diagnostics]
        for day in days
    ]
    assert found == [[], [], ["D522"]]


def test_a_damaged_cache_file_is_repaired(site: Program) -> None:
    """With any damage to the file the findings are the same; the cache works again afterwards."""
    first, _ = run(site)
    whole = cache_file(site).read_bytes()
    chance = random.Random(1)  # noqa: S311
    damaged = [
        b"",
        b"\n" * 9,
        whole[: len(whole) // 2],
        whole[100:],
        whole.replace(b"M303", b"M304"),
        b"\0" * 5000,
    ]
    for _ in range(3):
        at = chance.randrange(len(whole))
        damaged.append(whole[:at] + chance.randbytes(20) + whole[at + 20 :])
    for data in damaged:
        cache_file(site).write_bytes(data)
        assert run(site)[0] == first
        assert run(site) == (first, 0)


def test_concurrent_runs_share_the_cache(site: Program) -> None:
    """Several runs at once report the same, and the cache works afterwards."""
    expected, _ = run(site, "--no-cache")
    command = [*COMMAND, "lint", ".", "--ignore", "D52"]
    env = site.environment({"PATH": f"{site.folder}/bin:{os.environ['PATH']}"})
    running = [
        subprocess.Popen(command, cwd=site.work, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(6)
    ]
    said = {process.communicate()[0].decode() for process in running}
    assert said == {expected.stdout}
    assert run(site) == (expected, 0)


def test_the_cache_is_private(site: Program) -> None:
    """Only the owner can read the file and its folder."""
    run(site)
    path = cache_file(site)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)] == [0o600, 0o700]


@pytest.mark.parametrize("place", ["a-file", "writable-by-all", "a-link", "nowhere"])
def test_without_a_private_folder_nothing_is_cached(site: Program, place: str) -> None:
    """If no private folder can be made, the linter runs without a cache and prints no message."""
    first, _ = run(site, "--no-cache")
    cache = site.folder / "home" / "cache"
    if place == "a-file":
        cache.touch()
    elif place == "writable-by-all":
        (cache / "runbook-exec" / "lint").mkdir(parents=True)
        (cache / "runbook-exec" / "lint").chmod(0o777)
    elif place == "a-link":
        (cache / "runbook-exec").mkdir(parents=True)
        (cache / "runbook-exec" / "lint").symlink_to(site.folder)
    else:
        assert open_cache({}) is None
    assert run(site)[0] == first
    if place in ("writable-by-all", "a-link"):
        assert run(site)[1] == 1


def test_the_cache_does_not_grow_forever(site: Program) -> None:
    """Unused lines are removed when there are many of them."""
    for number in range(130):
        site.write("page-1.md", PAGE.format(number))
        lint_in(site)
    assert cache_file(site).read_bytes().count(b"\n") < 130
    assert run(site)[1] <= 1


def lint_in(site: Program) -> None:
    """Lint one page in this process, with the cache of the working directory of the site."""
    page = str(site.work / "page-1.md")
    here = Path.cwd()
    os.chdir(site.work)
    try:
        settings = {page: LintSettings(Selection(select=("M",)))}
        lint([page], settings, date(2026, 11, 24), cache=open_cache(site.environment()))
    finally:
        os.chdir(here)
