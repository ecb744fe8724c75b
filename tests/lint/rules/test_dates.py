"""The rules about a page's dates, in cases that need git or a whole page."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from runbook_exec.lint.linter import lint
from runbook_exec.lint.selection import LintSettings, Selection
from tests.support.paths import DATA

TODAY = date(2026, 11, 25)
SEED = DATA / "documents" / "rotate-fly-token.md"


class Repository:
    """A git repository whose commits are made on the days that a test names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q")

    def git(self, *arguments: str, day: str = "2026-01-01") -> str:
        """Run git and return what it prints."""
        moment = f"{day}T12:00:00 +0000"
        environment = os.environ | {
            "GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment, "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_NAME": "A", "GIT_COMMITTER_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_EMAIL": "a@example.org",
        }  # fmt: skip
        command = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    def write(self, name: str, reviewed: str, body: str = "# A\n\nText.\n", more: str = "") -> None:
        """Write a page that was last reviewed on this day."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\nlast-reviewed: {reviewed}\n{more}---\n\n{body}", encoding="utf-8")

    def commit(self, day: str) -> None:
        """Commit everything, on this day."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "a change", day=day)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty repository."""
    return Repository(tmp_path / "repository")


def changed(folder: Path, *names: str) -> list[tuple[str, int, int]]:
    """The pages that have changed after their review, with the line and column of the finding."""
    paths = [str(folder / name) for name in names or ("page.md",)]
    settings = LintSettings(Selection(select=("D521",)))
    report = lint(paths, dict.fromkeys(paths, settings), TODAY)
    return [(Path(each.path).name, each.location.line, each.location.column) for each in report.diagnostics]


def test_a_change_after_the_review_is_found(repository: Repository) -> None:
    """The finding is at the date in the front matter; a change before the review has none."""
    repository.write("page.md", "2026-04-30", "# A\n")
    repository.commit("2026-04-30")
    repository.write("page.md", "2026-04-30", "# A\n\nMore.\n")
    repository.commit("2026-05-02")
    assert changed(repository.folder) == [("page.md", 2, 16)]
    repository.write("page.md", "2026-05-03", "# A\n\nMore.\n")
    assert changed(repository.folder) == []


def test_many_pages_have_the_same_findings(tmp_path: Path) -> None:
    """With several processes and two repositories, each page has its own history."""
    names = [f"{number:02}.md" for number in range(50)]
    for folder in ("one", "two"):
        repository = Repository(tmp_path / folder)
        for name in names:
            repository.write(name, "2026-04-30")
        repository.commit("2026-04-30")
        repository.write("07.md" if folder == "one" else "08.md", "2026-04-30", "# A\n\nMore.\n")
        repository.write("48.md", "2026-05-02", "# A\n\nMore.\n")
        repository.commit("2026-05-02")
        repository.write("49.md", "2026-04-30", "# A\n\nNot committed.\n")
    paths = [f"{folder}/{name}" for folder in ("one", "two") for name in names]
    settings = LintSettings(Selection(select=("D521",)))
    absolute = [str(tmp_path / path) for path in paths]
    report = lint(absolute, dict.fromkeys(absolute, settings), TODAY)
    found = [str(Path(each.path).relative_to(tmp_path)) for each in report.diagnostics]
    assert found == ["one/07.md", "one/49.md", "two/08.md", "two/49.md"]


def test_the_commit_that_sets_the_date_is_the_review(repository: Repository) -> None:
    """A page that is reviewed on one day and committed on a later one has not changed since."""
    repository.write("page.md", "2026-01-31", "# A\n")
    repository.commit("2026-02-01")
    repository.write("page.md", "2026-04-30", "# A\n\nRead it.\n")
    repository.commit("2026-05-05")
    assert changed(repository.folder) == []


def test_an_uncommitted_change_counts_as_one_of_today(repository: Repository) -> None:
    """It counts unless it sets the date too, or the review is of today."""
    repository.write("page.md", "2026-04-30")
    repository.commit("2026-04-30")
    assert changed(repository.folder) == []
    repository.write("page.md", "2026-04-30", "# A\n\nOther text.\n")
    assert changed(repository.folder) == [("page.md", 2, 16)]
    repository.git("add", "page.md")
    assert changed(repository.folder) == [("page.md", 2, 16)]
    repository.write("page.md", "2026-11-20", "# A\n\nOther text.\n")
    assert changed(repository.folder) == []


