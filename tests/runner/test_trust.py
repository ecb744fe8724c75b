"""With --yes nothing is shown before it runs: so commands are shown once, and when they have changed."""

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
    """What the statements have written down."""
    path = program.work / "log"
    return path.read_text().split() if path.exists() else []


# by itself -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [UNATTENDED, ("--yes",), ("--yes", "--json")])
def test_by_itself_nothing_runs_that_nobody_was_shown(program: Program, options: tuple[str, ...]) -> None:
    """It waits for a person, says how to go on, and no run was begun."""
    program.write("page.md", PAGE)
    ran = run(program, "page.md", *options)
    assert (ran.status, ran.stdout, log(program)) == (3, "", [])
    assert ran.stderr == (
        "page.md#procedure: its commands were not trusted on this machine; "
        "`runbook-exec trust 'page.md#procedure'` shows them and trusts them, `--trust` does unseen\n"
    )
    assert not program.runs.exists()


def test_what_was_trusted_once_runs_until_it_changes(program: Program) -> None:
    """Other words are no change; other commands are, and the difference is shown."""
    program.write("page.md", PAGE)
    assert run(program, "page.md", *UNATTENDED, "--trust").status == 0
    program.write("page.md", PAGE.replace("# Page", "# Page\n\nBetter words.\n"))
    assert (run(program, "page.md", *UNATTENDED).status, len(log(program))) == (0, 4)
    program.write("page.md", PAGE.replace("echo two", "echo three"))
    ran = run(program, "page.md", *UNATTENDED)
    assert (ran.status, len(log(program))) == (3, 4)
    assert "-$ test -e wanted; or echo two >>log\n+$ test -e wanted; or echo three >>log\n" in ran.stderr
    assert "its commands have changed since they were trusted on this machine" in ran.stderr
    assert run(program, "trust", "page.md").status == 0
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
def test_whatever_decides_what_runs_is_a_change(program: Program, changed: str) -> None:
    """Defaults, where values come from, folders, annotations and the shell as much as commands."""
    program.write("page.md", HEAD + PAGE)
    assert run(program, "trust", "page.md").status == 0
    program.write("page.md", changed)
    assert run(program, "page.md", *UNATTENDED).status == 3
    assert log(program) == []


def test_a_guided_run_shows_everything_and_needs_nothing(program: Program) -> None:
    """Without --yes a person sees each statement; by itself such a run waits at the first as ever."""
    program.write("page.md", PAGE)
    ran = run(program, "page.md", "--no-input")
    assert (ran.status, "step 1 is ready to run; `--yes` runs it" in ran.stdout) == (3, True)


def test_a_command_that_gives_a_value_is_shown_first(program: Program) -> None:
    """It runs before the statement that needs the value is shown, so it is one of those to be trusted."""
    page = HEAD.replace("default: today", "source: 'cmd:touch made; date'") + fish_page("echo <day>")
    program.write("page.md", page)
    assert run(program, "page.md", "--no-input").status == 3
    assert not (program.work / "made").exists()
    told = run(program, "trust", "page.md").stdout
    assert "    # <day> from cmd:touch made; date\n    $ echo <day>\n" in told
    run(program, "page.md", "--no-input")
    assert (program.work / "made").exists()


def test_taking_up_needs_it_too(program: Program) -> None:
    """A run that was begun guided has not shown what is still to come."""
    program.write("page.md", PAGE)
    run(program, "page.md", "--no-input")
    ran = run(program, "resume", *UNATTENDED)
    assert (ran.status, "were not trusted on this machine" in ran.stderr, log(program)) == (3, True, [])
    assert run(program, "resume", *UNATTENDED, "--trust").status == 0
    assert log(program) == ["one", "two"]


def test_a_change_that_was_accepted_is_trusted(program: Program) -> None:
    """Who resumes a trusted run with the page as it is now is not asked a second time."""
    page = PAGE.replace("test -e wanted; or echo two", "test -e wanted; and echo two")
    program.write("page.md", page)
    assert run(program, "page.md", *UNATTENDED, "--trust").status == 1
    program.write("page.md", page.replace("test -e wanted; and echo two", "echo three"))
    assert run(program, "resume", *UNATTENDED).status == 3
    assert run(program, "resume", *UNATTENDED, "--accept-changes").status == 0
    assert log(program) == ["one", "three"]
    assert run(program, "page.md", *UNATTENDED).status == 0


