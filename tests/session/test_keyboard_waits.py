"""Without an operator, a program that waits for a key is ended, and one that works is left alone."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runbook_exec.engine.events import StatementFinished
from runbook_exec.system.terminal_readers import Certainty, _find_by_ps
from tests.support.program import Program, ProgramResult, prepare_program
from tests.support.shells import SHELLS

AT_ONCE = 6  # programs that run at the same time, on any machine

LIMIT = 10.0  # seconds after which a program that waits must have ended

KEYBOARD = "waits for the keyboard"


def python(*lines: str) -> str:
    """Return a command that runs a Python program of these lines."""
    return shlex.join([sys.executable, "-c", "\n".join(lines)])


# a statement of bash, and what the run says of it
WAITING = {
    "less": ("seq 500 | less", f"`less` {KEYBOARD}"),
    "more": ("seq 500 | more", f"`more` {KEYBOARD}"),
    "a pager of git": ("GIT_PAGER=less git -p help -a", "`less` waits"),
    "BusyBox less": ("seq 500 | busybox less", "`busybox` waits"),
    "BusyBox vi": ("busybox vi", "`busybox` waits"),
    "read": ("read -rp 'Continue? [y/N] ' a", f"`bash` {KEYBOARD}: `Continue? [y/N]`"),
    "read of one key": ("read -rsn1 -p 'Press any key'", f"`bash` {KEYBOARD}: `Press any key`"),
    "read in a loop": ('until [ "$a" = y ]; do read -p "Sure? " a; done', f"`bash` {KEYBOARD}: `Sure?`"),
    "read in a function": ('ask() { read -p "$1: " v; }; ask Name', f"`bash` {KEYBOARD}: `Name:`"),
    "select": ("select x in a b; do :; done", f"`bash` {KEYBOARD}: `#?`"),
    "mapfile": ("mapfile lines", "`bash` waits"),
    "rm -i": ("touch x; rm -i x", f"`rm` {KEYBOARD}: `rm: remove regular empty file 'x'?`"),
    "cp -i": ("touch x y; cp -i x y", f"`cp` {KEYBOARD}: `cp: overwrite 'y'?`"),
    "mv -i": ("touch x y; mv -i x y", f"`mv` {KEYBOARD}: `mv: overwrite 'y'?`"),
    "find -ok": ("touch x; find x -ok true ';'", f"`find` {KEYBOARD}: `< true ... x > ?`"),
    "xargs -p": ("echo x | xargs -p true", f"`xargs` {KEYBOARD}: `true x?...`"),
    "cat": ("cat", "`cat` waits"),
    "cat into a file": ("cat >config", "`cat` waits"),
    "sort": ("sort", "`sort` waits"),
    "tee": ("tee file", "`tee` waits"),
    "a filter in a pipe": ("tr a b | wc -l", "`tr` waits"),
    "git clean": ("git init -q; touch x; git clean -i", f"`git` {KEYBOARD}: `What now>`"),
    "git add": ("git init -q; echo 1 >x; git add x; echo 2 >x; git add -p", f"{KEYBOARD}: `(1/1) Stage"),
    "an inner bash": ("bash --norc", "`bash` waits"),
    "an inner sh": ("sh", "`sh` waits"),
    "an inner zsh": ("zsh -f", "`zsh` waits"),
    "an inner fish": ("fish --no-config", "`fish` waits"),
    "a replaced shell": ("exec bash --norc", "`bash` waits"),
    "a command in a session of its own": ("setsid -w sh -c 'read x'", "`sh` waits"),
    "script": ("script -q /dev/null", "`script` waits"),
    "tmux": ("tmux -L test -f /dev/null", "`tmux` waits"),
    "Python": (f"{sys.executable} -q", f"` {KEYBOARD}: `>>>`"),
    "input": (python("input('Enter a value: ')"), f"` {KEYBOARD}: `Enter a value:`"),
    "getpass": (python("import getpass", "getpass.getpass()"), f"` {KEYBOARD}: `Password:`"),
    "pdb": (python("breakpoint()"), f"` {KEYBOARD}: `(Pdb)`"),
    "curses": (python("import curses", "curses.wrapper(lambda s: s.getch())"), f"` {KEYBOARD}"),
    "a full screen with a clock": (
        python(
            "import curses",
            "def show(s):",
            "    s.timeout(700)",
            "    while s.getch() < 0: s.addstr('x'); s.refresh()",
            "curses.wrapper(show)",
        ),
        f"` {KEYBOARD}",
    ),
    "a question of a thread": (
        python(
            "import threading", "t = threading.Thread(target=lambda: input('OK? '))", "t.start(); t.join()"
        ),
        f"` {KEYBOARD}: `OK?`",
    ),
    "a stubborn program": (
        "bash -c 'trap : INT TERM; while :; do read -p \"Go? \" x </dev/tty; done'",
        f"`bash` {KEYBOARD}: `Go?`",
    ),
    "a failure that is allowed": ("read -p 'Name: ' x || true", f"`bash` {KEYBOARD}: `Name:`"),
}

PAIR = ("import select, socket, sys, threading, time, tty", "a, b = socket.socketpair()")

# statements that work for longer than a program may wait, and that look as if they waited for a key
WORKING = {
    "sleep": "sleep 8",
    "a pipe": "(sleep 8; echo x) | cat",
    "a background job": "sleep 8 & wait",
    "an unfinished line": "printf 'Checking: '; sleep 8",
    "a question without a reader": "printf 'Continue? [y/N] '; sleep 8",
    "read with a limit": "read -t 8 x || true",
    "read of a key with a limit": "read -t 8 -n 1 -p 'Press a key to stop: ' x || true",
    "a countdown": "for i in 5 4 3 2 1; do read -t 2 -p $i x || true; done",
    "read of a pipe": "sleep 8 | read x || true",
    "script": "script -qec 'sleep 8' /dev/null",
    "a computation": python("import time", "end = time.time() + 8", "while time.time() < end: pass"),
    "a connection": python(*PAIR, "threading.Timer(8, a.close).start()", "b.recv(1)"),
    # as `ssh HOST COMMAND` and `docker run -i` do
    "a client that passes keys on": python(
        *PAIR,
        "threading.Timer(8, a.close).start()",
        "print('Reading lists... ', end='', flush=True)",
        "select.select([0, b], [], [])",
    ),
    "a client that reads keys in a thread": python(
        *PAIR,
        "threading.Thread(target=lambda: sys.stdin.buffer.raw.read(1), daemon=True).start()",
        "threading.Timer(8, a.close).start()",
        "select.select([b], [], [])",
    ),
    # as `ffmpeg` does
    "a program that looks for keys now and then": python(
        *PAIR, "tty.setcbreak(0)", "for _ in range(80): select.select([0], [], [], 0); time.sleep(0.1)"
    ),
    "a program that asks the terminal and continues": python(
        *PAIR,
        "tty.setcbreak(0)",
        "print('\\033[c', end='', flush=True)",
        "select.select([0], [], [], 2)",
        "time.sleep(6)",
    ),
    "a program with another input": "printf 'Continue? '; sleep 8 </dev/null",
}


def run_statement(folder: Path, code: str, shell: str = "bash") -> tuple[ProgramResult, float]:
    """Run a page with one statement and one after it; return the result, and the seconds of the first."""
    folder.mkdir(parents=True)
    program = prepare_program(folder)
    page = f"# T\n\n## Steps\n\n```{shell}\n{code}\n```\n"
    if not re.match(
        r"(?:exec )?(?:ba|z|fi|)sh\b|script|tmux", code
    ):  # after another shell, nothing may follow
        page += f"\n```{shell}\necho af''ter\n```\n"
    result = program.run_page(page, "--yes", "--no-config", env={"TERM": "xterm"})
    events = program.read_events() if [*program.runs.glob("*.jsonl")] else ()
    took = [event.duration for event in events if isinstance(event, StatementFinished)]
    return result, max(took, default=0.0)


def run_all(folder: Path, statements: Mapping[str, str]) -> dict[str, tuple[ProgramResult, float]]:
    """Run several statements, some of them at the same time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ran = {
            name: pool.submit(run_statement, folder / str(number), code)
            for number, (name, code) in enumerate(statements.items())
        }
        return {name: result.result() for name, result in ran.items()}


