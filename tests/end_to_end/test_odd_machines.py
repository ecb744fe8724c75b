"""On an odd machine a run works, or one line says why it does not: nothing hangs, breaks or is lost."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.odd_machines import (
    ALL,
    NAMES,
    WITHOUT,
    Machine,
    after,
    can_mount,
    in_folder,
    isolate,
    read_log,
    run_on,
)
from tests.support.paths import REPOSITORY
from tests.support.program import COMMAND, Program

PAGE = """# Page

## Steps

```{language}
echo first >>"$LOG"
for number in 1 2 3; do echo out; sleep 0.1; done; echo second >>"$LOG"
echo third >>"$LOG"
```
"""


NO_SPACE = r"cannot write the output: no space left on device; nothing more was run"
NO_JOURNAL = r"cannot write the journal `.*\.jsonl`: "
MOVE_IT = "; set XDG_STATE_HOME to a folder that you can write to"
NO_FOLDER = r"cannot start the shell: no files can be made in .*TMPDIR"
NO_TERMINAL = r"cannot start the shell: no pseudo-terminal can be opened; .*"
STATE = 'export XDG_STATE_HOME="$PWD/s"; exec "$@"'
TEMPORARY = 'export TMPDIR="$PWD/t"; exec "$@"'
HOMELESS = "unset HOME XDG_STATE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME; "

MACHINES = (
    # streams
    Machine("a full standard output", 'exec "$@" >/dev/full', 1, NO_SPACE, ()),
    Machine("a full standard error", 'exec "$@" 2>/dev/full'),
    Machine("no standard output", 'exec "$@" >&-'),
    Machine("no standard error", 'exec "$@" 2>&-'),
    Machine("no standard input", 'exec "$@" <&-'),
    Machine("no streams", 'exec "$@" <&- >&- 2>&-'),
    Machine("all outputs full", 'exec "$@" >/dev/full 2>&1', 1, "", ()),
    # folders
    Machine(
        "a removed working directory",
        "page=$PWD/page.md; mkdir gone && cd gone && rmdir ../gone && exec "
        + shlex.join(COMMAND)
        + ' "$page" --yes',
        2,
        r"cannot use the working directory: .*; change to another folder first",
        (),
    ),
    Machine("no home", HOMELESS + 'exec "$@"'),
    Machine("a home that does not exist", HOMELESS + 'export HOME="$PWD/a/b"; exec "$@"'),
    Machine(
        "a home that is a file",
        HOMELESS + 'export HOME=/dev/null; exec "$@"',
        2,
        NO_JOURNAL + "not a directory" + MOVE_IT,
        (),
    ),
    Machine(
        "a relative home",
        HOMELESS + 'export HOME=here; exec "$@"',
        2,
        r"cannot find the folder of journals: .* set \$HOME or \$XDG_STATE_HOME",
        (),
    ),
    Machine(
        "a file for the state folder",
        'touch f; export XDG_STATE_HOME="$PWD/f"; exec "$@"',
        2,
        NO_JOURNAL + "not a directory" + MOVE_IT,
        (),
    ),
    Machine(
        "a state folder that cannot be made",
        'export XDG_STATE_HOME=/proc/1; exec "$@"',
        2,
        NO_JOURNAL + ".*",
        (),
        "linux",
    ),
    Machine(
        "a read-only state folder",
        isolate("mkdir s; mount -t tmpfs -o ro none s; " + STATE),
        2,
        NO_JOURNAL + "read-only file system" + MOVE_IT,
        (),
        "mounts",
    ),
    Machine(
        "a state folder without inodes",
        isolate("mkdir s; mount -t tmpfs -o nr_inodes=2 none s; touch s/a; " + STATE),
        2,
        NO_JOURNAL + f"no space left on device({MOVE_IT})?",
        (),
        "mounts",
    ),
    Machine(
        "a full state folder",
        isolate("mkdir s; mount -t tmpfs -o size=4k none s; head -c 9999 /dev/zero >s/x 2>&-; " + STATE),
        1,
        "",
        (),
        "mounts",
    ),
    # temporary files
    Machine("no TMPDIR", 'export TMPDIR="$PWD/none"; exec "$@"'),
    Machine(
        "a full TMPDIR",
        isolate("mkdir t; mount -t tmpfs -o size=4k none t; head -c 9999 /dev/zero >t/x 2>&-; " + TEMPORARY),
        needs="mounts",
    ),
    Machine(
        "a TMPDIR without inodes",
        isolate("mkdir t; mount -t tmpfs -o nr_inodes=4 none t; " + TEMPORARY),
        2,
        NO_FOLDER,
        (),
        "mounts",
    ),
    Machine(
        "a long TMPDIR", 'export TMPDIR="$PWD/$(printf "%0200d/%0200d" 1 2)"; mkdir -p "$TMPDIR"; exec "$@"'
    ),
    # limits
    Machine("20 descriptors", 'ulimit -n 20; exec "$@"'),
    Machine(
        "8 descriptors",
        'ulimit -n 8; exec "$@"',
        2,
        r"cannot start with 8 open files at most; raise the limit with `ulimit -n`",
        (),
    ),
    Machine(
        "no processes",
        f'exec {WITHOUT} EAGAIN clone,clone3,fork,vfork "$@"',
        2,
        r"cannot start the shell: no process can be started: .*",
        (),
        "linux",
    ),
    Machine("100 MB of addresses", 'ulimit -v 100000; exec "$@"', needs="linux"),
    Machine("a limit on the size of files", 'ulimit -f 5; exec "$@"', 1, "", ("first", "second")),
    Machine("no files at all", 'ulimit -f 0; exec "$@"', 2, NO_FOLDER, ()),
    # the system
    Machine("no pidfd_open", f'exec {WITHOUT} ENOSYS pidfd_open "$@"', needs="linux"),
    Machine("a forbidden pidfd_open", f'exec {WITHOUT} EPERM pidfd_open "$@"', needs="linux"),
    Machine("a forbidden prctl", f'exec {WITHOUT} ENOSYS prctl "$@"', needs="linux"),
    Machine(
        "no locks",
        f'exec {WITHOUT} ENOLCK flock "$@"',
        2,
        NO_JOURNAL + "no locks.*",
        (),
        "linux",
    ),
    Machine("a broken disk", f'exec {WITHOUT} EIO fsync,fdatasync "$@"', 1, "", (), "linux"),
    Machine("no /proc", isolate('mount -t tmpfs none /proc; exec "$@"'), needs="mounts"),
    Machine("no /dev/shm", isolate('mount -t tmpfs -o ro none /dev/shm; exec "$@"'), needs="mounts"),
    Machine(
        "no terminals",
        isolate(
            "mkdir d; mount -t tmpfs none d; touch d/null; mount --bind /dev/null d/null; "
            'mount --rbind d /dev; exec "$@"'
        ),
        2,
        NO_TERMINAL,
        (),
        "mounts",
    ),
    Machine("no controlling terminal", 'exec setsid -w "$@"', needs="linux"),
    Machine("a user without a name", 'exec unshare --map-user=54321 "$@"', needs="mounts"),
    # the environment
    Machine("no TERM", 'unset TERM; exec "$@"'),
    Machine("an unknown TERM", 'export TERM=unknown-terminal; exec "$@"'),
    Machine("LANG=C", 'export LC_ALL=C LANG=C; exec "$@"'),
    Machine(
        "ASCII only",
        'export LC_ALL=POSIX PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 PYTHONIOENCODING=ascii; exec "$@"',
    ),
    Machine("an unknown locale", 'export LC_ALL=xx_YY.KOI8-R 2>&-; exec "$@"'),
    Machine(
        "an empty PATH", 'export PATH=; exec "$@"', 2, r"page\.md runs in \w+, which is not on PATH; .*", ()
    ),
    Machine("no SHELL", 'unset SHELL; exec "$@"'),
    Machine("a wrong SHELL", 'export SHELL=/bin/false; exec "$@"'),
    Machine("no columns", 'export COLUMNS=0 LINES=0; exec "$@"'),
    Machine("one column", 'export COLUMNS=1 LINES=1; exec "$@"'),
    Machine("too many columns", 'export COLUMNS=99999999999 LINES=99999999999; exec "$@"'),
    Machine(
        "no environment",
        'exec env -i LOG="$LOG" HOME="$HOME" XDG_STATE_HOME="$XDG_STATE_HOME" '
        'RUNBOOK_EXEC_TRUSTED="$RUNBOOK_EXEC_TRUSTED" PYTHONPATH="$PYTHONPATH" "$@"',
    ),
    # inherited signals
    Machine("nohup", 'exec nohup "$@"'),
    Machine("ignored signals", "trap '' PIPE INT QUIT TERM HUP TSTP CHLD; exec \"$@\""),
    Machine("children that nobody waits for", after("signal.signal(signal.SIGCHLD, signal.SIG_IGN)")),
    Machine("blocked signals", after("signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())")),
    # Python
    Machine("python -OO", 'export PYTHONOPTIMIZE=2; exec "$@"'),
    Machine("warnings are errors", 'export PYTHONWARNINGS=error; exec "$@"'),
    Machine("Python's development mode", 'export PYTHONDEVMODE=1 PYTHONWARNINGS=error; exec "$@"'),
)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_a_run_works_or_says_why_not(program: Program, machine: Machine) -> None:
    """The exit status is right, at most one line explains it, and the journal has what has run."""
    if machine.needs and sys.platform != "linux":
        pytest.skip("only Linux can be made odd in this way")
    if machine.needs == "mounts" and not can_mount():
        pytest.skip("this container does not allow mounts")
    program.write("page.md", PAGE.format(language="bash"))
    done = run_on(program, machine.commands, "--yes")
    errors = done.stderr.decode("utf-8", "replace").splitlines()
    shown = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert not re.search("Traceback|has a bug", shown), shown
    assert (done.returncode, read_log(program)) == (machine.status, list(machine.ran)), shown
    assert len(errors) <= 1, shown
    assert re.fullmatch(machine.line, "".join(errors).removeprefix("error: ")), shown
    for journal in program.folder.rglob("*.jsonl"):
        events = [json.loads(line) for line in journal.read_text().splitlines()]
        finished = [event for event in events if event["event"] == "statement_finished"]
        assert len(finished) >= len(machine.ran)
        if machine.status == 0:
            assert (events[-1]["event"], events[-1]["outcome"]) == ("run_ended", "succeeded")


@pytest.mark.parametrize("language", ["bash", "zsh", "sh", "fish"])
@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_the_temporary_folder_is_data(program: Program, name: str, language: str) -> None:
    """The run works, and nothing in the name is run."""
    program.write(
        "page.md", f'# P\n\n## Steps\n\n```{language}\necho first >>"$LOG"\necho second >>"$LOG"\n```\n'
    )
    done = run_on(program, in_folder(NAMES[name]), "--yes")
    assert (done.returncode, done.stderr, read_log(program)) == (0, b"", ["first", "second"])
    assert not list(program.folder.rglob("PWNED"))


# the second statement prints again once its reader has gone away
UNREAD = """# Page

