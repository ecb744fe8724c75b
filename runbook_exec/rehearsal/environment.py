"""Sets up the folder of a rehearsal: its home, its working directory, and its PATH."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path

from ..errors import Refused, reason
from ..light_classes import dataclass
from ..system.people import expand_home
from ..system.temporary_folders import TemporaryFolder, remove_dead_folders
from .allowlist import HARMLESS
from .stand_in_script import format_script
from .transcript.model import Transcript

FOLDER_VARIABLE = "RUNBOOK_REHEARSAL"  # the environment variable with its path

_HOMES = {"CONFIG": ".config", "DATA": ".local/share", "STATE": ".local/state", "CACHE": ".cache"}


@dataclass(frozen=True, slots=True)
class RehearsalEnvironment:
    """The folders of a rehearsal, and the programs on its PATH."""

    folder: Path
    stand_ins: Mapping[str, str]  # paths of executables written as stand-ins, by name
    programs: Mapping[str, str]  # paths of real programs that a transcript names, by name
    answered_programs: frozenset[str]  # programs that the transcript itself answers

    @property
    def work(self) -> Path:
        """Return the working directory."""
        return self.folder / "work"

    @property
    def calls(self) -> Path:
        """Return the folder for the messages of stand-ins."""
        return self.folder / "calls"

    @property
    def bin(self) -> Path:
        """Return the only folder on PATH."""
        return self.folder / "bin"

    def shell_variables(self, shell: str, more: Mapping[str, str]) -> dict[str, str]:
        """Return the whole environment of a rehearsed shell."""
        home = self.folder / "home"
        name = os.environ.get("USER") or "operator"
        variables = {
            "PATH": str(self.bin),
            "HOME": str(home),
            "PWD": str(self.work),
            "TMPDIR": str(self.folder / "tmp"),
            "TERM": "dumb",
            "LANG": "C.UTF-8",
            "USER": name,
            "LOGNAME": name,
            "SHELL": shutil.which(shell) or shell,
            FOLDER_VARIABLE: str(self.folder),
        }
        variables |= {f"XDG_{what}_HOME": str(home / where) for what, where in _HOMES.items()}
        return {**variables, **more}


@contextmanager
def prepare_environment(
    transcript: Transcript, programs: Collection[str] = (), stand_ins: Path | None = None
) -> Iterator[RehearsalEnvironment]:
    """Set up the folder of a rehearsal, and remove it at the end.

    `programs` are let through in addition to the harmless ones; `stand_ins` is a folder of executables that
    replaces the one in the transcript. Raises Refused.
    """
    _remove_dead_folders_once()
    with make_search_folder("rehearsal") as name:
        folder = Path(name)
        home = folder / "home"
        for name in ("work", "tmp", "state", "calls", "bin", "shell"):
            (folder / name).mkdir()
        # without generated completions, fish reads every manual page of the machine to make some
        (home / _HOMES["DATA"] / "fish" / "generated_completions").mkdir(parents=True)
        for where in _HOMES.values():
            (home / where).mkdir(parents=True, exist_ok=True)
        beside = Path(transcript.path).parent
        if transcript.settings.files:
            _copy_files(beside / transcript.settings.files, folder / "work")
        yield _fill_folder(folder, transcript, programs, stand_ins)


@cache  # for many pages, once is enough
def _remove_dead_folders_once() -> None:
    remove_dead_folders()


def make_search_folder(kind: str) -> TemporaryFolder:
    """Return a temporary folder in which a folder of `PATH` can be. Raises Refused."""
    try:
        folder = TemporaryFolder(kind)
    except OSError as error:
        raise Refused(f"cannot make a temporary folder: {reason(error)}; name another in $TMPDIR") from None
    if ":" in folder.path:
        folder.remove()
        raise Refused(f"`{folder.path}` cannot be on PATH, because of its `:`; name another in $TMPDIR")
    return folder


def _copy_files(source: Path, target: Path) -> None:
    try:
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)
        raise Refused(f"cannot copy `files: {source}`: {reason}") from None


def _fill_folder(
    folder: Path, transcript: Transcript, more: Collection[str], stand_ins: Path | None
) -> RehearsalEnvironment:
    settings = transcript.settings
    beside = Path(transcript.path).parent.absolute()
    stand_in_paths = _find_stand_ins(
        stand_ins or (beside / settings.stand_ins if settings.stand_ins else None)
    )
    named = {call.program for call in transcript.calls} - {""}
    real = {
        name: _find_program(name, path, beside)
        for name, path in settings.programs.items()
        if name not in stand_in_paths
    }
    environment = RehearsalEnvironment(
        folder,
        stand_in_paths,
        {name: path for name, path in real.items() if name in named},
        frozenset(named - stand_in_paths.keys() - real.keys()),
    )
    script = folder / "stand-in"
    script.write_text(format_script(environment.calls), encoding="utf-8", errors="surrogateescape")
    script.chmod(0o700)
    for name in (*environment.stand_ins, *environment.programs, *environment.answered_programs):
        if "/" in name or name in (".", "..") or "\0" in name:
            raise Refused(f"expected the name of a program on PATH, got `{name}`")
        (environment.bin / name).symlink_to(script)
    for name, path in real.items():
        if name not in named:
            (environment.bin / name).symlink_to(path)
    linked = set(os.listdir(environment.bin))  # noqa: PTH208
    for name in dict.fromkeys((*HARMLESS, *more)):
        found = _find_let_through(name, os.environ.get("PATH"))
        if found and name not in linked:
            os.symlink(found, f"{environment.bin}/{name}")  # noqa: PTH211 - a hundred for each page
    return environment


@lru_cache(maxsize=1024)  # for many pages, the same programs
def _find_let_through(name: str, path: str | None) -> str:
    """Return the path of a program that is let through, "" if `path` has none of that name."""
    found = shutil.which(name, path=path)
    return os.path.abspath(found) if found else ""  # noqa: PTH100 - a link may be what counts


def _find_stand_ins(folder: Path | None) -> dict[str, str]:
    if folder is None:
        return {}
    try:
        return {
            path.name: str(path.absolute())
            for path in sorted(folder.iterdir())
            if path.is_file() and os.access(path, os.X_OK)
        }
    except OSError as error:
        raise Refused(f"cannot read `stand-ins: {folder}`: {reason(error)}") from None


def _find_program(name: str, path: str, beside: Path) -> str:
    found = shutil.which(name) if not path else shutil.which(str(beside / expand_home(path)))
    if found is None:
        where = f"at `{beside / path}`" if path else "on PATH"
        raise Refused(f"expected the program `{name}` {where}, found none")
    return os.path.abspath(found)  # noqa: PTH100 - a link may be what counts
