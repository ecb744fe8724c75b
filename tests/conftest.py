"""Fixtures that several files of tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from program import Program, prepared


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program with a home and a working directory of its own."""
    return prepared(tmp_path)
