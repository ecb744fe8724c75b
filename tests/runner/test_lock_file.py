"""A lock file counts only if nobody else can write it, and if it is committed as it is."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook_exec.system.permissions import find_foreign_writer
from tests.support.program import Program, ProgramResult, fish_page

PAGE = fish_page("echo one >>log", title="Procedure")
UNTRUSTED: dict[str, str | None] = {"RUNBOOK_EXEC_TRUSTED": None}


def run(program: Program, *words: str) -> ProgramResult:
    """Run the program on a machine where no folder is trusted."""
    return program.run(*words, env=UNTRUSTED)


def run_unattended(program: Program, *words: str) -> ProgramResult:
    """Run the page with nobody there."""
    return run(program, "page.md", "--yes", "--no-input", *words)


def git(program: Program, *words: str) -> None:
    """Run git in the working directory."""
    who = ("-c", "user.name=me", "-c", "user.email=me@example.com")
    subprocess.run(["git", *who, *words], cwd=program.work, check=True, capture_output=True)


@pytest.fixture
def locked(program: Program) -> Path:
    """A lock file beside a page, with all that it needs to count."""
    program.write("page.md", PAGE)
    assert run(program, "trust", "--yes", "--lock", "page.md").status == 0
    assert run_unattended(program).status == 0
    return program.work / "runbooks.lock"


# who can write it ----------------------------------------------------------------------------------------


def replace_by_link(lock: Path) -> None:
    """Put a link in place of a lock file."""
    real = lock.with_name("real.lock")
    lock.rename(real)
    lock.symlink_to(real)


def replace_by_pipe(lock: Path) -> None:
    """Put a named pipe in place of a lock file."""
    lock.unlink()
    os.mkfifo(lock)


UNSAFE: dict[str, Callable[[Path], object]] = {
    "others can write it": lambda lock: lock.chmod(0o646),
    "others can write its folder": lambda lock: lock.parent.chmod(0o777),
    "others can write a folder above": lambda lock: lock.parent.parent.chmod(0o777),
    "a link": replace_by_link,
    "a pipe": replace_by_pipe,
}


@pytest.mark.parametrize("how", UNSAFE)
def test_a_lock_file_that_others_can_change_does_not_count(program: Program, locked: Path, how: str) -> None:
    """Whoever can write to one of its folders can put another in its place."""
    UNSAFE[how](locked)
    ran = run_unattended(program)
    assert ran.status == 3
    assert "are not trusted on this machine yet" in ran.stderr


def test_a_folder_like_tmp_may_be_above_a_lock_file(program: Program, locked: Path) -> None:
    """In it, only the owner of a file can replace it."""
    locked.parent.chmod(0o1777)
    locked.parent.parent.chmod(0o1777)
    assert run_unattended(program).status == 0


def test_a_group_counts_by_its_members(tmp_path: Path) -> None:
    """The group that a user has alone is as safe as the user; a group with others is not."""
    import grp
    import pwd

    path = tmp_path / "file"
    path.write_text("")
    mine = path.stat().st_gid
    accounts = pwd.getpwall()
    members = {each.pw_name for each in accounts if each.pw_gid == mine} | set(grp.getgrgid(mine).gr_mem)
    path.chmod(0o664)
    alone = members <= {pwd.getpwuid(os.getuid()).pw_name, "root"}
    assert (find_foreign_writer(path, {os.getuid()}) == "") == alone
    everybody = {each.pw_uid for each in accounts}
    assert find_foreign_writer(path, everybody) == ""
    path.chmod(0o644)
    assert find_foreign_writer(path, {os.getuid()}) == ""


def test_a_file_of_another_user_is_not_safe(tmp_path: Path) -> None:
    """Root and the users that are named are."""
    path = tmp_path / "file"
    path.write_text("")
    if os.geteuid() == 0:  # only root can give a file away
        os.chown(path, 12345, -1)
        assert find_foreign_writer(path, {12345}) == ""
        assert find_foreign_writer(path, {0}) == f"`{path}` can be written by others"
        os.chown(path, 0, -1)
        assert find_foreign_writer(path, {12345}) == ""
    else:
        assert find_foreign_writer(path, {12345}) == f"`{path}` can be written by others"


# git -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["--assume-unchanged", "--skip-worktree"])
def test_a_lock_file_that_git_is_told_not_to_look_at_does_not_count(program: Program, how: str) -> None:
    """Its content is compared with the commit, whatever the index says."""
    program.write("page.md", PAGE)
    git(program, "init", "-q")
    run(program, "trust", "--yes", "--lock", "page.md")
    git(program, "add", ".")
    git(program, "commit", "-qm", "lock")
    assert run_unattended(program).status == 0
    git(program, "update-index", how, "runbooks.lock")
    program.write("page.md", PAGE.replace("one", "two"))
    run(program, "trust", "--yes", "--lock", "page.md")
    ran = run_unattended(program)
    assert (ran.status, "runbooks.lock` is not committed" in ran.stderr) == (3, True)
    assert (program.work / "log").read_text() == "one\n"


# other versions ------------------------------------------------------------------------------------------


def test_a_lock_file_of_another_version_is_to_be_made_again(program: Program, locked: Path) -> None:
    """An older digest covers less; the run says so and does not take it."""
    locked.write_text(f"# Commands\n{'0' * 64}  page.md#procedure\n")
    ran = run_unattended(program)
    assert ran.status == 3
    assert "was made by another version of this program" in ran.stderr
    assert run(program, "trust", "--yes", "--lock", "page.md").status == 0
    assert run_unattended(program).status == 0


def test_trust_of_another_version_is_to_be_looked_at_again(program: Program) -> None:
    """All commands are shown once more, not only a difference."""
    program.write("page.md", PAGE)
    run(program, "trust", "--yes", "page.md")
    (record,) = (program.runs.parent / "trusted").iterdir()
    told = json.loads(record.read_text())
    older = {name: told[name] for name in ("document", "procedure", "commands")}
    record.write_text(json.dumps(older))
    ran = run_unattended(program)
    assert ran.status == 3
    assert "it was trusted with another version of this program" in ran.stderr
    ran = run(program, "trust", "page.md")
    assert (ran.status, "    $ echo one >>log\n" in ran.stdout) == (3, True)
    assert run(program, "trust", "--yes", "page.md").status == 0
    assert run_unattended(program).status == 0


def test_a_trust_record_that_another_could_have_written_does_not_count(program: Program) -> None:
    """Nor does the record of another page, copied to its place."""
    program.write("page.md", PAGE)
    run(program, "trust", "--yes", "page.md")
    (record,) = (program.runs.parent / "trusted").iterdir()
    record.chmod(0o666)
    assert run_unattended(program).status == 3
    record.chmod(0o600)
    told = json.loads(record.read_text())
    record.write_text(json.dumps({**told, "document": "/other.md"}))
    assert run_unattended(program).status == 3
    for damaged in ("[]", "{", "null", '{"commands": 1}'):
        record.write_text(damaged)
        assert run_unattended(program).status == 3


# names of pages ------------------------------------------------------------------------------------------


def test_the_name_of_a_page_adds_no_line_to_a_lock_file(program: Program) -> None:
    """A line end in it would be the beginning of a line for another page."""
    name = f"a.md#x\n2:{'0' * 64}:{'0' * 64}  b.md"
    program.write(name, PAGE)
    ran = run(program, "trust", "--yes", "--lock", name)
    assert (ran.status, "cannot be in a lock file: rename the page" in ran.stderr) == (2, True)
    assert not (program.work / "runbooks.lock").exists()


# without a terminal --------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("--lock",)])
def test_without_a_terminal_trust_needs_yes(program: Program, options: tuple[str, ...]) -> None:
    """The commands are shown, and nothing is trusted."""
    program.write("page.md", PAGE)
    ran = run(program, "trust", "page.md", *options)
    assert (ran.status, "$ echo one >>log" in ran.stdout) == (3, True)
    assert ran.stderr == "`--yes` trusts these commands without a terminal; nothing is trusted yet\n"
    assert not (program.work / "runbooks.lock").exists()
    assert run_unattended(program).status == 3
    assert run(program, "trust", "page.md", "--yes").status == 0
    assert run(program, "trust", "page.md").status == 0  # nothing is left to agree to
    assert run(program, "trust", "--forget", "page.md").status == 0


# options that name steps ---------------------------------------------------------------------------------


def test_numbers_of_steps_count_for_a_run_whose_options_name_one(program: Program) -> None:
    """`--only 2` would otherwise run another step than the one that was trusted as 2."""
    page = "# Page\n\n## Steps\n" + "".join(
        f"\n### {number}. Step\n\n```fish\necho {name} >>log\n```\n" for number, name in ((1, "a"), (2, "b"))
    )
    program.write("page.md", page)
    run(program, "trust", "--yes", "page.md")
    assert run_unattended(program, "--only", "2").status == 0
    program.write("page.md", page.replace("### 1.", "### 3."))
    ran = run_unattended(program, "--only", "3")
    assert (ran.status, "its steps have other names or numbers" in ran.stderr) == (3, True)
    assert run_unattended(program).status == 0
    assert (program.work / "log").read_text().split() == ["b", "a", "b"]


def test_a_page_does_not_choose_another_trusted_procedure(program: Program) -> None:
    """`trust FILE` trusts all of its procedures, and the one that runs by default."""
    program.write("page.md", PAGE + "\n## Delete everything\n\n```fish\necho gone >>log\n```\n")
    run(program, "trust", "--yes", "page.md")
    assert run_unattended(program).status == 0
    changed = (program.work / "page.md").read_text()
    program.write("page.md", f"---\nrunbook:\n  procedure: delete-everything\n---\n{changed}")
    ran = run_unattended(program)
    assert (ran.status, "it was not what runs by default" in ran.stderr) == (3, True)
    assert run(program, "page.md#delete-everything", "--yes", "--no-input").status == 0