def test_accepting_what_was_shown_accepts_no_more(program: Program) -> None:
    """The difference is one of statements; a command that gives a value is to be shown, and trusted, too."""
    page = HEAD.replace("default: today", "source: 'cmd:date'") + fish_page("false", "echo <day>")
    program.write("page.md", page)
    assert run(program, "page.md", *UNATTENDED, "--trust").status == 1
    program.write("page.md", page.replace("cmd:date", "cmd:touch made; date").replace("false", "true"))
    ran = run(program, "resume", *UNATTENDED, "--accept-changes")
    assert (ran.status, (program.work / "made").exists()) == (3, False)
    assert "\n-# <day> from cmd:date\n" in ran.stderr
    assert "\n+# <day> from cmd:touch made; date\n" in ran.stderr


def test_folders_of_ones_own_are_trusted(program: Program) -> None:
    """The operator's variable names them; a link in one that leads outside is not in it."""
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


def test_a_lock_file_lets_its_commands_run_by_themselves(program: Program) -> None:
    """It holds a digest for each procedure, lets just these run, and trusts nothing on this machine."""
    program.write("page.md", PAGE)
    ran = run(program, "trust", "--lock", "page.md")
    assert (ran.status, "runbooks.lock: written" in ran.stdout) == (0, True)
    lines = (program.work / "runbooks.lock").read_text().splitlines()
    assert lines[0].startswith("# ")
    assert [bool(re.fullmatch("[0-9a-f]{64}  page.md#procedure", line)) for line in lines[1:]] == [True]
    assert run(program, "page.md", *UNATTENDED).status == 0
    program.write("page.md", PAGE.replace("two", "three"))
    ran = run(program, "page.md", *UNATTENDED)
    assert (ran.status, "runbooks.lock` was made for other commands" in ran.stderr) == (3, True)
    assert run(program, "trust", "--lock", "page.md").status == 0
    assert run(program, "page.md", *UNATTENDED).status == 0


def test_locks_of_several_pages_stand_side_by_side(program: Program) -> None:
    """Each procedure has a line of its own, in order, so that changes of several people go together."""
    two = PAGE + "\n## Rollback\n\n```fish\necho back\n```\n"
    program.write("b.md", PAGE)
    program.write("a.md", two.replace("## Procedure", "## Deploy"))
    run(program, "trust", "--lock", "b.md")
    run(program, "trust", "--lock", "a.md")
    lines = (program.work / "runbooks.lock").read_text().splitlines()[1:]
    assert sorted(line.split()[1] for line in lines) == ["a.md#deploy", "a.md#rollback", "b.md#procedure"]


def test_in_a_repository_a_lock_file_counts_once_it_is_committed(program: Program) -> None:
    """What somebody put there and nobody has reviewed lets nothing run."""
    program.write("page.md", PAGE)
    git(program, "init", "-q")
    run(program, "trust", "--lock", "page.md")
    assert run(program, "page.md", *UNATTENDED).status == 3  # nothing at all is committed
    git(program, "add", "page.md")
    git(program, "commit", "-qm", "page")
    ran = run(program, "page.md", *UNATTENDED)
    assert (ran.status, "runbooks.lock` is not committed" in ran.stderr) == (3, True)
    git(program, "add", "runbooks.lock")
    git(program, "commit", "-qm", "lock")
    assert run(program, "page.md", *UNATTENDED).status == 0


def test_a_lock_file_that_others_can_write_counts_for_nothing(program: Program) -> None:
    """Nor does one that is not text."""
    program.write("page.md", PAGE)
    run(program, "trust", "--lock", "page.md")
    lock = program.work / "runbooks.lock"
    lock.chmod(0o666)
    ran = run(program, "page.md", *UNATTENDED)
    assert (ran.status, "runbooks.lock` can be written by others" in ran.stderr) == (3, True)
    lock.write_bytes(b"\xff\x00")
    lock.chmod(0o644)
    assert run(program, "page.md", *UNATTENDED).status == 3


