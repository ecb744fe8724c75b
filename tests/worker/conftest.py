"""Fixtures of the tests with a Temporal server."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support.legs import LegWorld
from tests.support.program import Program
from tests.support.real_server import RealServer
from tests.support.team import Team, run_test_server


@pytest.fixture(scope="session")
def temporal_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of Temporal's test server, one for each process of the tests."""
    with run_test_server(tmp_path_factory.mktemp("temporal") / "log") as address:
        yield address


@pytest.fixture
def team(java_team: Team) -> Team:
    """Hosts without a worker yet; a file of tests can have them on either server."""
    return java_team


@pytest.fixture
def java_team(program: Program, temporal_server: str) -> Iterator[Team]:
    """Hosts without a worker yet, in a namespace of their own on the test server."""
    made = Team(program, temporal_server, f"test-{os.urandom(4).hex()}")
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def real_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """A real Temporal server, which a test may kill and start again."""
    server = RealServer(tmp_path_factory.mktemp("real"))
    yield server
    server.kill()


@pytest.fixture
def real_team(program: Program, real_server: RealServer) -> Iterator[Team]:
    """Hosts without a worker yet, with a real server."""
    made = Team(program, real_server.address, "default")
    try:
        yield made
    finally:
        made.end()


@pytest.fixture(params=["test", pytest.param("real", marks=pytest.mark.temporal_server)])
def either_team(request: pytest.FixtureRequest) -> Team:
    """Hosts without a worker yet, with either server."""
    made = request.getfixturevalue("java_team" if request.param == "test" else "real_team")
    assert isinstance(made, Team)
    return made


@pytest.fixture
def legs(program: Program, monkeypatch: pytest.MonkeyPatch) -> LegWorld:
    """A host without a server."""
    return LegWorld(program, monkeypatch)
