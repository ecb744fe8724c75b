"""Single programs are interrupted, suspended and timed out at random, and the shell survives it.

Usage: .venv/bin/python -m tests.support.single_programs [--shell SHELL] [--seeds N] [--first SEED]

fish starts small programs without job control if nobody types. Each seed is a session in which some
statements are such programs and others are not. Signals come at random moments. It prints what went wrong,
and exits with 1 then. CI tries a few seeds (tests/session/test_single_programs.py).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from runbook_exec.engine.ports import Done
from runbook_exec.session.session import Session
from runbook_exec.system.signals import defer_interrupts
from tests.support.interrupting import run_statement

STATEMENTS = 8  # in each session
PATIENCE = 30.0  # seconds in which a program starts or ends, on a busy machine
LATEST = 0.12  # seconds after which the last signals come
STARTING = 0.006  # seconds in which a shell starts a program: half of all interrupts come then

# endless and brief statements, of which the first kind is small programs
SMALL_ENDLESS = (
    "sleep 60",
    "/bin/sleep 60",
    "command sleep 60",
    "tail -f /dev/null",
    "/usr/bin/tail -f /dev/null",
)
ENDLESS_NAMES = ("sleep", "tail")
SMALL_BRIEF = (
    ("/bin/true", 0, ""),
    ("/bin/false", 1, ""),
    ("cat /nowhere", 1, "cat: /nowhere: No such file or directory\n"),
    ("/bin/sleep 0.01", 0, ""),
    ("command true", 0, ""),
)
OTHER_ENDLESS = ("command sh -c 'while :; do sleep 1; done'", "sleep 60; sleep 60", "sleep 60 | cat")
OTHER_BRIEF = (("command sh -c 'exit 7'", 7, ""), ("true; true", 0, ""), ("echo a | cat", 0, "a\n"))

# what a shell prints about a job that was suspended, also in the middle of a line of the program
_NOTICE = re.compile(r"\n?(?:zsh: suspended|\[\d+\]).*\n")


@dataclass(slots=True)
class Trial:
    """One session with its random numbers; `wrong` has what went wrong."""

    shell: str
    seed: int
    draw: random.Random
    session: Session
    pid: int
    wrong: list[str]

    def run(self, code: str) -> tuple[Done | None, str]:
        """Run a statement to its end."""
        return run_statement(self.session, code)

    def expect(self, holds: bool, what: str) -> None:
        """Note what went wrong if it does not hold."""
        if not holds:
            self.wrong.append(f"{self.shell}, seed {self.seed}: {what}")


def list_children(pid: int) -> list[int]:
    """Return the processes that a shell has started and that still run."""
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def count_running(pid: int) -> int:
    """Return how many programs of a shell run, without those that it has not waited for yet."""
    states = []
    for child in list_children(pid):
        with contextlib.suppress(OSError):
            states.append(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0])
    return len([state for state in states if state != "Z"])


def wait_for_programs(trial: Trial) -> int:
    """Wait until only the background job runs; return how many programs run after at most 30 seconds."""
    until = time.monotonic() + PATIENCE  # a program that was suspended may need a moment to end
    while (left := count_running(trial.pid)) != 1 and time.monotonic() < until:
        time.sleep(0.01)
    return left


@contextlib.contextmanager
def send_later(trial: Trial, seconds: float, send: Callable[[list[int]], None]) -> Iterator[None]:
    """Call `send` with the programs of the shell, once so many seconds have passed."""
    before = set(list_children(trial.pid))
    timer = threading.Timer(seconds, lambda: send([c for c in list_children(trial.pid) if c not in before]))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def stop_and_continue(programs: list[int]) -> None:
    """Suspend programs for a moment, as `kill -STOP` does."""
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for program in programs:
            with contextlib.suppress(ProcessLookupError):
                os.kill(program, number)
        time.sleep(0.01)


def list_statuses(code: str) -> tuple[int, ...]:
    """Return the exit statuses of an endless statement after ^C.

    The last program of a pipeline may read the end of the first one before it receives the signal.
    """
    return (130, 0) if "|" in code else (130,)


def interrupt_endless(trial: Trial, code: str) -> None:
    """Interrupt a statement as ^C does."""
    latest = trial.draw.choice((STARTING, LATEST))
    signal.setitimer(signal.ITIMER_REAL, trial.draw.uniform(0.0005, latest))
    done, _ = trial.run(code)
    expected = done is not None and done.status in list_statuses(code) and done.interrupted
    trial.expect(expected, f"^C in `{code}`: {done}")


def time_out_endless(trial: Trial, code: str) -> None:
    """Let a statement run into its timeout."""
    done = None
    for item in trial.session.run(code.encode(), trial.draw.uniform(0.001, LATEST)):
        done = item if isinstance(item, Done) else done
    expected = done is not None and done.status in list_statuses(code) and done.timed_out
    trial.expect(expected, f"timeout of `{code}`: {done}")


def kill_small(trial: Trial, code: str) -> None:
    """Have another program end a statement's program with a signal."""
    number = trial.draw.choice((signal.SIGTERM, signal.SIGKILL))
    before = list_children(trial.pid)

    def send(_: list[int]) -> None:
        for program in wait_for_start(trial, before):
            os.kill(program, number)

    with send_later(trial, 0, send):
        done = None
        for item in trial.session.run(code.encode(), PATIENCE):
            done = item if isinstance(item, Done) else done
    trial.expect(done is not None and done.status == 128 + number, f"signal {number} in `{code}`: {done}")


