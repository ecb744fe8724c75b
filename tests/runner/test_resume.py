"""A run that died, failed or waits is resumed: nothing is lost and nothing runs twice."""

from __future__ import annotations

import json
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from runbook_exec.engine.events import Output, ShellChanged
from tests.support.paths import REPOSITORY
from tests.support.program import Program, ProgramResult, fish_page
from tests.support.shells import SHELLS

MEMORY = Path("/dev/shm")


def steps(*scripts: str, above: str = "") -> str:
    """Return a page with a step for each script."""
    parts = [f"### {n}. Step\n\n{above}```fish\n{script}\n```\n" for n, script in enumerate(scripts, 1)]
    return "# Page\n\n## Procedure\n\n" + "\n".join(parts)


def kill_run(program: Program, page: str, until: str, statement: int) -> None:
    """Run a page without a person, and kill it in this statement of a step, when the file `until` exists."""
    program.write("page.md", page)
    process = program.start("page.md", "--yes", "--no-input")
    end = time.monotonic() + 60
    while not (program.work / until).exists():
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.01)
    begun = f'"statement":{statement},'
    while not is_last_event(program, "statement_started", begun):
        assert time.monotonic() < end
        time.sleep(0.01)
    process.kill()
    process.wait()


def is_last_event(program: Program, *words: str) -> bool:
    """Return whether the last line of the journal has all these words."""
    lines = program.journal_path().read_text().splitlines()
    return all(word in lines[-1] for word in words)


def resume(program: Program, *options: str, env: dict[str, str | None] | None = None) -> ProgramResult:
    """Resume the newest run without a person."""
    return program.run("resume", "--yes", "--no-input", *options, env=env)


def log(program: Program) -> list[str]:
    """Return the lines that the statements have written."""
    path = program.work / "log"
    return path.read_text().split() if path.exists() else []


@pytest.fixture
def runtime() -> Iterator[Path]:
    """Return a private runtime folder in memory."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Close everything that a test opens when the test ends."""
    with ExitStack() as opened:
        yield opened


DIES = steps("echo one >>log", "touch here; sleep 30; echo two >>log", "echo three >>log")


def test_a_statement_that_was_running_is_in_doubt_until_a_person_decides(program: Program) -> None:
    """Without a person each attempt exits with 3; finished statements do not run again."""
    kill_run(program, DIES.replace("touch here; sleep 30", "sh -c 'touch here; sleep 30'"), "here", 1)
    for _ in range(2):
        ran = resume(program)
        assert ran.status == 3
        assert "statement 2.1 was running when the run died, and may have happened" in ran.stdout
        assert "`--assume done 2.1` or `--assume again 2.1` decides" in ran.stdout.replace("\n  ", " ")
    assert resume(program, "--assume", "done", "2.1").status == 0
    assert log(program) == ["one", "two", "three"]


def test_a_statement_in_doubt_can_be_run_again(program: Program) -> None:
    """`again` runs it; a decision about another statement has no effect."""
    kill_run(program, DIES.replace("sleep 30", "command test -e again; or command sleep 30"), "here", 2)
    (program.work / "again").touch()
    assert resume(program, "--assume", "again", "3.1").status == 3
    ran = resume(program, "--assume", "again", "2.2")
    assert (ran.status, log(program)) == (0, ["one", "two", "three"])
    assert ran.stdout.count("$ ") == 3


def test_an_unknown_decision_is_refused(program: Program) -> None:
    """Any decision other than `done` and `again` is refused before anything runs."""
    program.run_page(fish_page("false"), "--yes")
    ran = resume(program, "--assume", "maybe", "1.1")
    assert (ran.status, ran.stderr) == (
        2,
        "error: `--assume`: expected `done`, `again`, `run` or `skip`, got `maybe`\n",
    )


