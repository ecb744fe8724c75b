"""A run may die anywhere, and its page may be edited in any way: a sample of the matrix of edits.

CONTRIBUTING describes the whole matrix.
"""

from __future__ import annotations

import pytest

from tests.support.edit_matrix import run_try
from tests.support.program import Program


@pytest.mark.parametrize("seed", range(8))
def test_no_edit_loses_or_repeats_a_statement(program: Program, seed: int) -> None:
    """Each statement of the page ran, or a person decided on it; none ran twice by itself."""
    assert run_try(program, seed) == ""