def test_a_program_that_waits_for_a_key_ends_the_run(tmp_path: Path) -> None:
    """Each ends with 3 in ten seconds, with the program's name and its last line; nothing after it runs."""
    wrong = []
    ran = run_all(tmp_path, {name: code for name, (code, _) in WAITING.items()})
    for name, (result, took) in ran.items():
        said = " ".join(result.stdout.split())
        if result.status != 3 or took > LIMIT or WAITING[name][1] not in said or "\nafter" in result.stdout:
            wrong.append(f"{name}: {result.status} after {took} s: {said[-400:]} {result.stderr}")
    assert wrong == []


def test_a_program_that_works_is_not_ended(tmp_path: Path) -> None:
    """A program that sleeps, computes, waits for others, or only looks for keys, runs to its end."""
    wrong = [
        f"{name}: {result.status} after {took} s: {result.output[-600:]}"
        for name, (result, took) in run_all(tmp_path, WORKING).items()
        if result.status != 0
    ]
    assert wrong == []


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shells_own_read_is_recognised(shell: str, tmp_path: Path) -> None:
    """A builtin that waits for a line is found in every shell."""
    result, took = run_statement(tmp_path / "run", "read x", shell)
    assert (result.status, took < LIMIT) == (3, True), result.output
    assert "waits for the keyboard" in result.stdout


def test_the_last_line_of_a_secret_is_not_reported(program: Program) -> None:
    """The line that a program printed last is masked, and left out where a secret is being captured."""
    block = "```bash\nprintf 'hunter2abc? '; read x\n```\n"
    page = f"# T\n\n## Steps\n\n<!-- runbook: capture=token secret -->\n{block}"
    result = program.run_page(page, "--yes", "--no-config")
    assert result.status == 3, result.output
    assert b"hunter2abc?" not in program.journal_path().read_bytes().split(b'"statement_finished"')[1]


def test_a_program_is_listed_where_the_system_shows_no_more_than_its_name() -> None:
    """Without `/proc`, `ps` has the name of the program and no more."""
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        until = time.monotonic() + 60
        while (found := _find_by_ps(child.pid).reader) is None or found.name != "sleep":
            assert time.monotonic() < until
        assert (found.pid, found.certainty) == (child.pid, Certainty.UNKNOWN)
    finally:
        child.kill()
        child.wait()