def wait_for_start(trial: Trial, before: list[int]) -> list[int]:
    """Wait until the shell has started a program, and return its number; [] if it does not."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for child in list_children(trial.pid):
            with contextlib.suppress(OSError):
                if child not in before and Path(f"/proc/{child}/comm").read_text().strip() in ENDLESS_NAMES:
                    return [child]
        time.sleep(0.005)
    return []


def run_brief(trial: Trial, code: str, status: int, prints: str) -> None:
    """Run a statement that ends by itself, and suspend a small program for a moment if that is drawn."""
    if trial.draw.random() < 0.5 or (code, status, prints) in OTHER_BRIEF:
        done, printed = trial.run(code)
        expected = done is not None and (done.status, printed) == (status, prints)
        trial.expect(expected, f"`{code}`: {printed!r}, {done}")
        return
    with send_later(trial, trial.draw.uniform(0, 0.02), stop_and_continue):
        done, printed = trial.run(code)
    trial.expect(wait_for_programs(trial) == 1, f"`{code}` was suspended, and did not end")
    # a shell may report the stop and go on, and the program prints later
    _, late = trial.run("true")
    statuses = (status, 0, 128 + signal.SIGSTOP)
    once = not prints or _NOTICE.sub("", printed + late).count(prints.rstrip()) == 1
    expected = done is not None and done.status in statuses and once
    trial.expect(expected, f"`{code}`, suspended: {printed!r}, then {late!r}, {done}")


def run_drawn(trial: Trial) -> None:
    """Run one statement that is drawn, with what happens to it."""
    draw = trial.draw
    small = draw.random() < 0.75
    if draw.random() < 0.4:
        run_brief(trial, *draw.choice(SMALL_BRIEF if small else OTHER_BRIEF))
        return
    code = draw.choice(SMALL_ENDLESS if small else OTHER_ENDLESS)
    ways = (interrupt_endless, time_out_endless, *((kill_small,) if small else ()))
    draw.choice(ways)(trial, code)


def check_shell(trial: Trial, number: int) -> None:
    """Check that the shell has kept its variables, its terminal and its background job, and nothing else."""
    done, printed = trial.run("echo $kept")
    trial.expect(
        done is not None and done.status == 0 and printed.endswith("kept\n"),
        f"after statement {number}: {printed[-200:]!r}, {done}",
    )
    left = wait_for_programs(trial)
    trial.expect(left == 1, f"after statement {number}: {left} programs run instead of 1")
    done, printed = trial.run("command sh -c 'ps -o tpgid= -p $$; ps -o pgid= -p $$'")
    trial.expect(
        len(set(printed.split()[-2:])) == 1, f"after statement {number}: the terminal is lost: {printed!r}"
    )


def try_seed(shell: str, seed: int) -> list[str]:
    """Return what went wrong in the session of a seed."""
    draw = random.Random(seed)  # noqa: S311
    with (
        tempfile.TemporaryDirectory() as folder,
        Session(shell, clean=True, cwd=folder) as session,
        defer_interrupts(),  # as in a run
    ):
        for _ in session.start():
            pass
        _, pid = run_statement(session, "echo $fish_pid" if shell == "fish" else "echo $$")
        trial = Trial(shell, seed, draw, session, int(pid), [])
        trial.run("set -g kept kept" if shell == "fish" else "kept=kept")
        trial.run("sleep 600 &")
        for number in range(1, STATEMENTS + 1):
            run_drawn(trial)
            check_shell(trial, number)
            if trial.wrong:
                break
        return trial.wrong


def main() -> int:
    """Try the seeds, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shell", default="fish")
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    handle_signals()
    wrong: list[str] = []
    for seed in range(given.first, given.first + given.seeds):
        for line in try_seed(given.shell, seed):
            print(line, flush=True)
            wrong.append(line)
    print(f"{given.seeds} seeds, {len(wrong)} wrong")
    return int(bool(wrong))


def handle_signals() -> None:
    """Make an alarm interrupt this process as ^C does."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))


if __name__ == "__main__":
    sys.exit(main())
