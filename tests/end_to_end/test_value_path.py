"""The way of a value of `--set` through the program is short: few functions are given it."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.support.paths import REPOSITORY

MOST_CALLS, MOST_PACKAGES = 80, 12


def test_few_functions_are_given_a_value_before_the_shell_is() -> None:
    """From the command line to the shell, at most 80 calls in 12 packages take the value."""
    command = [sys.executable, "-m", "tests.support.trace_value", "--calls"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = re.search(r"^(\d+) calls in \d+ modules of (\d+) packages$", done.stdout, re.MULTILINE)
    assert found is not None, done.stdout
    calls, packages = int(found[1]), int(found[2])
    assert calls <= MOST_CALLS, done.stdout
    assert packages <= MOST_PACKAGES, done.stdout
