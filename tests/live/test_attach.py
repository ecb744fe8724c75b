"""A second terminal attaches to a run: it watches, takes over, answers and types, and outlives the first."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from runbook_exec.engine.events import Answered, RunEnded, RunStarted
from runbook_exec.journal.journal import read_journal
from tests.support.program import COMMAND, Program
from tests.support.screen import ENTER, Screen, open_screen

PAGE = """# Page

## Procedure

### 1. Begin

```bash
kept=yes && echo begin >>log
```

### 2. Ask

```bash
read -p "code? " code && echo "code $code" >>log
```

### 3. End

```bash
echo "end $kept" >>log
```
"""

ATTACH_KEY = "\x1d"  # ^]

OpenScreen = Callable[..., Screen]


@pytest.fixture
def open_window(program: Program) -> Iterator[OpenScreen]:
    """Open windows that run the program; the run and the windows are ended with the test."""
    program.write("page.md", PAGE)
    with ExitStack() as stack:
        yield lambda *words: stack.enter_context(
            open_screen([*COMMAND, *words], program.work, program.environment(), columns=100)
        )
        for path in program.runs.glob("*.jsonl"):
            events = list(read_journal(path))
            if not isinstance(events[-1], RunEnded):
                assert isinstance(events[0], RunStarted)
                os.kill(events[0].pid, signal.SIGKILL)


def start_run(open_window: OpenScreen) -> Screen:
    """Start the run by hand, in a window of its own."""
    first = open_window("page.md", "--no-config", "--hold", "60s", "--id", "shift")
    first.wait("echo begin", "1 of 3")
    return first


def read_log(program: Program) -> list[str]:
    """Return the lines that the statements have written."""
    path = program.work / "log"
    return path.read_text().splitlines() if path.exists() else []


def wait_for_log(program: Program, *lines: str) -> None:
    """Wait until the statements have written these lines."""
    until = time.monotonic() + 30
    while read_log(program) != list(lines):
        assert time.monotonic() < until, read_log(program)
        time.sleep(0.05)


def test_a_run_with_hold_looks_like_any_other_in_its_window(
    program: Program, open_window: OpenScreen
) -> None:
    """Keys, programs that ask, the end and the exit status are those of a guided run."""
    first = start_run(open_window)
    first.type(ENTER)
    first.wait("2 of 3")
    first.type(ENTER)
    first.wait_last("code?")
    first.type("4711", ENTER)
    first.wait("3 of 3")
    first.type(ENTER)
    first.wait("Done.")
    assert first.wait_status() == 0
    assert read_log(program) == ["begin", "code 4711", "end yes"]


def test_the_run_goes_on_when_its_window_is_killed(program: Program, open_window: OpenScreen) -> None:
    """After kill -9 of the first window, a second one sees the question, answers it and types."""
    first = start_run(open_window)
    first.type(ENTER)
    first.wait("2 of 3")
    first.child.kill(signal.SIGKILL)
    second = open_window("attach", "shift", "--by", "bob")
    second.wait("2 of 3")
    second.type(ENTER)
    second.wait_last("code?")
    second.type("0815", ENTER)
    second.wait("3 of 3")
    second.type(ENTER)
    second.wait("Done.")
    assert second.wait_status() == 0
    assert read_log(program) == ["begin", "code 0815", "end yes"]
    by = [e.by for e in program.read_events() if isinstance(e, Answered) and e.question == "run"]
    assert [each.startswith("bob via ") for each in by] == [False, True, True]
    assert "/dev/" in by[0]


def test_taking_over_asks_the_holder(program: Program, open_window: OpenScreen) -> None:
    """Until the holder agrees, keys of the second window do nothing; afterwards those of the first."""
    first = start_run(open_window)
    second = open_window("attach", "--by", "alice")
    second.wait("has the keys and is asked for them")
    first.wait("asks for the keys")
    second.type(ENTER)
    first.type(ATTACH_KEY, "n")
    first.wait_until(lambda shown: "asks for the keys" not in shown, "no request any more")
    second.wait("keeps the keys; you watch")
    assert read_log(program) == []
    second.type(ATTACH_KEY, "t")
    second.wait("has the keys and is asked for them")
    first.wait("asks for the keys")
    first.type(ATTACH_KEY, "y")
    second.wait("you have the keys")
    first.wait("alice via", "has the keys; you watch")
    first.type(ENTER)
    second.type(ENTER)
    second.wait("2 of 3")
    second.type(ATTACH_KEY, "h")
    first.type(ATTACH_KEY, "t")
    first.wait("you have the keys")
    first.type(ENTER)
    first.wait_last("code?")
    first.type("1", ENTER)
    wait_for_log(program, "begin", "code 1")


def test_a_watcher_sees_everything_and_types_nothing(program: Program, open_window: OpenScreen) -> None:
    """It never gets the keys, also not when the holder leaves, and leaving it does not end the run."""
    first = start_run(open_window)
    watcher = open_window("attach", "shift", "--watch")
    watcher.wait("has the keys; you watch", "1 of 3")
    watcher.type(ENTER, ATTACH_KEY, "t", ENTER)
    first.type(ENTER)
    watcher.wait("2 of 3")
    first.type(ATTACH_KEY, "d")
    assert first.wait_status() == 3
    watcher.wait("no terminal has the keys; you watch")
    watcher.type(ENTER, ATTACH_KEY, "d")
    assert watcher.wait_status() == 0
    assert read_log(program) == ["begin"]


def test_no_output_is_lost_in_a_slow_window(program: Program, open_window: OpenScreen) -> None:
    """The run waits for a terminal that shows its output more slowly, as without `--hold`."""
    program.write("page.md", "# Page\n\n## Steps\n\n```bash\nseq 100000\n```\n")
    first = open_window("page.md", "--no-config", "--hold", "60s", "--yes", "--trust")
    data, until = b"", time.monotonic() + 60
    while b"report" not in data[-4000:]:
        assert time.monotonic() < until
        data += os.read(first.child.child_fd, 4096)
    numbers = [int(line) for line in data.replace(b"\r", b"").split(b"\n") if line.isdigit()]
    assert numbers == list(range(1, 100001))


def test_only_a_run_with_hold_can_be_attached_to(program: Program, open_window: OpenScreen) -> None:
    """The message says why, and what to do instead."""
    plain = open_window("page.md", "--no-config", "--id", "plain")
    plain.wait("1 of 3")
    window = open_window("attach", "plain")
    window.wait("cannot attach to run plain: it was started without `--hold`")
    assert window.wait_status() == 2
    window = open_window("attach")
    window.wait("no run with `--hold` is in progress")
    assert program.run("attach").status == 2


def test_a_watcher_sees_the_screen_without_what_was_erased(open_window: OpenScreen) -> None:
    """The keys of a question were drawn again, and the first picture has them once, above the cursor."""
    first = start_run(open_window)
    for shown in ("run this statement in", "step 1 of 3"):
        first.type("?")
        first.wait(shown)
    first.wait_until(lambda text: "run this statement in" not in text, "no explanation of the keys")
    second = open_window("attach", "shift", "--watch")
    text = second.wait("step 1 of 3", "you watch")
    assert text.count("enter run") == text.count("step 1 of 3") == 1
    assert "run this statement in" not in text
    first.type(ENTER)
    second.wait("2 of 3")
    assert second.text().count("echo begin") == 2  # before it ran, and its result
