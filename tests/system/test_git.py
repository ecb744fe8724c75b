"""Git is asked about a checkout, and nothing that the checkout holds runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from runbook_exec.system.git import list_git_files, make_environment, read_commit
from tests.support.program import Program

PAGE = """\
---
last-reviewed: 2020-01-01
---
# Page

## Steps

See [the other](other.md).

```bash
echo ran >>log
```
"""


def git(folder: Path, *words: str) -> str:
    """Run git as a person does."""
    who = ("-c", "user.name=me", "-c", "user.email=me@example.com", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def make_repository(folder: Path) -> Path:
    """Make a repository with a committed page, changed since in another file."""
    git(folder, "init", "-q")
    page = folder / "page.md"
    page.write_text(PAGE)
    (folder / "other.md").write_text("# Other\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "pages")
    return page


# a hostile checkout --------------------------------------------------------------------------------------


def plant(folder: Path, marker: Path) -> None:
    """Make every program that the settings of a checkout can name leave a marker."""
    evil = folder / "evil"
    evil.write_text(f'#!/bin/sh\necho "$0 $*" >>{marker}\ncat\nexit 0\n')
    evil.chmod(0o755)
    hooks = folder / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "post-index-change",
        "post-checkout",
        "pre-commit",
        "fsmonitor-watchman",
        "reference-transaction",
    ):
        (hooks / name).write_bytes(evil.read_bytes())
        (hooks / name).chmod(0o755)
    command = str(evil)
    for name in (
        "core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass", "core.gitProxy",
        "core.alternateRefsCommand", "credential.helper", "diff.external", "gpg.program", "gpg.ssh.program",
        "pager.ls-files", "pager.config", "pager.cat-file", "pager.log", "pager.diff", "filter.x.clean",
        "filter.x.smudge", "filter.y.process", "filter.a=b.clean", "diff.x.command", "diff.x.textconv",
        "remote.origin.uploadpack", "uploadpack.packObjectsHook", "interactive.diffFilter", "sequence.editor",
    ):  # fmt: skip
        git(folder, "config", name, command)
    for name in ("ls-files", "cat-file", "config", "log", "diff", "rev-parse", "check-ignore", "status"):
        git(folder, "config", f"alias.{name}", f"!{command}")
    git(folder, "config", "log.showSignature", "true")
    git(folder, "config", "filter.x.required", "true")
    git(folder, "config", "submodule.recurse", "true")
    git(folder, "config", "diff.submodule", "diff")
    attributes = "*.md filter=x diff=x\n*.lock filter=a=b\n*.txt filter=y\n"
    (folder / ".gitattributes").write_text(attributes)
    (folder / ".git" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "info" / "attributes").write_text(attributes)


LOOKS = {
    "show": ("show", "page.md"),
    "show --json": ("show", "--json", "page.md"),
    "lint": ("lint", "."),
    "lint of a page": ("lint", "page.md"),
    "--dry-run": ("page.md", "--dry-run"),
    "trust": ("trust", "page.md", "--yes"),
    "trust --lock": ("trust", "page.md", "--yes", "--lock"),
    "due": ("due", "."),
    "docs": ("docs", "init", "--dry-run"),
    "the start of a run": ("page.md", "--no-input"),
    "a run with a lock file": ("page.md", "--yes", "--no-input"),
}


@pytest.fixture
def hostile(program: Program) -> Path:
    """A checkout that plants a marker in every way; the marker's path."""
    make_repository(program.work)
    program.run("trust", "page.md", "--yes", "--lock", env={"RUNBOOK_EXEC_TRUSTED": None})
    git(program.work, "add", ".")
    git(program.work, "commit", "-qm", "lock")
    marker = program.folder / "marker"
    plant(program.work, marker)
    # other times and contents, so that git would have to look into the files and filter them
    for name in ("page.md", "other.md"):
        with (program.work / name).open("a") as file:
            file.write("\nMore words.\n")
    return marker


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_at_a_page_runs_nothing_of_its_checkout(program: Program, hostile: Path, look: str) -> None:
    """Monitors, hooks, filters, pagers, aliases, diffs and helpers of a checkout stay off."""
    program.run(*LOOKS[look], env={"RUNBOOK_EXEC_TRUSTED": None, "PATH": f".:{os.environ['PATH']}"})
    assert not hostile.exists(), hostile.read_text()


def test_the_traps_of_these_tests_work(program: Program, hostile: Path) -> None:
    """Git itself runs what the checkout has planted."""
    subprocess.run(["git", "status"], cwd=program.work, capture_output=True, check=False)
    assert "evil" in hostile.read_text()


@pytest.mark.parametrize("look", ["show", "lint", "the start of a run", "a run with a lock file"])
def test_a_git_of_the_checkout_is_not_the_git_that_is_asked(program: Program, look: str) -> None:
    """Even if PATH has the present folder."""
    make_repository(program.work)
    marker = program.folder / "marker"
    (program.work / "git").write_text(f"#!/bin/sh\ntouch {marker}\n")
    (program.work / "git").chmod(0o755)
    program.run(*LOOKS[look], env={"PATH": f".::{os.environ['PATH']}"})
    assert not marker.exists()


