"""With --yes, commands run unseen; they are therefore shown once, and after each change."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from runbook_exec.runner.trust import find_doubts
from tests.support.paths import REPOSITORY
from tests.support.program import COMMAND, Program, ProgramResult, fish_page
from tests.support.screen import open_screen

PAGE = fish_page("echo one >>log", "test -e wanted; or echo two >>log", title="Procedure")
UNATTENDED = ("--yes", "--no-input")
UNTRUSTED: dict[str, str | None] = {"RUNBOOK_EXEC_TRUSTED": None}


def run(program: Program, *words: str) -> ProgramResult:
    """Run the program on a machine where no folder is trusted."""
    return program.run(*words, env=UNTRUSTED)


def log(program: Program) -> list[str]:
    """Return the lines that the statements have written."""
    path = program.work / "log"
    return path.read_text().split() if path.exists() else []


# without a person ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [UNATTENDED, ("--yes",), ("--yes", "--json")])
def test_untrusted_commands_do_not_run_without_a_person(program: Program, options: tuple[str, ...]) -> None:
    """The program waits for a person and prints how to continue; no run begins."""
    program.write("page.md", PAGE)
    ran = run(program, "page.md", *options)
    assert (ran.status, ran.stdout, log(program)) == (3, "", [])
    assert ran.stderr == (
        "page.md#procedure: its commands are not trusted on this machine yet; "
        "`runbook-exec trust 'page.md#procedure'` shows them and trusts them, `--trust` does unseen\n"
    )
    assert not program.runs.exists()


def test_trusted_commands_run_until_they_change(program: Program) -> None:
    """Changed prose does not count; changed commands do, and the difference is shown."""
    program.write("page.md", PAGE)
    assert run(program, "page.md", *UNATTENDED, "--trust").status == 0
    program.write("page.md", PAGE.replace("# Page", "# Page\n\nBetter words.\n"))
    assert (run(program, "page.md", *UNATTENDED).status, len(log(program))) == (0, 4)
    program.write("page.md", PAGE.replace("echo two", "echo three"))
    ran = run(program, "page.md", *UNATTENDED)
    assert (ran.status, len(log(program))) == (3, 4)
    assert "-$ test -e wanted; or echo two >>log\n+$ test -e wanted; or echo three >>log\n" in ran.stderr
    assert "its commands have changed since they were trusted on this machine" in ran.stderr
    assert run(program, "trust", "page.md", "--yes").status == 0
    assert run(program, "page.md", *UNATTENDED).status == 0


HEAD = "---\nrunbook:\n  inputs:\n    day: {default: today}\n---\n"


@pytest.mark.parametrize(
    "changed",
    [
        HEAD.replace("today", "tomorrow") + PAGE,
        HEAD.replace("default: today", "source: 'cmd:date'") + PAGE,
        HEAD.replace("  inputs", "  cwd: /tmp\n  inputs") + PAGE,
        HEAD + PAGE.replace("\n```fish\necho one", "\n<!-- runbook: allow-failure -->\n```fish\necho one"),
        HEAD + PAGE.replace("\n```fish\necho one", "\n<!-- runbook: cwd=sub -->\n```fish\necho one"),
        HEAD + PAGE.replace("```fish", "```bash").replace("; or ", " || "),
        HEAD + PAGE.replace("echo one", "echo  one"),
    ],
)
def test_a_change_of_anything_that_affects_commands_counts(program: Program, changed: str) -> None:
    """Defaults, sources of values, folders, annotations and the shell count as much as commands."""
    program.write("page.md", HEAD + PAGE)
    assert run(program, "trust", "page.md", "--yes").status == 0
    program.write("page.md", changed)
    assert run(program, "page.md", *UNATTENDED).status == 3
    assert log(program) == []


def test_a_guided_run_needs_no_trust(program: Program) -> None:
    """Without --yes a person sees each statement; with no person the run waits at the first one."""
    program.write("page.md", PAGE)
    ran = run(program, "page.md", "--no-input")
    assert (ran.status, "step 1 is ready to run; `--yes` runs it" in ran.stdout) == (3, True)


def test_a_command_that_is_the_source_of_a_value_needs_trust(program: Program) -> None:
    """It runs before the statement that needs the value is shown."""
    page = HEAD.replace("default: today", "source: 'cmd:touch made; date'") + fish_page("echo <day>")
    program.write("page.md", page)
    assert run(program, "page.md", "--no-input").status == 3
    assert not (program.work / "made").exists()
    told = run(program, "trust", "page.md", "--yes").stdout
    assert "    # <day> from cmd:touch made; date\n    $ echo <day>\n" in told
    run(program, "page.md", "--no-input")
    assert (program.work / "made").exists()


def test_a_resumed_run_needs_trust_too(program: Program) -> None:
    """A guided run that was left has not shown its remaining statements."""
    program.write("page.md", PAGE)
    run(program, "page.md", "--no-input")
    ran = run(program, "resume", *UNATTENDED)
    assert (ran.status, "are not trusted on this machine yet" in ran.stderr, log(program)) == (3, True, [])
    assert run(program, "resume", *UNATTENDED, "--trust").status == 0
    assert log(program) == ["one", "two"]


def test_an_accepted_change_is_trusted(program: Program) -> None:
    """A person who resumes a trusted run with the changed page is not asked a second time."""
    page = PAGE.replace("test -e wanted; or echo two", "test -e wanted; and echo two")
    program.write("page.md", page)
    assert run(program, "page.md", *UNATTENDED, "--trust").status == 1
    program.write("page.md", page.replace("test -e wanted; and echo two", "echo three"))
    assert run(program, "resume", *UNATTENDED).status == 3
    assert run(program, "resume", *UNATTENDED, "--accept-changes").status == 0
    assert log(program) == ["one", "three"]
    assert run(program, "page.md", *UNATTENDED).status == 0


def test_accepted_changes_include_only_the_statements_that_were_shown(program: Program) -> None:
    """The difference has only statements; a source of a value must be shown and trusted too."""
    page = HEAD.replace("default: today", "source: 'cmd:date'") + fish_page("false", "echo <day>")
    program.write("page.md", page)
    assert run(program, "page.md", *UNATTENDED, "--trust").status == 1
    program.write("page.md", page.replace("cmd:date", "cmd:touch made; date").replace("false", "true"))
    ran = run(program, "resume", *UNATTENDED, "--accept-changes")
    assert (ran.status, (program.work / "made").exists()) == (3, False)
    assert "\n-# <day> from cmd:date\n" in ran.stderr
    assert "\n+# <day> from cmd:touch made; date\n" in ran.stderr


def test_the_folders_of_the_operators_variable_are_trusted(program: Program) -> None:
    """A link in such a folder to a page outside is not trusted."""
    outside = program.folder / "outside.md"
    outside.write_text(PAGE)
    program.write("page.md", PAGE)
    (program.work / "link.md").symlink_to(outside)
    env: dict[str, str | None] = {"RUNBOOK_EXEC_TRUSTED": f"/nowhere:{program.work}:"}
    assert program.run("page.md", *UNATTENDED, env=env).status == 0
    assert program.run("link.md", *UNATTENDED, env=env).status == 3
    env = {"RUNBOOK_EXEC_TRUSTED": "."}
    assert program.run("page.md", *UNATTENDED, env=env).status == 3


# lock files ----------------------------------------------------------------------------------------------


def git(program: Program, *words: str) -> None:
    """Run git in the working directory."""
    who = ("-c", "user.name=me", "-c", "user.email=me@example.com")
    subprocess.run(["git", *who, *words], cwd=program.work, check=True, capture_output=True)


def test_locked_commands_run_without_a_person(program: Program) -> None:
    """A lock file has the digests of each procedure; nothing becomes trusted on this machine."""
    program.write("page.md", PAGE)
    ran = run(program, "trust", "--yes", "--lock", "page.md")
    assert (ran.status, "runbooks.lock: written" in ran.stdout) == (0, True)
    lines = (program.work / "runbooks.lock").read_text().splitlines()
    assert lines[0].startswith("# ")
    assert [
        bool(re.fullmatch("2(:[0-9a-f]{64}){2}:default  page.md#procedure", line)) for line in lines[1:]
    ] == [True]
    assert run(program, "page.md", *UNATTENDED).status == 0
    program.write("page.md", PAGE.replace("two", "three"))
    ran = run(program, "page.md", *UNATTENDED)
    assert (ran.status, "runbooks.lock` was made for other commands" in ran.stderr) == (3, True)
    assert run(program, "trust", "--yes", "--lock", "page.md").status == 0
    assert run(program, "page.md", *UNATTENDED).status == 0


def test_a_lock_file_has_a_line_for_each_procedure(program: Program) -> None:
    """The lines are sorted; changes of several people therefore merge."""
    two = PAGE + "\n## Rollback\n\n```fish\necho back\n```\n"
    program.write("b.md", PAGE)
    program.write("a.md", two.replace("## Procedure", "## Deploy"))
    run(program, "trust", "--yes", "--lock", "b.md")
    run(program, "trust", "--yes", "--lock", "a.md")
    lines = (program.work / "runbooks.lock").read_text().splitlines()[1:]
    assert sorted(line.split()[1] for line in lines) == ["a.md#deploy", "a.md#rollback", "b.md#procedure"]


def test_in_a_repository_only_a_committed_lock_file_counts(program: Program) -> None:
    """A lock file that was not reviewed makes nothing trusted."""
    program.write("page.md", PAGE)
    git(program, "init", "-q")
    run(program, "trust", "--yes", "--lock", "page.md")
    assert run(program, "page.md", *UNATTENDED).status == 3  # nothing is committed yet
    git(program, "add", "page.md")
    git(program, "commit", "-qm", "page")
    ran = run(program, "page.md", *UNATTENDED)
    assert (ran.status, "runbooks.lock` is not committed" in ran.stderr) == (3, True)
    git(program, "add", "runbooks.lock")
    git(program, "commit", "-qm", "lock")
    assert run(program, "page.md", *UNATTENDED).status == 0


def test_a_lock_file_that_others_can_write_does_not_count(program: Program) -> None:
    """A lock file that is not text does not count either."""
    program.write("page.md", PAGE)
    run(program, "trust", "--yes", "--lock", "page.md")
    lock = program.work / "runbooks.lock"
    lock.chmod(0o666)
    ran = run(program, "page.md", *UNATTENDED)
    assert (ran.status, "runbooks.lock` can be written by others" in ran.stderr) == (3, True)
    lock.write_bytes(b"\xff\x00")
    lock.chmod(0o644)
    assert run(program, "page.md", *UNATTENDED).status == 3


def test_the_project_s_own_pages_have_current_locks(program: Program) -> None:
    """After a change of their commands and a review, `trust --lock FILE…` locks them."""
    folder = REPOSITORY / "runbooks"
    for name in ("rotate-fly-token.md", "backup-a-folder.md"):
        shutil.copy(folder / name, program.work)
    run(program, "trust", "--yes", "--lock", "rotate-fly-token.md", "backup-a-folder.md")
    assert (program.work / "runbooks.lock").read_text() == (folder / "runbooks.lock").read_text()


# trusting ------------------------------------------------------------------------------------------------


def test_trust_shows_the_commands_that_it_trusts(program: Program) -> None:
    """It trusts one procedure or all, for this user only, and can be undone."""
    program.write("page.md", PAGE + "\n## Rollback\n\n```fish\necho back >>log\n```\n")
    ran = run(program, "trust", "page.md#rollback", "--yes")
    assert "page.md#rollback: its commands are not trusted on this machine yet." in ran.stdout
    assert "\n    # fish\n    $ echo back >>log\n" in ran.stdout
    assert "echo one" not in ran.stdout
    (kept,) = (program.runs.parent / "trusted").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert run(program, "page.md#rollback", *UNATTENDED).status == 0
    assert run(program, "page.md#procedure", *UNATTENDED).status == 3
    ran = run(program, "trust", "--forget", "page.md")
    assert ran.stdout.splitlines() == [
        "page.md#procedure: was not trusted on this machine",
        "page.md#rollback: no longer trusted on this machine",
    ]
    assert run(program, "page.md#rollback", *UNATTENDED).status == 3


def test_characters_that_could_hide_a_command_are_written_out(program: Program) -> None:
    """Cursor moves, text that is turned around and invisible characters are written out."""
    program.write("page.md", fish_page("echo 'a\x1b[2K\u202eb\u200b'"))
    told = run(program, "trust", "page.md", "--yes").stdout
    assert r"$ echo 'a\x1b[2K\u202eb\u200b'" in told


def test_a_page_that_cannot_be_trusted_is_refused(program: Program) -> None:
    """A missing page, standard input and a missing procedure are refused."""
    program.write("page.md", PAGE)
    for words, told in (
        (("none.md",), "error: cannot read `none.md`: no such file or directory\n"),
        (("-",), "error: expected files: what is trusted has a place where it is found again\n"),
        (("page.md#none",), "error: page.md: expected a procedure `#none`, found none\n"),
    ):
        ran = run(program, "trust", *words)
        assert (ran.status, ran.stderr) == (2, told)


def test_without_a_folder_for_the_trust_record_nothing_runs(program: Program) -> None:
    """The folder cannot be made: the run is refused, with the place and the reason."""
    program.write("page.md", PAGE)
    program.runs.parent.parent.mkdir(parents=True)
    program.runs.parent.write_text("a file\n")
    ran = run(program, "page.md", *UNATTENDED, "--trust")
    assert (ran.status, log(program)) == (2, [])
    assert re.search(
        r"cannot save the trust record in `.*`: (file exists|not a directory); set XDG_STATE_HOME", ran.stderr
    )


# a person ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "status", "made"), [("y", 0, ["one", "two"]), ("q", 130, []), ("\x03\x03", 130, [])]
)
def test_a_person_sees_the_commands_once(program: Program, key: str, status: int, made: list[str]) -> None:
    """With --yes they are shown before anything runs; after consent the program asks no more."""
    program.write("page.md", PAGE)
    environment = program.environment(UNTRUSTED)
    with open_screen([*COMMAND, "page.md", "--yes"], program.work, environment) as shown:
        text = shown.wait("page.md#procedure: its commands are not trusted", "y run all this")
        assert "    # fish\n    $ echo one >>log\n    $ test -e wanted; or echo two >>log\n" in text
        assert log(program) == []
        shown.type(key)
        assert shown.wait_status() == status
    assert log(program) == made
    if made:
        with open_screen([*COMMAND, "page.md", "--yes"], program.work, environment) as shown:
            assert shown.wait_status() == 0


def test_without_yes_a_person_is_not_asked_for_trust(program: Program) -> None:
    """The first statement is shown as usual."""
    program.write("page.md", PAGE)
    with open_screen([*COMMAND, "page.md"], program.work, program.environment(UNTRUSTED)) as shown:
        assert "trusted" not in shown.wait("1 of 1 ›")
        shown.type("q")
        shown.wait_status()


# the place of a page -------------------------------------------------------------------------------------


def test_a_page_in_an_unsafe_place_runs_with_a_warning(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The place is a link, writable by all, in a folder writable by all, or another user's."""
    page = program.write("page.md", PAGE)
    page.chmod(0o644)
    folder = program.work / "sub"
    folder.mkdir()
    (program.work / "link.md").symlink_to("page.md")
    (program.work / "around").symlink_to("sub")
    inner = folder / "inner.md"
    inner.write_text(PAGE)
    inner.chmod(0o644)
    ran = program.run("link.md", "--yes")
    assert ran.stderr == f"link.md: reached through a symbolic link; the file is `{page}`\n"
    assert (ran.status, log(program)) == (0, ["one", "two"])
    monkeypatch.chdir(program.work)
    assert find_doubts("page.md") == find_doubts("sub/inner.md") == []
    assert find_doubts("around/inner.md") == [
        f"around/inner.md: reached through a symbolic link `around`; the file is `{inner}`"
    ]
    page.chmod(0o646)
    assert find_doubts("page.md") == ["page.md: anybody may write to it"]
    folder.chmod(0o777)
    told = "anybody may put another in its place, as its folder is open to all"
    assert find_doubts("sub/inner.md") == [f"sub/inner.md: {told}"]
    folder.chmod(0o1777)
    assert find_doubts("sub/inner.md") == []
    stats = Path.stat

    def of_nobody(path: Path, **how: bool) -> os.stat_result:
        facts = list(stats(path, **how))
        facts[stat.ST_UID] = 65534
        return os.stat_result(facts)

    monkeypatch.setattr(Path, "stat", of_nobody)
    assert find_doubts("sub/inner.md") == ["sub/inner.md: it belongs to `nobody`"]


def test_a_token_on_the_page_is_masked_and_its_change_is_noticed(program: Program) -> None:
    """`trust`, `show` and the trust record have the mask; the digest has the token."""
    tokens = [f"ghp_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3gH{number}" for number in (5, 6)]
    env = {"RUNBOOK_EXEC_TRUSTED": None}
    for token in tokens:
        program.write("page.md", fish_page(f"echo {token}"))
        ran = program.run("page.md", "--yes", "--no-input", env=env)
        assert (ran.status, token in ran.output) == (3, False), ran.output
        for words in (["show"], ["trust"], ["trust", "--yes"]):
            shown = program.run(*words, "page.md", env=env).output
            assert token not in shown
            assert "••••••••" in shown
        assert program.run("page.md", "--yes", "--no-input", env=env).status == 0
    assert not any(
        token.encode() in path.read_bytes()
        for path in program.runs.parent.rglob("*.json")
        for token in tokens
    )
    assert "a token" in shown