@pytest.mark.parametrize("name", ["page.md", "a b/a page.md"])
def test_an_earlier_page_of_the_same_name_does_not_count(repository: Repository, name: str) -> None:
    """The history of a page begins where a page of that name was last removed."""
    repository.write(name, "2026-04-30", "# A\n")
    repository.commit("2026-04-30")
    repository.write(name, "2026-04-30", "# A\n\nMore.\n")
    repository.commit("2026-05-02")
    assert changed(repository.folder, name) == [(Path(name).name, 2, 16)]
    repository.git("rm", "-q", name)
    repository.commit("2026-05-03")
    repository.write(name, "2026-04-30", "# B\n")
    repository.commit("2026-05-04")
    assert changed(repository.folder, name) == []
    repository.write(name, "2026-04-30", "# B\n\nMore.\n")
    repository.commit("2026-05-05")
    assert changed(repository.folder, name) == [(Path(name).name, 2, 16)]


def test_a_change_without_meaning_does_not_count(repository: Repository) -> None:
    """Front matter, blanks and the name of a file may change without a review.

    Older changes still count.
    """
    repository.write("page.md", "2026-04-30", "# A\n\n1. one\n\n```fish\nif a\nb\nend\n```\n")
    repository.write("other.md", "2026-04-30", "# B\n\nA text of some length.\n\nAnd more of it.\n")
    repository.commit("2026-04-30")
    repository.write("other.md", "2026-04-30", "# B\n\nA text of some length.\n\nAnd more to it.\n")
    repository.commit("2026-05-01")
    body = "# A\n\n1.  one\n\n```fish\nif a\n  b\nend\n```\n"
    repository.write("page.md", "2026-04-30", body, more="tags: [a]\n")
    repository.commit("2026-05-02")
    repository.git("mv", "page.md", "a new name.md")
    repository.git("mv", "other.md", "ünd.md")
    repository.commit("2026-05-03")
    assert changed(repository.folder, "a new name.md", "ünd.md") == [("ünd.md", 2, 16)]


def test_without_git_history_there_is_no_finding(repository: Repository, tmp_path: Path) -> None:
    """Without a repository or a commit, untracked, or in a shallow clone, a page has no finding."""
    repository.write("page.md", "2026-04-30")
    assert changed(repository.folder) == []
    repository.commit("2026-06-01")
    repository.write("page.md", "2026-04-30", "# A\n\nOther text.\n")
    repository.commit("2026-06-02")
    assert changed(repository.folder) == [("page.md", 2, 16)]
    repository.write("untracked.md", "2026-04-30")
    assert changed(repository.folder, "untracked.md") == []
    clone = tmp_path / "clone"
    repository.git("clone", "-q", "--depth=1", f"file://{repository.folder}", str(clone))
    assert changed(clone) == []
    shutil.rmtree(repository.folder / ".git")
    assert changed(repository.folder) == []


def test_the_history_is_read_once_for_all_pages(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many pages there are, git is asked for one log."""
    names = [f"{folder}/page {number}.md" for folder in ("a", "b") for number in range(10)]
    for name in names:
        repository.write(name, "2026-04-30")
    repository.commit("2026-04-30")
    for name in names[::2]:
        repository.write(name, "2026-04-30", "# A\n\nOther text.\n")
    repository.commit("2026-05-01")
    real = shutil.which("git")
    asked = tmp_path / "asked"
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin" / "git"
    wrapper.write_text(f'#!/bin/sh\necho "$@" >>"{asked}"\nexec "{real}" "$@"\n', encoding="utf-8")
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    assert len(changed(repository.folder, *names)) == 10
    calls = asked.read_text(encoding="utf-8").splitlines()
    assert sum(" log " in call for call in calls) == 1


def test_the_seed_page_alone_has_one_finding(tmp_path: Path) -> None:
    """In a folder of its own, with links to pages that were not given, only its review is due."""
    page = tmp_path / SEED.name
    page.write_bytes(SEED.read_bytes())
    report = lint([str(page)], {str(page): LintSettings()}, TODAY)
    assert [(each.code, each.location.line, each.location.column) for each in report.diagnostics] == [
        ("D522", 4, 16)
    ]
