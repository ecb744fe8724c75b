"""A run with `--hold` keeps its shell and its question open, for an answer that comes from elsewhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from runbook_exec.engine.events import Answered, Asked, RunEnded, RunStarted
from runbook_exec.journal.journal import read_journal
from tests.support.program import COMMAND, Program
from tests.support.screen import open_screen

PAGE = """# Page

## Procedure

### 1. Begin

```bash
kept=yes; echo begin >>log
```

### 2. Ship

<!-- runbook: confirm="ship it?" -->
```bash
echo "ship $kept" >>log
```

### 3. Use

```bash
echo <region> >>log
```
"""
HELD = ("page.md", "--yes", "--no-input", "--no-config", "--id", "held")


def wait_for_question(program: Program, kind: str) -> str:
    """Wait until the run asks a question of this kind, and return its id."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for path in program.runs.glob("*-held.jsonl"):
            events = list(read_journal(path))
            if events and isinstance(events[-1], Asked) and events[-1].question == kind:
                return events[-1].id
        time.sleep(0.05)
    raise AssertionError(f"expected a question `{kind}`")


@contextmanager
def start(program: Program, hold: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start the page as an agent or a job does, without a terminal; the run is ended with the block."""
    program.write("page.md", PAGE)
    process = subprocess.Popen(
        [*COMMAND, *HELD, "--hold", hold, *options],
        cwd=program.work,
        env=program.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        for path in program.runs.glob("*-held.jsonl"):
            started = next(read_journal(path))
            assert isinstance(started, RunStarted)
            if not any(isinstance(event, RunEnded) for event in read_journal(path)):
                os.kill(started.pid, signal.SIGKILL)
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def answer(program: Program, text: str) -> subprocess.CompletedProcess[bytes]:
    """Answer a question from another process."""
    return subprocess.run(
        [*COMMAND, "resume", "held", "--answer", text, "--by", "alice"],
        cwd=program.work,
        env=program.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
    )


def test_an_answer_reaches_the_same_shell(program: Program) -> None:
    """The variables of the shell are there, the journal has one start, and the first process sees the end."""
    with start(program, "60s") as process:
        asked = wait_for_question(program, "confirm")
        assert answer(program, f"{asked}=run").returncode == 0
        asked = wait_for_question(program, "value")
        assert answer(program, f"{asked}=value:eu-1").returncode == 0
        output, _ = process.communicate(timeout=60)
    assert (process.returncode, (program.work / "log").read_text()) == (0, "begin\nship yes\neu-1\n"), output
    assert b"Done." in output
    events = program.read_events()
    assert sum(isinstance(event, RunStarted) for event in events) == 1
    given = [event for event in events if isinstance(event, Answered) and event.id]
    assert [each.question for each in given] == ["confirm", "value"]
    assert all(each.by.startswith("alice via ") for each in given)
    assert program.run("runs", "verify").status == 0


def test_an_answer_to_another_question_is_refused_and_the_question_stays_open(program: Program) -> None:
    """An older question, an unknown answer and a question of another run change nothing."""
    with start(program, "60s") as process:
        asked = wait_for_question(program, "confirm")
        for text, problem in (
            (f"{asked}=yes", "expected `run`, `skip` or `quit`, got `yes`"),
            ("confirm:2.1:1=run", f"the run does not ask `confirm:2.1:1`; it asks `{asked}`"),
        ):
            refused = answer(program, text)
            assert (refused.returncode, problem in refused.stderr.decode()) == (2, True), refused.stderr
        assert answer(program, f"{asked}=skip").returncode == 0
        wait_for_question(program, "value")
        refused = answer(program, f"{asked}=run")
        assert (refused.returncode, b"does not ask" in refused.stderr) == (2, True), refused.stderr
        assert process.poll() is None
    assert (program.work / "log").read_text() == "begin\n"


def test_a_question_is_held_for_its_time_and_then_waits(program: Program) -> None:
    """The run then exits with 3, names the question, and is resumed as any other."""
    with start(program, "1s") as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 3, output
    ended = program.read_events()[-1]
    assert isinstance(ended, RunEnded)
    assert (ended.outcome, ended.reason) == (
        "waiting",
        f"`{ended.question}` was held for 1.0 s, and no person answered or attached",
    )
    ran = program.run("resume", "held", "--yes", "--no-input", "--answer", f"{ended.question}=run")
    assert (ran.status, (program.work / "log").read_text()) == (3, "begin\nship yes\n"), ran.output


def test_the_run_outlives_the_process_that_started_it(program: Program) -> None:
    """After kill -9 of that process the question is still open, and its answer reaches the shell."""
    with start(program, "60s", "--json") as process:
        asked = wait_for_question(program, "confirm")
        process.kill()
        process.wait()
        assert answer(program, f"{asked}=run").returncode == 0
        asked = wait_for_question(program, "value")
        assert answer(program, f"{asked}=value:x").returncode == 0
        until = time.monotonic() + 30
        while not isinstance(program.read_events()[-1], RunEnded):
            assert time.monotonic() < until
            time.sleep(0.05)
    assert (program.work / "log").read_text() == "begin\nship yes\nx\n"


def test_json_goes_to_the_process_that_started_the_run(program: Program) -> None:
    """It gets the lines of the journal, nothing of the terminal, and the reason of waiting as an error."""
    with start(program, "1s", "--json") as process:
        output, _ = process.communicate(timeout=60)
    ended = program.read_events()[-1]
    assert isinstance(ended, RunEnded)
    assert output == program.journal_path().read_bytes() + f"{ended.reason}\n".encode()


def test_a_signal_ends_the_run_and_not_only_the_process(program: Program) -> None:
    """SIGTERM, as from a job that is cancelled, reaches the run, which is stopped and can be resumed."""
    with start(program, "60s") as process:
        wait_for_question(program, "confirm")
        process.terminate()
        assert process.wait(timeout=30) == 130
    ended = program.read_events()[-1]
    assert isinstance(ended, RunEnded)
    assert ended.outcome == "stopped"


def test_a_run_that_cannot_begin_says_why_to_the_process_that_started_it(program: Program) -> None:
    """Errors do not go to a terminal that nobody sees."""
    assert program.run_page(PAGE, *HELD[1:]).status == 3
    ran = program.run(*HELD, "--hold", "60s")
    assert (ran.status, "run `held` exists already" in ran.stderr) == (2, True), ran.output


@pytest.mark.parametrize("hold", ["0s", "soon", ""])
def test_a_time_that_is_none_is_refused(program: Program, hold: str) -> None:
    """Nothing runs."""
    program.write("page.md", PAGE)
    ran = program.run(*HELD, "--hold", hold)
    assert (ran.status, "`--hold`: expected" in ran.stderr) == (2, True), ran.output
    assert not (program.work / "log").exists()


def test_the_variable_counts_in_a_terminal_only(program: Program) -> None:
    """A job does not wait for a person because of a variable; a window with it can be attached to."""
    ran = program.run_page(PAGE, *HELD[1:], env={"RUNBOOK_EXEC_HOLD": "60s"})
    assert (ran.status, ran.output.count("ship it?")) == (3, 1), ran.output
    variables = {**program.environment(), "RUNBOOK_EXEC_HOLD": "60s"}
    words = [*COMMAND, "page.md", "--no-config", "--id", "window"]
    with open_screen(words, program.work, variables) as screen:
        screen.wait("a new run")
        screen.type("n")
        screen.wait("kept=yes", "1 of 3")
        started = next(read_journal(next(program.runs.glob("*-window.jsonl"))))
        assert isinstance(started, RunStarted)
        assert started.socket
        screen.type("q")
        assert screen.wait_status() == 130


CONNECT = """
import os, socket, sys
os.setgid(65534); os.setuid(65534)
connection = socket.socket(socket.AF_UNIX)
try:
    connection.connect(sys.argv[1])
    connection.sendall(b"h\\x00\\x00\\x00\\x02{}")
    print("closed" if connection.recv(1) == b"" else "served")
except PermissionError:
    print("forbidden")
except ConnectionError:
    print("closed")
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("opened", [False, True])
def test_another_user_is_refused(program: Program, opened: bool) -> None:
    """The folder of the socket is the user's alone, and the server asks the system who connects."""
    with start(program, "60s"):
        wait_for_question(program, "confirm")
        started = program.read_events()[0]
        assert isinstance(started, RunStarted)
        folder = os.path.dirname(started.socket)  # noqa: PTH120
        assert os.stat(folder).st_mode & 0o777 == 0o700  # noqa: PTH116
        if opened:  # as if somebody had changed it
            os.chmod(folder, 0o755)  # noqa: PTH101, S103
            os.chmod(started.socket, 0o777)  # noqa: PTH101, S103
        ran = subprocess.run(
            [sys.executable, "-c", CONNECT, started.socket], capture_output=True, timeout=30, check=True
        )
        assert ran.stdout.decode().strip() == ("closed" if opened else "forbidden")