def test_the_project_s_own_pages_are_locked_as_they_are(program: Program) -> None:
    """Whoever changes their commands looks at them once more: `trust --lock FILE…` locks them."""
    folder = REPOSITORY / "runbooks"
    for name in ("rotate-fly-token.md", "backup-a-folder.md"):
        shutil.copy(folder / name, program.work)
    run(program, "trust", "--lock", "rotate-fly-token.md", "backup-a-folder.md")
    assert (program.work / "runbooks.lock").read_text() == (folder / "runbooks.lock").read_text()


# trusting ------------------------------------------------------------------------------------------------


def test_trust_shows_what_it_trusts(program: Program) -> None:
    """All procedures of a page, or the one that is named; for its owner alone; and takes it back."""
    program.write("page.md", PAGE + "\n## Rollback\n\n```fish\necho back >>log\n```\n")
    ran = run(program, "trust", "page.md#rollback")
    assert "page.md#rollback: its commands were not trusted on this machine." in ran.stdout
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


def test_nothing_is_shown_as_what_it_is_not(program: Program) -> None:
    """What moves the cursor, turns text around or cannot be seen is written out."""
    program.write("page.md", fish_page("echo 'a\x1b[2K\u202eb\u200b'"))
    told = run(program, "trust", "page.md").stdout
    assert r"$ echo 'a\x1b[2K\u202eb\u200b'" in told


def test_what_cannot_be_trusted_is_refused(program: Program) -> None:
    """A page that is not there, standard input, and a procedure that is not there."""
    program.write("page.md", PAGE)
    for words, told in (
        (("none.md",), "cannot read `none.md`: no such file or directory\n"),
        (("-",), "expected files: what is trusted has a place where it is found again\n"),
        (("page.md#none",), "page.md: expected a procedure `#none`, found none\n"),
    ):
        ran = run(program, "trust", *words)
        assert (ran.status, ran.stderr) == (2, told)


def test_where_nothing_can_be_written_down_nothing_runs(program: Program) -> None:
    """The folder of what is trusted cannot be made: refused, with the place and the reason."""
    program.write("page.md", PAGE)
    program.runs.parent.parent.mkdir(parents=True)
    program.runs.parent.write_text("a file\n")
    ran = run(program, "page.md", *UNATTENDED, "--trust")
    assert (ran.status, log(program)) == (2, [])
    assert re.search(
        r"cannot write down in `.*\.json` what is trusted: (file exists|not a directory)", ran.stderr
    )


# a person ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "status", "made"), [("y", 0, ["one", "two"]), ("q", 130, []), ("\x03\x03", 130, [])]
)
def test_a_person_is_shown_the_commands_once(
    program: Program, key: str, status: int, made: list[str]
) -> None:
    """With --yes, before anything runs; who agrees is not asked again."""
    program.write("page.md", PAGE)
    environment = program.environment(UNTRUSTED)
    with open_screen([*COMMAND, "page.md", "--yes"], program.work, environment) as shown:
        text = shown.wait("page.md#procedure: its commands were not trusted", "y run all this")
        assert "    # fish\n    $ echo one >>log\n    $ test -e wanted; or echo two >>log\n" in text
        assert log(program) == []
        shown.type(key)
        assert shown.wait_status() == status
    assert log(program) == made
    if made:
        with open_screen([*COMMAND, "page.md", "--yes"], program.work, environment) as shown:
            assert shown.wait_status() == 0


def test_a_person_without_yes_is_not_asked(program: Program) -> None:
    """The first statement is shown as ever."""
    program.write("page.md", PAGE)
    with open_screen([*COMMAND, "page.md"], program.work, program.environment(UNTRUSTED)) as shown:
        assert "trusted" not in shown.wait("1 of 2 ›")
        shown.type("q")
        shown.wait_status()


# where a page lies ---------------------------------------------------------------------------------------


def test_where_a_page_lies_is_said_if_it_is_odd(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reached through a link, open to all, in a folder open to all, or somebody else's; and then it runs."""
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
