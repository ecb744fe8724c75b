"""What a system has no means for is left out, and what only it needs is done there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runbook_exec.rehearsal.sandbox import Sandbox
from runbook_exec.system.atomic_write import sync_data, sync_file
from runbook_exec.system.processes import open_end_descriptor

_MACOS_FULL_SYNC = 51  # F_FULLFSYNC, which Linux does not know

only_macos = pytest.mark.skipif(sys.platform != "darwin", reason="only macOS has a flush beyond fsync")


def test_a_file_system_without_a_full_flush_is_flushed_as_far_as_it_can(tmp_path: Path) -> None:
    """The error of the unknown command is no failure; that of a closed file is."""
    file = os.open(tmp_path / "file", os.O_CREAT | os.O_WRONLY)
    os.write(file, b"data")
    sync_file(file, _MACOS_FULL_SYNC)
    sync_data(file)
    os.close(file)
    with pytest.raises(OSError, match="Bad file descriptor"):
        sync_file(file, _MACOS_FULL_SYNC)


@only_macos
def test_macos_flushes_the_cache_of_the_disk(tmp_path: Path) -> None:
    """The default command is F_FULLFSYNC, and the disk takes it."""
    assert sync_file.__defaults__ == (_MACOS_FULL_SYNC,)
    with (tmp_path / "file").open("wb") as file:
        file.write(b"data")
        file.flush()
        sync_file(file.fileno())


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no descriptor of a process")
def test_the_end_of_a_process_can_be_polled() -> None:
    """The descriptor of a running process is valid."""
    with subprocess.Popen(["sleep", "60"]) as child:
        descriptor = open_end_descriptor(child.pid)
        child.kill()
    assert descriptor >= 0
    os.close(descriptor)


@pytest.mark.skipif(sys.platform == "linux", reason="Linux has namespaces")
def test_a_rehearsal_without_namespaces_has_the_reason(tmp_path: Path) -> None:
    """It is said, and not hidden, that the page reaches the network and other files."""
    with Sandbox(tmp_path) as sandbox:
        assert sandbox.why == "only Linux has namespaces"