## Steps

```bash
echo first >>"$LOG"
{ echo out; until [ -e closed ]; do sleep 0.02; done; echo more; echo second >>"$LOG"; }
echo third >>"$LOG"
```
"""


def run_with_leaving_reader(program: Program, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the page with a reader that goes away when a statement has printed `out`."""
    reader = """{ sed -n '/^out\\|"text":"out/q'; exec <&-; touch closed; }"""
    return run_on(program, f'"$@" | {reader}; exit "${{PIPESTATUS[0]}}"', "--yes", *arguments)


@pytest.mark.parametrize("arguments", [[], ["--json"]], ids=" ".join)
def test_a_reader_that_goes_away_lets_the_statement_end(program: Program, arguments: list[str]) -> None:
    """The statement is not killed; the run ends after it, can be resumed, and one line says so."""
    program.write("page.md", UNREAD)
    done = run_with_leaving_reader(program, *arguments)
    assert (done.returncode, read_log(program)) == (1, ["first", "second"])
    found = re.fullmatch(
        r"cannot write the output: broken pipe; nothing more was run; "
        r"`runbook-exec resume (\w+)` resumes the run\n",
        done.stderr.decode(),
    )
    assert found, done.stderr
    events = program.read_events()
    assert [each.event for each in events].count("statement_finished") == 2
    assert events[-1].event == "run_ended"
    assert program.run("runs", "verify").status == 0
    assert program.run("resume", found[1], "--yes", env={"LOG": str(program.folder / "log")}).status == 0
    assert read_log(program) == ALL


