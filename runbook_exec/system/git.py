"""Finds the git commit that a document is from."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_PATIENCE = 2.0  # seconds; a run does not wait for a repository that is slow to answer


class Commit(NamedTuple):
    """A commit's id, or "", and whether the document differs from it or is not in it."""

    id: str = ""
    dirty: bool = False


def read_commit(document: Path) -> Commit:
    """Return the checked-out commit of the document's repository.

    It is empty outside of a repository or without git.
    """
    folder = document.absolute().parent
    if not in_repository(document):
        return Commit()
    command = ["git", "--no-optional-locks", "-C", str(folder), "status", "--porcelain=v2", "--branch"]
    command += ["--untracked-files=all", "--ignored=matching", "--", document.name]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return Commit()
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    found = next((line.split()[-1] for line in lines if line.startswith("# branch.oid ")), "")
    if found in ("", "(initial)"):
        return Commit()
    return Commit(found, any(not line.startswith("#") for line in lines))


def in_repository(document: Path) -> bool:
    """Return whether the document is below a folder that looks like a git repository."""
    return any((each / ".git").exists() for each in document.absolute().parents)


def list_git_files(folder: Path) -> Sequence[str] | None:
    """Return the files below a folder that git does not ignore; None without git or work tree."""
    command = ["git", "-C", str(folder), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "."]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        return None
    if done.returncode:
        return None
    names = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    start = os.path.join(folder, "")  # noqa: PTH118 - a thousand paths take their time
    # files that were deleted, but not in a commit yet, are listed too
    return [name for name in names if name and os.path.isfile(start + name)]  # noqa: PTH113