def test_a_failed_run_is_resumed_at_the_statement_that_failed(program: Program) -> None:
    """It runs again, the statements before it do not, and the journal is one."""
    page = steps("echo one >>log", "cat wanted >>log", "echo three >>log")
    assert program.run_page(page, "--yes").status == 1
    (program.work / "wanted").write_text("two\n")
    ran = resume(program)
    assert (ran.status, log(program)) == (0, ["one", "two", "three"])
    kinds = [event.event for event in program.read_events()]
    assert (kinds.count("run_started"), kinds.count("run_ended"), kinds[-1]) == (2, 2, "run_ended")
    assert program.run("runs", "verify").status == 0


def test_a_resumed_run_continues_the_numbers_of_events(program: Program) -> None:
    """No number is used twice, and the run keeps its id."""
    program.run_page(steps("true", "test -e wanted"), "--yes")
    (program.work / "wanted").touch()
    resume(program)
    events = program.read_events()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert len({event.run for event in events}) == 1


def test_only_an_unfinished_run_can_be_resumed(program: Program) -> None:
    """A successful run, a missing run and an unknown id have different messages."""
    assert resume(program).stderr.startswith("error: no run is left unfinished")
    program.run_page(fish_page("true"), "--yes")
    run = program.read_events()[0].run
    assert resume(program).status == 2
    assert (
        program.run("resume", run).stderr == f"error: run {run} has succeeded; there is nothing left to do\n"
    )
    assert "no run's id begins with `zz`; the newest is `" in program.run("resume", "zz").stderr


def test_a_running_run_cannot_be_resumed(program: Program) -> None:
    """The second process is refused, with the process that has the run; nothing happens twice."""
    program.write("page.md", steps("echo one >>log; command sleep 3", "echo two >>log"))
    first = program.start("page.md", "--yes")
    end = time.monotonic() + 60
    while not log(program):
        assert time.monotonic() < end
        time.sleep(0.01)
    ran = program.run("resume", program.read_events()[0].run, "--yes", "--no-input")
    assert (ran.status, ran.stderr) == (2, f"error: this run is still in progress, in process {first.pid}\n")
    newest = program.run("resume")
    assert newest.status == 2
    assert newest.stderr.startswith(
        f"error: no run is left unfinished, but {program.read_events()[0].run} is in progress; "
    )
    assert first.wait(20) == 0
    assert log(program) == ["one", "two"]


def test_a_torn_last_line_is_removed(program: Program) -> None:
    """A machine that dies leaves such a line; afterwards the journal is complete again."""
    program.run_page(steps("true", "test -e wanted"), "--yes")
    path = program.journal_path()
    path.write_bytes(path.read_bytes()[:-20])
    (program.work / "wanted").touch()
    assert resume(program).status == 0
    assert program.run("runs", "verify").status == 0


def test_a_damaged_journal_is_not_resumed(program: Program) -> None:
    """The message names the place of the damage, and nothing runs."""
    program.run_page(steps("echo one >>log", "test -e wanted"), "--yes")
    path = program.journal_path()
    path.write_bytes(path.read_bytes().replace(b"test -e wanted", b"test -e wantem"))
    ran = resume(program)
    assert (ran.status, ":2: this line does not follow from line 1" in ran.stderr) == (2, True)
    assert log(program) == ["one"]


# the document, the values, the shell ---------------------------------------------------------------------


def test_a_changed_page_needs_consent(program: Program) -> None:
    """The difference of the commands is shown; unchanged finished statements stay finished."""
    program.run_page(steps("echo one >>log", "false", "echo three >>log"), "--yes")
    program.write("page.md", steps("echo new >>log", "echo one >>log", "echo two >>log", "echo three >>log"))
    ran = resume(program)
    assert ran.status == 3
    assert "-2.1   false" in ran.stdout
    assert "+3.1   echo two >>log" in ran.stdout
    assert log(program) == ["one"]
    ran = resume(program, "--accept-changes")
    assert ran.status == 3
    assert "page.md:8: statement 1.1 is new, was moved, or ran with another text" in ran.stderr
    assert resume(program, "--accept-changes", "--assume", "run", "1.1").status == 0
    assert log(program) == ["one", "new", "two", "three"]


