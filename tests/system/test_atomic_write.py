"""Files written whole or not at all."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook_exec.system.atomic_write import create_file, replace_file


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file can be longer than 100 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def mode_of(path: Path) -> int:
    """The permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path, durable: bool) -> None:
    """The content is new, the mode is not, and nothing else is in the folder."""
    path = tmp_path / ("名" * 80)
    path.write_text("old")
    path.chmod(0o640)
    replace_file(path, b"new" * 100_000, durable=durable)
    assert path.read_bytes() == b"new" * 100_000
    assert mode_of(path) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_the_mode_of_the_umask(tmp_path: Path) -> None:
    """Unless a mode is given, which the umask does not change."""
    before = os.umask(0o027)
    try:
        replace_file(tmp_path / "one", b"")
        replace_file(tmp_path / "two", b"", 0o600)
        replace_file(tmp_path / "three", b"", 0o644)
    finally:
        os.umask(before)
    assert [mode_of(tmp_path / name) for name in ("one", "two", "three")] == [0o640, 0o600, 0o644]


def test_a_full_disk_changes_nothing(tmp_path: Path, full_disk: None) -> None:
    """The old content stays, a new file is not begun, and no temporary file is left."""
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(OSError, match="File too large"):
        replace_file(path, b"x" * 1000)
    with pytest.raises(OSError, match="File too large"):
        create_file(tmp_path / "new", b"x" * 1000)
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])


def test_an_interrupt_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """^C while the file is flushed ends the write, and the old content stays."""

    def interrupt(file: int) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "file"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace_file(path, b"new")
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])


def test_a_file_that_exists_is_not_created_again(tmp_path: Path) -> None:
    """It is left as it was."""
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(FileExistsError):
        create_file(path, b"new")
    assert path.read_text() == "old"
