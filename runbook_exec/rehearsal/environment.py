"""The folder that a rehearsal happens in: its home, its working folder, and all that stands on its PATH."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import Refused
from .allowlist import HARMLESS
from .stand_in_script import format_script
from .transcript.model import Transcript

FOLDER_VARIABLE = "RUNBOOK_REHEARSAL"  # the variable that tells it

_HOMES = {"CONFIG": ".config", "DATA": ".local/share", "STATE": ".local/state", "CACHE": ".cache"}


@dataclass(frozen=True, slots=True)
class RehearsalEnvironment:
    """Where everything of a rehearsal is, and which programs are which."""

    folder: Path
    stand_ins: Mapping[str, str]  # executables that colleagues wrote, by name
    programs: Mapping[str, str]  # real programs that a transcript names, by name
    answered_programs: frozenset[str]  # programs that the transcript itself answers

    @property
    def work(self) -> Path:
        """The working folder."""
        return self.folder / "work"

    @property
    def calls(self) -> Path:
        """Where calls are told."""
        return self.folder / "calls"

    @property
    def bin(self) -> Path:
        """The whole PATH."""
        return self.folder / "bin"

    def shell_variables(self, shell: str, more: Mapping[str, str]) -> dict[str, str]:
        """All variables that a rehearsed shell gets."""
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

    `programs` are let through beside those that are harmless; `stand_ins` is a folder of executables instead
    of the one that the transcript names. Raises Refused.
    """
    # fish and others say where they are by its real path
    folder = Path(tempfile.mkdtemp(prefix="runbook-rehearsal-")).resolve()
    try:
        home = folder / "home"
        for name in ("work", "tmp", "state", "calls", "bin", "shell"):
            (folder / name).mkdir()
        # where fish finds no generated completions, it reads every manual page of the machine to make some
        (home / _HOMES["DATA"] / "fish" / "generated_completions").mkdir(parents=True)
        for where in _HOMES.values():
            (home / where).mkdir(parents=True, exist_ok=True)
        beside = Path(transcript.path).parent
        if transcript.settings.files:
            _copy_files(beside / transcript.settings.files, folder / "work")
        yield _fill_folder(folder, transcript, programs, stand_ins)
    finally:
        _remove_folder(folder)


def _remove_folder(folder: Path) -> None:
    """Remove the folder, with folders in it that a rehearsal has made read-only."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for inside, _, _ in os.walk(folder):
            os.chmod(inside, 0o700)  # noqa: PTH101
        shutil.rmtree(folder, ignore_errors=True)


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
    written = _find_stand_ins(stand_ins or (beside / settings.stand_ins if settings.stand_ins else None))
    named = {call.program for call in transcript.calls} - {""}
    real = {
        name: _find_program(name, path, beside)
        for name, path in settings.programs.items()
        if name not in written
    }
    stage = RehearsalEnvironment(
        folder,
        written,
        {name: path for name, path in real.items() if name in named},
        frozenset(named - written.keys() - real.keys()),
    )
    text = format_script(stage.calls)
    one = folder / "stand-in"
    one.write_text(text, encoding="utf-8")
    one.chmod(0o700)
    for name in (*stage.stand_ins, *stage.programs, *stage.answered_programs):
        if "/" in name or name in (".", "..") or "\0" in name:
            raise Refused(f"expected the name of a program on PATH, got `{name}`")
        (stage.bin / name).symlink_to(one)
    for name, path in real.items():
        if name not in named:
            (stage.bin / name).symlink_to(path)
    for name in (*HARMLESS, *more):
        found = shutil.which(name)
        if found and not (stage.bin / name).is_symlink():
            (stage.bin / name).symlink_to(os.path.abspath(found))  # noqa: PTH100 - a link may be what counts
    return stage


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
        reason = (error.strerror or str(error)).lower()
        raise Refused(f"cannot read `stand-ins: {folder}`: {reason}") from None


def _find_program(name: str, path: str, beside: Path) -> str:
    found = shutil.which(name) if not path else shutil.which(str(beside / Path(path).expanduser()))
    if found is None:
        where = f"at `{beside / path}`" if path else "on PATH"
        raise Refused(f"expected the program `{name}` {where}, found none")
    return os.path.abspath(found)  # noqa: PTH100 - a link may be what counts
