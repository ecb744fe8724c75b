"""A run that sets up its shell, and its resumption, may die at any moment: a sample of the state matrix."""

from __future__ import annotations

import pytest

from tests.support import state_matrix
from tests.support.program import Program
from tests.support.shells import SHELLS

SAMPLE = 2  # deaths of a run for each shell


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_has_its_state_again_after_two_deaths(shell: str, program: Program) -> None:
    """Variables, options, limits, folder, traps and functions are as in a run that did not die."""
    assert state_matrix.try_shell(program, shell, SAMPLE) == []
