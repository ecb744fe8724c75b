"""Gives tests another machine, and a folder that both machines see."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.far_host import FarHosts, open_hosts
from tests.support.pythons import VERSIONS, find_python

# All tests of a session run with each of these; the archive is tried with every version in any case.
PYTHONS = os.environ.get("RUNBOOK_EXEC_FAR_PYTHONS", VERSIONS[0]).split(",")


@pytest.fixture(scope="session", params=PYTHONS)
def python_there(request: pytest.FixtureRequest) -> str:
    """The folder of the Python that the other host has."""
    return str(find_python(request.param))


@pytest.fixture(scope="session")
def all_hosts(python_there: str) -> Iterator[FarHosts]:
    """Another machine with this Python, for all tests that need one."""
    folder = Path(tempfile.mkdtemp(prefix="far-", dir="/var/tmp"))
    path = f"{python_there}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    try:
        with open_hosts(folder / "hosts", "web1", settings=f"SetEnv PATH={path}") as hosts:
            yield hosts
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def hosts(all_hosts: FarHosts, monkeypatch: pytest.MonkeyPatch) -> FarHosts:
    """Another machine, which `ssh root@web1` reaches."""
    monkeypatch.setenv("PATH", all_hosts.environment["PATH"])
    return all_hosts


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder that both machines see: /tmp is another on each."""
    folder = Path(tempfile.mkdtemp(prefix="far-test-", dir="/var/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
