"""Decides which commands may run unseen.

They are the commands that were shown on this machine, or that are in a lock file.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..document.model import Annotation, Procedure, Runbook
from ..errors import Refused, reason
from ..plan.alternatives import describe_choices
from ..plan.builder import items_of
from ..plan.values import is_secret
from ..system.atomic_write import replace_file
from ..system.git import in_repository, read_commit

LOCK_FILE = "runbooks.lock"  # the name of the file, in the folder of its pages

TRUSTED_FOLDERS = "RUNBOOK_EXEC_TRUSTED"  # the variable with folders whose pages are all trusted

_HEAD = "# Commands that may run unattended; made by `runbook-exec trust --lock`.\n"

_NOTES = {
    "cwd": "in {}",
    "when": "only when {}",
    "choose": "the alternative {}",
    "allow_failure": "may fail",
    "retry": "tried {} times more",
    "confirm": "asks first",
    "setup": "again whenever the run is taken up",
}  # descriptions of annotations that change when, where or how often a statement runs


@dataclass(frozen=True, slots=True)
class TrustState:
    """The commands of one procedure, and those that were trusted before."""

    document: Path  # absolute, without symbolic links
    anchor: str
    commands: tuple[str, ...]
    before: tuple[str, ...] | None  # last trusted on this machine; None if never
    in_trusted_folder: bool  # below a folder that the operator trusts as a whole
    locked: bool
    lock: str = ""  # the reason why a lock file that names the procedure does not count

    @property
    def is_trusted(self) -> bool:
        """Return whether the procedure may run unseen."""
        return self.in_trusted_folder or self.locked or self.before == self.commands

    def lines_to_review(self) -> list[str]:
        """Return the lines to show before the procedure runs.

        They are its commands, or the difference to the commands trusted before.
        """
        if self.before is None:
            return list(self.commands)
        lines = difflib.unified_diff(
            self.before, self.commands, "as trusted before", "as it is now", n=2, lineterm=""
        )
        return list(lines)


def commands_of(runbook: Runbook, procedure: Procedure) -> tuple[str, ...]:
    """Return everything that decides what a procedure runs, as lines for a reader.

    Prose and step numbers are left out.
    """
    cwd = runbook.settings.cwd
    lines = _comment_lines(procedure.shell + (f", in {cwd}" if cwd else ""))
    for name, known in runbook.settings.inputs.items():
        if known.source:
            lines += _comment_lines(f"<{name}> from {known.source}")
        elif known.default is not None:
            told = "a default, not shown" if is_secret(name, known) else f"by default {known.default}"
            lines += _comment_lines(f"<{name}> {told}")
    noted = alternative = ""
    for item in items_of(procedure):
        if item.statement is None:
            continue
        if (belongs := describe_choices(item)) != alternative:
            alternative = belongs
            lines += _comment_lines(belongs or "with every choice")
        if (notes := _notes(item.annotation)) != noted:
            noted = notes
            lines += _comment_lines(notes or "as usual")
        first, *more = item.statement.text.split("\n")
        lines += [f"$ {first}", *(f"  {line}" for line in more)]
    return tuple(lines)


def _comment_lines(text: str) -> list[str]:
    return [f"# {line}" for line in text.split("\n")]


def _notes(annotation: Annotation) -> str:
    found = ((words, getattr(annotation, name)) for name, words in _NOTES.items())
    return ", ".join(words.format(value) for words, value in found if value not in (None, False, 0))


def read_trust(runbook: Runbook, procedure: Procedure, runs: Path, environ: Mapping[str, str]) -> TrustState:
    """Read which commands of a procedure are trusted.

    The trust records are beside `runs`, the folder of the journals.
    """
    document = Path(os.path.realpath(runbook.path))
    commands, anchor = commands_of(runbook, procedure), procedure.anchor
    before, free = (
        _read_trusted(_trust_file(document, anchor, runs)),
        _is_in_trusted_folder(document, environ.get(TRUSTED_FOLDERS, "")),
    )
    locked, why = False, ""
    if not free and before != commands:
        locked, why = _check_lock(document, anchor, commands)
    return TrustState(document, anchor, commands, before, free, locked, why)


def _is_in_trusted_folder(document: Path, folders: str) -> bool:
    named = (Path(folder).resolve() for folder in folders.split(os.pathsep) if folder.startswith("/"))
    return any(document.is_relative_to(folder) for folder in named)


def _trust_file(document: Path, anchor: str, runs: Path) -> Path:
    name = hashlib.sha256(f"{document}#{anchor}".encode("utf-8", "surrogateescape")).hexdigest()
    return runs.parent / "trusted" / f"{name[:32]}.json"


def _read_trusted(path: Path) -> tuple[str, ...] | None:
    try:
        return tuple(str(line) for line in json.loads(path.read_bytes())["commands"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def record_trust(known: TrustState, runs: Path) -> None:
    """Trust the present commands on this machine; raises Refused if that cannot be saved."""
    path = _trust_file(known.document, known.anchor, runs)
    told = {"document": str(known.document), "procedure": known.anchor, "commands": known.commands}
    try:
        for each in (runs.parent, path.parent):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, json.dumps(told, indent=1).encode(), 0o600)
    except OSError as error:
        raise Refused(f"cannot write down in `{path}` what is trusted: {reason(error)}") from error


def revoke_trust(known: TrustState, runs: Path) -> bool:
    """Remove the trust in a procedure, and return whether it was trusted; raises Refused."""
    path = _trust_file(known.document, known.anchor, runs)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Refused(f"cannot remove `{path}`: {reason(error)}") from error
    return True


# the lock file --------------------------------------------------------------------------------------------


def digest_commands(commands: Iterable[str]) -> str:
    """Return the digest of commands for a lock file."""
    return hashlib.sha256("\n".join(commands).encode("utf-8", "surrogateescape")).hexdigest()


def write_locks(known: Iterable[TrustState]) -> list[Path]:
    """Write the lock files beside the pages of procedures, and return their paths.

    Raises Refused.
    """
    by_folder: dict[Path, dict[str, str]] = {}
    for each in known:
        by_folder.setdefault(each.document.parent, {})[_lock_address(each.document, each.anchor)] = (
            digest_commands(each.commands)
        )
    written = []
    for folder, fresh in by_folder.items():
        path = folder / LOCK_FILE
        try:
            held = dict(_parse_lock(path.read_text("utf-8"))) if path.exists() else {}
            lines = (f"{value}  {address}\n" for address, value in sorted((held | fresh).items()))
            replace_file(path, (_HEAD + "".join(lines)).encode(), None if path.exists() else 0o644)
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"cannot write `{path}`: {reason(error)}") from error
        written.append(path)
    return written


def _check_lock(document: Path, anchor: str, commands: Iterable[str]) -> tuple[bool, str]:
    """Return whether the lock file beside a page has exactly these commands, or why not."""
    path = document.parent / LOCK_FILE
    try:
        held = dict(_parse_lock(path.read_text("utf-8"))).get(_lock_address(document, anchor))
        facts = path.stat()
    except (OSError, UnicodeDecodeError):
        return False, ""
    if held is None:
        return False, ""
    if held != digest_commands(commands):
        return False, f"`{path}` was made for other commands"
    if facts.st_uid not in (os.getuid(), 0, document.stat().st_uid) or facts.st_mode & stat.S_IWOTH:
        return False, f"`{path}` can be written by others"
    if in_repository(path):
        commit = read_commit(path)
        if commit.dirty or not commit.id:
            return False, f"`{path}` is not committed"
    return True, ""


def _parse_lock(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        value, _, address = line.partition("  ")
        if address and not line.startswith("#"):
            yield address, value


def _lock_address(document: Path, anchor: str) -> str:
    return f"{document.name}#{anchor}"


def find_doubts(path: str) -> list[str]:
    """Return warnings about the path of a page: it is a symbolic link, or others can change it."""
    written, real = Path(path), Path(os.path.realpath(path))
    found = []
    through = next((each for each in (written, *written.parents) if each.is_symlink()), None)
    if through is not None:
        which = "" if through == written else f" `{through}`"
        found.append(f"{path}: reached through a symbolic link{which}; the file is `{real}`")
    try:
        facts, around = real.stat(), real.parent.stat()
    except FileNotFoundError:  # an open pipe, as of `<(command)`, has no place that others could change
        return []
    if facts.st_mode & stat.S_IWOTH:
        found.append(f"{path}: anybody may write to it")
    elif around.st_mode & stat.S_IWOTH and not around.st_mode & stat.S_ISVTX:
        found.append(f"{path}: anybody may put another in its place, as its folder is open to all")
    if facts.st_uid not in (os.getuid(), 0):
        found.append(f"{path}: it belongs to {_owner(facts.st_uid)}")
    return found


def _owner(number: int) -> str:
    import pwd

    try:
        return f"`{pwd.getpwuid(number).pw_name}`"
    except KeyError:
        return f"user {number}"
