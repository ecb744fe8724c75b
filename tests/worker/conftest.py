"""Fixtures of the tests with a Temporal server."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support.legs import LegWorld
from tests.support.program import Program
from tests.support.team import Team, run_test_server


@pytest.fixture(scope="session")
def temporal_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of Temporal's test server, one for each process of the tests."""
    with run_test_server(tmp_path_factory.mktemp("temporal") / "log") as address:
        yield address


@pytest.fixture
def team(program: Program, temporal_server: str) -> Iterator[Team]:
    """Hosts without a worker yet, in a namespace of their own."""
    made = Team(program, temporal_server, f"test-{os.urandom(4).hex()}")
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def legs(program: Program, monkeypatch: pytest.MonkeyPatch) -> LegWorld:
    """A host without a server."""
    return LegWorld(program, monkeypatch)
