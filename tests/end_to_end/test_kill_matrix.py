"""A run may die at any instant, on either side: a sample of the kill matrix, which CONTRIBUTING tells of."""

from __future__ import annotations

import pytest

from tests.support import kill_matrix
from tests.support.program import Program

SAMPLE = 4  # points of each row


@pytest.mark.parametrize("number", range(9))
def test_death_at_any_moment_loses_and_repeats_nothing(program: Program, number: int) -> None:
    """After it each effect is there once, or the run is in doubt about the one statement in flight."""
    row, points = list(kill_matrix.make_rows(program, SAMPLE))[number]
    sample = [points[(2 * each + 1) * len(points) // (2 * SAMPLE)] for each in range(SAMPLE)]
    kill_matrix.try_all(program, row, sample)
    assert row.wrong == []
    assert row.points == SAMPLE