def test_changed_prose_needs_no_consent(program: Program) -> None:
    """Only commands matter."""
    page = steps("echo one >>log", "test -e wanted")
    program.run_page(page, "--yes")
    program.write("page.md", page.replace("# Page", "# Page\n\nBetter words.\n"))
    (program.work / "wanted").touch()
    assert (resume(program).status, log(program)) == (0, ["one"])


VALUED = "---\nrunbook:\n  inputs:\n    day: {default: '{{ now }}'}\n---\n" + steps(
    "echo 7", "echo <given> <day> <caught> >>log", "test -e wanted", "echo <given> <day> <caught> >>log"
)


def test_a_resumed_run_has_the_same_values(program: Program) -> None:
    """Values that were given, captured or made by a default are the same as before."""
    options = ("--yes", "--set", "given=it's", "--capture", "caught=1")
    page = VALUED.replace("{{ now }}", "{{ today }}")
    assert program.run_page(page, *options).status == 1
    (program.work / "wanted").touch()
    assert resume(program).status == 0
    lines = (program.work / "log").read_text().splitlines()
    assert len(lines) == 2
    assert lines[0] == lines[1]
    assert lines[0].startswith("it's 20")
    assert lines[0].endswith(" 7")


def test_a_value_can_be_replaced(program: Program) -> None:
    """`--set` wins over the known value."""
    program.run_page(steps("test <name> = right", "echo <name> >>log"), "--yes", "--set", "name=wrong")
    assert resume(program, "--set", "name=right").status == 0
    assert log(program) == ["right"]


SECRET = steps("echo s3cr3t-and-long-enough", "test -e wanted", "echo <new-token> | wc -c >>log")
MINTS = ("--yes", "--capture", "new-token=1")


def test_a_secret_is_kept_as_long_as_its_run(program: Program, runtime: Path) -> None:
    """It is in memory, private to its owner, and removed when the run is finished.

    A resumed run gets it back.
    """
    env: dict[str, str | None] = {"XDG_RUNTIME_DIR": str(runtime)}
    assert program.run_page(SECRET, *MINTS, env=env).status == 1
    (kept,) = (runtime / "runbook-exec").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    (values,) = (
        line["values"] for line in map(json.loads, kept.read_text().splitlines()) if "values" in line
    )
    assert values == {"new-token": "s3cr3t-and-long-enough"}
    assert b"s3cr3t" not in program.read_all_files().replace(b"echo s3cr3t", b"")
    (program.work / "wanted").touch()
    assert (resume(program, env=env).status, log(program)) == (0, ["23"])
    assert list((runtime / "runbook-exec").iterdir()) == []


@pytest.mark.parametrize("where", ["a disk", "nowhere", "not ours alone", "not wanted"])
def test_a_secret_is_stored_only_in_private_memory(
    program: Program, runtime: Path, where: str, stack: ExitStack
) -> None:
    """Otherwise the run warns before it mints; when it is resumed, it waits for the value."""
    # the folder of the tests; their temporary files may be in memory
    disk = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=".runtime-", dir=REPOSITORY)))
    runtime.chmod(0o755 if where == "not ours alone" else 0o700)
    env: dict[str, str | None] = {
        "XDG_RUNTIME_DIR": {"a disk": str(disk), "nowhere": None}.get(where, str(runtime))
    }
    options = (*MINTS, "--no-keep-secrets") if where == "not wanted" else MINTS
    ran = program.run_page(SECRET, *options, env=env)
    assert ran.status == 1
    told = " ".join(ran.stdout.split())
    assert told.index("cannot be kept safely on this machine") < told.index("$ echo")
    assert not list(disk.iterdir())
    assert not list(runtime.iterdir())
    (program.work / "wanted").touch()
    ran = resume(program, env=env)
    assert (ran.status, "needs a value for `<new-token>`" in ran.stdout) == (3, True)