@pytest.mark.parametrize("look", ["show", "lint", "lint of a page", "the start of a run"])
def test_a_folder_that_looks_like_a_repository_is_not_asked(program: Program, look: str) -> None:
    """A checkout can hold the files of a bare repository beside its pages."""
    outer = program.work
    git(outer, "init", "-q")
    inner = outer / "docs"
    git(outer, "init", "-q", "--bare", "docs")
    (inner / "page.md").write_text(PAGE)
    marker = program.folder / "marker"
    (inner / "evil").write_text(f"#!/bin/sh\ntouch {marker}\n")
    (inner / "evil").chmod(0o755)
    git(inner, "config", "core.bare", "false")
    git(inner, "config", "core.worktree", str(inner))
    git(inner, "config", "core.fsmonitor", str(inner / "evil"))
    words = [word.replace("page.md", "docs/page.md") for word in LOOKS[look]]
    program.run(*("docs" if word == "." else word for word in words))
    assert not marker.exists()


@pytest.mark.parametrize("look", ["lint", "the start of a run"])
def test_what_a_partial_clone_lacks_is_not_fetched(program: Program, look: str) -> None:
    """The program for the network is named by the checkout."""
    make_repository(program.work)
    marker = program.folder / "marker"
    evil = program.folder / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {marker}\nexit 1\n")
    evil.chmod(0o755)
    for name, value in (
        ("core.repositoryFormatVersion", "1"), ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"), ("remote.origin.url", "ssh://example.com/x"),
        ("core.sshCommand", str(evil)), ("protocol.ssh.allow", "always"), ("protocol.ext.allow", "always"),
    ):  # fmt: skip
        git(program.work, "config", name, value)
    tree = git(program.work, "rev-parse", "HEAD^{tree}")
    blob = git(program.work, "rev-parse", "HEAD:page.md")
    for name in (tree, blob):
        (program.work / ".git" / "objects" / name[:2] / name[2:]).unlink()
    program.run(*LOOKS[look])
    assert not marker.exists()
    subprocess.run(["git", "cat-file", "-p", blob], cwd=program.work, capture_output=True, check=False)
    assert marker.exists()


# what git says -------------------------------------------------------------------------------------------


def test_the_commit_of_a_page_and_whether_it_differs(tmp_path: Path) -> None:
    """Content counts, not what the index calls unchanged; line ends of a checkout do not count."""
    page = make_repository(tmp_path)
    head = git(tmp_path, "rev-parse", "HEAD")
    assert read_commit(page) == (head, False)
    page.write_bytes(PAGE.replace("\n", "\r\n").encode())
    assert read_commit(page) == (head, False)
    for how in ("--assume-unchanged", "--skip-worktree"):
        page.write_text(PAGE)
        git(tmp_path, "update-index", how, "page.md")
        page.write_text(PAGE + "more\n")
        assert git(tmp_path, "status", "--porcelain") == ""
        assert read_commit(page) == (head, True)
        git(tmp_path, "update-index", how.replace("--", "--no-"), "page.md")
    (tmp_path / "new.md").write_text(PAGE)
    assert read_commit(tmp_path / "new.md") == (head, True)
    (tmp_path / "link.md").symlink_to("other.md")
    assert read_commit(tmp_path / "link.md") == (head, False)


def test_a_staged_file_is_not_committed(tmp_path: Path) -> None:
    """What the index holds is nobody's review."""
    page = make_repository(tmp_path)
    page.write_text(PAGE + "more\n")
    git(tmp_path, "add", "page.md")
    assert read_commit(page).dirty
    git(tmp_path, "commit", "-qm", "more")
    assert not read_commit(page).dirty


def test_outside_of_a_repository_and_before_the_first_commit_there_is_no_commit(tmp_path: Path) -> None:
    """The program runs without git, too."""
    (tmp_path / "page.md").write_text(PAGE)
    assert read_commit(tmp_path / "page.md") == ("", False)
    git(tmp_path, "init", "-q")
    assert read_commit(tmp_path / "page.md") == ("", False)


def test_a_repository_of_another_user_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As git has it, unless `safe.directory` names the repository."""
    page = make_repository(tmp_path)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert make_environment(os.environ).get("GIT_TEST_ASSUME_DIFFERENT_OWNER") is None
    for each in (tmp_path, *tmp_path.rglob("*")):
        os.chown(each, 12345, 12345, follow_symlinks=False) if os.geteuid() == 0 else None
    if os.geteuid() == 0:
        assert read_commit(page) == ("", False)
        assert list_git_files(tmp_path) is None
        for name, value in (("COUNT", "1"), ("KEY_0", "safe.directory"), ("VALUE_0", str(tmp_path))):
            monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert read_commit(page).id != ""


def test_a_hook_of_another_repository_does_not_lead_astray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a hook, git's variables name the repository of the hook."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    page, other = make_repository(tmp_path / "a"), make_repository(tmp_path / "b")
    (tmp_path / "b" / "only.md").write_text("# Only\n")
    monkeypatch.setenv("GIT_DIR", str(other.parent / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.parent))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.parent / ".git" / "index"))
    assert list_git_files(page.parent) == ["other.md", "page.md"]
