"""Asks git about a checkout, and runs nothing that the checkout holds.

A checkout may come from somebody else, with its `.git/config` and `.gitattributes`. These can name programs:
hooks, a file system monitor, filters, external diffs, pagers, helpers for passwords and for the network.
`make_command` and `make_environment` switch them off.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..light_classes import NamedTuple
from .regular_file import read_regular_file

_PATIENCE = 2.0  # seconds; a run does not wait for a repository that is slow to answer

_OFF = (
    "core.fsmonitor=",  # not `false`, which older versions take for the name of a program
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.sshCommand=false",
    "core.askPass=false",
    "core.gitProxy=false",
    "core.editor=false",
    "credential.helper=",
    "diff.ignoreSubmodules=all",
    "gc.auto=0",
    "log.showSignature=false",
    "maintenance.auto=false",
    "protocol.allow=never",
    "safe.bareRepository=explicit",  # a folder of a checkout may look like a repository
    "submodule.recurse=false",
)

_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",  # what a partial clone lacks is not fetched
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
}

# The variables of git that a user has set for every repository. Others, such as GIT_DIR, are for the one that
# a hook is about.
_KEPT = (
    "GIT_CONFIG_",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_EXEC_PATH",
)

_NO_FILTER = (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))


class Commit(NamedTuple):
    """A commit's id, or "", and whether the document differs from it or is not in it."""

    id: str = ""
    dirty: bool = False


def make_command(folder: Path, *words: str) -> list[str]:
    """Return the command that asks git about a folder."""
    settings = [word for setting in _OFF for word in ("-c", setting)]
    return ["git", "--no-pager", "--no-optional-locks", *settings, "-C", str(folder), *words]


def make_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for git: nothing about another repository, and no program of this folder."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("GIT_") or name.startswith(_KEPT)
    }
    folders = (each for each in environ.get("PATH", os.defpath).split(os.pathsep) if each.startswith("/"))
    return {**kept, **_ENVIRONMENT, "PATH": os.pathsep.join(folders)}


def run_git(
    folder: Path, *words: str, given: bytes = b"", patience: float | None = None, partly: bool = False
) -> bytes | None:
    """Return what git prints about a folder; None if it fails, is not installed or takes too long.

    `given` is its standard input; `patience` is in seconds. What it has printed before it failed is returned
    if it may be there `partly`. The command must not compare files of the work
    tree: for that see `make_environment_without_filters`.
    """
    import subprocess  # large, and most runs do not need it

    try:
        done = subprocess.run(
            make_command(folder, *words),
            input=given,
            capture_output=True,
            timeout=patience,
            env=make_environment(os.environ),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if partly or done.returncode == 0 else None


def make_environment_without_filters(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a command that compares files of the work tree: no filter runs.

    The filters of a repository are found by their names in its settings.
    """
    listed = os.fsdecode(
        run_git(folder, "config", "--null", "--name-only", "--get-regexp", r"^filter\.") or b""
    )
    names = sorted({name.rpartition(".")[0] for name in listed.split("\0") if name})
    off = [(f"{name}.{key}", value) for name in names for key, value in _NO_FILTER]
    environment = make_environment(environ)
    count = environment.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0
    for number, (key, value) in enumerate(off, first):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return {**environment, "GIT_CONFIG_COUNT": str(first + len(off))}


def read_commit(document: Path) -> Commit:
    """Return the checked-out commit of the document's repository.

    It is empty outside of a repository or without git.
    """
    real = Path(os.path.realpath(document))
    if not in_repository(real):
        return Commit()
    commit, blob = _read_ids(real)
    return Commit(commit, not _is_same(real, blob)) if commit else Commit()


def _read_ids(document: Path) -> tuple[str, str]:
    """Return the ids of the checked-out commit and of the document in it; "" for what does not exist.

    The index is not asked: it can call a file unchanged that is not (`assume-unchanged`, `skip-worktree`).
    """
    name = "" if "\n" in document.name else document.name
    told = run_git(
        document.parent,
        "cat-file",
        "--batch-check=%(objectname)",
        given=os.fsencode(f"HEAD\nHEAD:./{name}\n"),
        patience=_PATIENCE,
    )
    # what does not exist is answered with `NAME missing`
    lines = [line if line.isalnum() else "" for line in os.fsdecode(told or b"").split("\n")]
    return (lines[0], lines[1]) if len(lines) == 3 else ("", "")


def _is_same(document: Path, blob: str) -> bool:
    """Return whether a file has the content of a blob, apart from the line ends of a checkout."""
    if not blob:
        return False
    try:
        content = read_regular_file(document)
    except OSError:
        return False
    return blob in (_hash_blob(content, blob), _hash_blob(content.replace(b"\r\n", b"\n"), blob))


def _hash_blob(content: bytes, like: str) -> str:
    """Return the id that git gives to a content, with the algorithm of another id."""
    algorithm = "sha1" if len(like) == 40 else "sha256"
    from hashlib import new  # loads OpenSSL

    return new(algorithm, b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def in_repository(document: Path) -> bool:
    """Return whether the document is below a folder that looks like a git repository."""
    return any((each / ".git").exists() for each in document.absolute().parents)


def list_git_files(folder: Path) -> Sequence[str] | None:
    """Return the files below a folder that git does not ignore; None without git or work tree."""
    listed = run_git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard", ".")
    if listed is None:
        return None
    names = listed.decode("utf-8", "surrogateescape").split("\0")
    start = os.path.join(folder, "")  # noqa: PTH118 - a thousand paths take their time
    # files that were deleted, but not in a commit yet, are listed too
    return [name for name in names if name and os.path.isfile(start + name)]  # noqa: PTH113