def test_a_lost_output_after_the_last_statement_is_reported(program: Program) -> None:
    """Everything has run, and the exit status says that somebody has not seen it."""
    program.write("page.md", UNREAD.replace('echo third >>"$LOG"\n', ""))
    done = run_with_leaving_reader(program)
    assert (done.returncode, read_log(program)) == (1, ["first", "second"])
    assert done.stderr == b"cannot write the output: broken pipe; everything has run\n"


@pytest.mark.parametrize(
    "words", [["show", "page.md"], ["lint", "page.md"], ["runs"], ["page.md", "--dry-run"]]
)
def test_other_commands_in_a_removed_folder(program: Program, words: list[str]) -> None:
    """Each works or says in one line what is wrong."""
    program.write("page.md", PAGE.format(language="bash"))
    words = [str(program.work / word) if word == "page.md" else word for word in words]
    done = subprocess.run(
        ["bash", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "x", *COMMAND, *words],
        cwd=program.work,
        env=program.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert not re.search("Traceback|has a bug", done.stderr), done.stderr
    assert done.returncode in (0, 1, 2)
    assert len(done.stderr.splitlines()) <= 1


def test_the_temporary_folder_is_removed_after_each_run(program: Program, tmp_path: Path) -> None:
    """Nothing is left in it, whether a statement works or fails."""
    place = tmp_path / "tmp"
    place.mkdir()
    for code in ("true", "false"):
        program.run_page(f"# P\n\n## Steps\n\n```bash\n{code}\n```\n", "--yes", env={"TMPDIR": str(place)})
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    "command", [["page.md", "--yes"], ["page.md", "--yes", "--record"], ["lint", "page.md"]]
)
def test_nothing_else_is_needed(program: Program, command: list[str]) -> None:
    """No git, no fish and no other shell is installed, and the checkout is a repository."""
    (program.work / ".git").mkdir()
    program.write("page.md", "# Page\n\n## Steps\n\n```sh\ntouch ran\n```\n")
    found = program.folder / "bin"
    found.mkdir()
    for name in ("sh", "touch", "mkfifo", "stty", "cat", "grep"):
        (found / name).symlink_to(str(shutil.which(name)))
    done = program.run(*command, env={"PATH": str(found)})
    assert (done.status, done.stderr) == (0, "")
    assert (program.work / "ran").exists() == (command[0] != "lint")


