"""Gives tests another machine, and a folder that both machines see."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.far_host import FarHosts, open_hosts

PYTHONS = {
    version: next(iter(sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin"))), None)
    for version in ("3.9", "3.10", "3.13")
}


@pytest.fixture(scope="session", params=sorted(PYTHONS))
def python_there(request: pytest.FixtureRequest) -> str:
    """The folder of the Python that the other host has."""
    folder = PYTHONS[request.param]
    assert folder, f"Python {request.param} is missing; `pyenv install {request.param}` installs it"
    return str(folder)


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