def test_a_resumed_shell_starts_in_its_last_folder(program: Program) -> None:
    """Blocks that the page marks as setup run again, with a message."""
    page = steps("mkdir sub; cd sub", "set -g v kept", "test -e wanted; and echo $v >../log")
    page = page.replace("### 2. Step\n\n", "### 2. Step\n\n<!-- runbook: setup -->\n")
    assert program.run_page(page, "--yes").status == 1
    (program.work / "sub" / "wanted").touch()
    ran = resume(program)
    assert (ran.status, log(program)) == (0, ["kept"])
    assert "$ set -g v kept" in ran.stdout


HELD = {
    "fish": (
        "set -g list 'a b' \"it's\" (printf 'x\\ny' | string collect); set -gx OUT 'q\"\\$z'; set -l near 1",
        "function hi; echo hi $argv[1] $list[2]; end; alias hey 'hi'; set -e GONE",
        "test -e wanted; and begin\nhi x; hey y; printf '%s|' $list\n"
        "sh -c 'echo $OUT'\necho $near \"$GONE\"; end",
        "hi x it's\nhi y it's\na b|it's|x\ny|q\"\\$z\n1 \n",
    ),
    "bash": (
        "list=('a b' \"it's\" $'x\\ny'); declare -A map=([k]='v w'); export OUT='q\"$z'",
        'hi() { echo "hi\n$1"; }; alias hey=hi; unset GONE',
        'test -e wanted && { hi x; printf \'%s|\' "${list[@]}" "${map[k]}"\n'
        "sh -c 'echo $OUT'; echo \"$GONE\"; }",
        "hi\nx\na b|it's|x\ny|v w|q\"$z\n\n",
    ),
    "zsh": (
        "list=('a b' \"it's\" $'x\\ny'); typeset -A map=(k 'v w'); export OUT='q\"$z'",
        'hi() { echo "hi\n$1"; }; unset GONE',
        'test -e wanted && { hi x; printf \'%s|\' "${list[@]}" "${map[k]}"\n'
        "sh -c 'echo $OUT'; echo \"$GONE\"; }",
        "hi\nx\na b|it's|x\ny|v w|q\"$z\n\n",
    ),
    "sh": (
        "list=\"it's\nmore\"; export OUT='q\"$z'",
        "unset GONE",
        "test -e wanted && { printf '%s|' \"$list\"; sh -c 'echo $OUT'; echo \"$GONE\"; }",
        "it's\nmore|q\"$z\n\n",
    ),
}
HELD["ash"] = HELD["sh"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_resumed_shell_has_its_earlier_state(shell: str, program: Program) -> None:
    """Variables with all attributes, functions and aliases return; removed ones stay removed."""
    *scripts, printed = HELD[shell]
    page = steps(*(f"{script}\necho {n} >>log" for n, script in enumerate(scripts, 1)))
    page = page.replace("```fish", f"```{shell}")
    env: dict[str, str | None] = {"GONE": "there"}
    assert program.run_page(page, "--yes", env=env).status == 1
    (program.work / "wanted").touch()
    ran = resume(program, env=env)
    assert (ran.status, log(program)) == (0, ["1", "2", "3"])
    last = "".join(
        e.text for e in program.read_events() if isinstance(e, Output) and (e.step, e.statement) == (3, 1)
    )
    assert last == printed


@pytest.mark.parametrize(
    "defines",
    [
        "function ll; echo mine; end",
        "alias ll 'echo mine'",
        "functions -e ll; functions -c other ll",
    ],
)
def test_a_redefined_function_comes_back_as_the_page_defines_it(program: Program, defines: str) -> None:
    """The definition of the operator's configuration or of fish itself does not replace it."""
    page = steps(
        "function other; echo mine; end", f"{defines}\necho two >>log", "test -e wanted; and ll >>log"
    )
    assert program.run_page(page, "--yes").status == 1
    (program.work / "wanted").touch()
    assert (resume(program).status, log(program)) == (0, ["two", "mine"])


def test_no_value_of_a_shell_is_written_to_the_journal(program: Program) -> None:
    """The journal has the names of what a statement has changed, and a digest of each that tells nothing."""
    page = steps(
        "set -gx API_KEY plain-but-secret; set -g copy 'x'<new-token>'y'; function f; echo <new-token>; end",
        "set -g other (string upper <new-token>); set -g fine kept",
        "false",
    )
    program.run_page(page, "--yes", "--set", "new-token=s3cr3t-and-long-enough")
    told = program.journal_path().read_text()
    made = [event.made for event in program.read_events() if isinstance(event, ShellChanged)]
    assert {"variable API_KEY", "variable other", "variable fine", "function f"} <= {
        k for m in made for k in m
    }
    assert all(code.startswith("digest:") for each in made for code in each.values())
    assert "s3cr3t-and-long" not in told
    assert "S3CR3T" not in told


def test_a_run_can_be_resumed_from_any_folder(program: Program, tmp_path: Path) -> None:
    """A relative path starts at the folder in which the run began."""
    assert program.run_page(steps("test -e wanted"), "--yes").status == 1
    (program.work / "wanted").touch()
    run = program.read_events()[0].run
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere = Program(program.folder)
    done = elsewhere.run("resume", run, "--yes", "--no-input")
    assert done.status == 0


def test_a_new_run_reports_an_unfinished_one(program: Program) -> None:
    """Without a person it begins a new run, and prints how to resume the other one."""
    program.run_page(steps("false"), "--yes")
    run = program.read_events()[0].run
    ran = program.run_page(steps("true"), "--yes")
    assert ran.status == 0
    assert ran.stderr == (
        f"page.md: its last run is not finished: `runbook-exec resume {run}` resumes it; this is a new run\n"
    )
    assert program.run_page(steps("true"), "--yes").stderr == ""


def test_an_unfinished_run_is_found_among_those_of_other_pages(program: Program) -> None:
    """So it is when the page has an odd name, was named by a link, or quotes what a journal has."""
    name = 'a "page",\\ "folder".md'
    others = [
        steps("true", above=f'About `,"path":"{each}","folder":"/"`.\n\n') for each in (name, "other.md")
    ]
    for number, text in enumerate(others):
        program.write(f"other-{number}.md", text)
        assert program.run(f"other-{number}.md", "--yes").status == 0
    program.write(name, steps("false", above='About `,"folder":"/nowhere","path":"other.md"`.\n\n'))
    (program.work / "link.md").symlink_to(name)
    program.run(name, "--yes")
    assert program.run("other-0.md", "--yes").stderr == ""
    assert "its last run is not finished" in program.run("link.md", "--yes").stderr


# many at once --------------------------------------------------------------------------------------------


def test_many_runs_at_once_keep_their_journals_apart(program: Program) -> None:
    """All share one state folder; every third is killed in a statement.

    Every journal is complete, and the other runs have succeeded.
    """
    count = int(os.environ.get("CONCURRENT_RUNS", "15"))  # 200: see CONTRIBUTING
    program.write("page.md", steps("echo one", "command sleep 0.2", "echo two"))
    program.write("dies.md", steps("echo one", "touch <name>; command sleep 60"))
    dying = {
        f"started-{n}": program.start("dies.md", "--yes", "--set", f"name=started-{n}")
        for n in range(count // 3)
    }
    running = [program.start("page.md", "--yes") for _ in range(count - len(dying))]
    end = time.monotonic() + 60 + count
    while dying:
        assert time.monotonic() < end
        for name in [name for name in dying if (program.work / name).exists()]:
            process = dying.pop(name)
            process.kill()
            process.wait()
        time.sleep(0.01)
    assert {process.wait() for process in running} == {0}
    told = program.run("runs", "verify")
    assert (told.status, len(told.stdout.splitlines())) == (0, count)
    assert told.stdout.count(" whole, sealed ") == len(running)
    assert told.stdout.count(" whole, and the run did not end: ") == count - len(running)