CLOCK = """
import datetime as module
real = module.datetime
class datetime(real):
    looks = 0
    @classmethod
    def now(cls, tz=None):
        datetime.looks += 1
        return real.now(tz) - module.timedelta(hours=5 * datetime.looks)
module.datetime = datetime
"""


def test_a_clock_that_goes_back_does_no_harm(program: Program) -> None:
    """At each look it is five hours earlier; the run fails, is resumed and reported."""
    odd = program.folder / "odd"
    odd.mkdir()
    (odd / "sitecustomize.py").write_text(CLOCK)
    env: dict[str, str | None] = {"PYTHONPATH": f"{odd}:{REPOSITORY}"}
    page = "---\nrunbook:\n  cadence: 3d\n---\n# P\n\n## Steps\n\n```bash\ntouch ran\ntest -e wanted\n```\n"
    assert program.run_page(page, "--yes", env=env).status == 1
    (program.work / "wanted").touch()
    assert program.run("resume", "--yes", env=env).status == 0
    commands = (["runs"], ["runs", "show"], ["runs", "verify"], ["due", "."], ["runs", "export", "page.md"])
    for command in commands:
        done = program.run(*command, env=env)
        assert done.status in (0, 4), done.output
        assert not re.search("Traceback|has a bug", done.output), done.output


def test_without_proc_a_program_that_asks_is_still_found(program: Program) -> None:
    """As on macOS, its output is all that shows it; the run waits for a person and does not hang."""
    if sys.platform == "linux" and not can_mount():
        pytest.skip("this container does not allow mounts")
    program.write("page.md", "# P\n\n## Steps\n\n```bash\nread -r -p 'Continue? [y/N] ' answer\n```\n")
    hidden = isolate('mount -t tmpfs none /proc; exec "$@"') if sys.platform == "linux" else 'exec "$@"'
    done = run_on(program, hidden, "--yes")
    assert done.returncode == 3, done.stdout
    assert b"waits for the keyboard: `Continue? [y/N]`" in done.stdout
