"""The folders of the project and of the tests' data."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = REPOSITORY / "tests" / "data"

REAL_SERVER = REPOSITORY / ".tools" / "temporal"  # built once a machine, in the background
