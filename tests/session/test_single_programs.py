"""Single programs end as they should after random signals, and their shell lives on."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.paths import REPOSITORY


@pytest.mark.skipif(sys.platform == "darwin", reason="every program is a job there")
def test_random_signals_end_programs_and_spare_the_shell() -> None:
    """^C, timeouts, kills and stops at random moments leave variables, terminal and background jobs alone."""
    words = [sys.executable, "-m", "tests.support.single_programs", "--seeds", "8"]
    ran = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, timeout=240, check=False)
    assert (ran.returncode, ran.stdout) == (0, "8 seeds, 0 wrong\n")
