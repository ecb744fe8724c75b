"""Single programs end as they should after random signals, and their shell lives on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runbook_exec.engine.ports import Done, OutputChunk
from runbook_exec.system.signals import defer_interrupts
from tests.support.live_session import GENEROUS, open_session
from tests.support.paths import REPOSITORY


@pytest.mark.skipif(sys.platform == "darwin", reason="every program is a job there")
def test_random_signals_end_programs_and_spare_the_shell() -> None:
    """^C, timeouts, kills and stops at random moments leave variables, terminal and background jobs alone."""
    words = [sys.executable, "-m", "tests.support.single_programs", "--seeds", "8"]
    ran = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, timeout=240, check=False)
    assert (ran.returncode, ran.stdout) == (0, "8 seeds, 0 wrong\n")


# Starts a program as a shell does, and takes an interrupt just before the copy of itself is that program.
STARTER = """
import os, signal, time
came = []
signal.signal(signal.SIGINT, lambda *_: came.append(1))
if not os.fork():
    print("ready", flush=True)
    while not came:
        time.sleep(0.01)
    time.sleep(0.5)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execvp("sleep", ["sleep", "600"])
raise SystemExit(128 + os.WTERMSIG(os.wait()[1]))
"""


@pytest.mark.skipif(sys.platform == "darwin", reason="the system does not show what a process is a copy of")
def test_an_interrupt_ends_a_program_that_is_just_being_started(tmp_path: Path) -> None:
    """bash takes ^C for itself between its fork and the start of the program, and the program is ended."""
    (tmp_path / "start.py").write_text(STARTER)
    with open_session("bash", tmp_path) as session, defer_interrupts():
        for item in session.run(f"{sys.executable} start.py".encode(), GENEROUS):
            if isinstance(item, OutputChunk):
                signal.raise_signal(signal.SIGINT)
        assert isinstance(item, Done)
        assert (item.status, item.interrupted, item.timed_out) == (130, True, False)
