"""A run or its shell may die at any moment: a sample of the kill matrix.

CONTRIBUTING describes the whole matrix.
"""

from __future__ import annotations

import pytest

from tests.support import kill_matrix
from tests.support.program import Program

SAMPLE = 4  # points in each row


@pytest.mark.parametrize("number", range(9))
def test_death_at_any_moment_loses_and_repeats_nothing(program: Program, number: int) -> None:
    """Each effect exists once, or the run is in doubt about the one statement in flight."""
    row, points = list(kill_matrix.make_rows(program, SAMPLE))[number]
    sample = [points[(2 * each + 1) * len(points) // (2 * SAMPLE)] for each in range(SAMPLE)]
    kill_matrix.try_all(program, row, sample)
    assert row.wrong == []
    assert row.points == SAMPLE
