"""Decides which commands may run unseen.

They are the commands that were shown on this machine, or that are in a lock file.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from ..document.model import Procedure, Runbook
from ..errors import Refused, reason
from ..light_classes import NamedTuple, dataclass
from ..plan.builder import make_page_plan
from ..plan.model import Plan
from ..system.atomic_write import replace_file
from ..system.regular_file import read_regular_file
from ..text.digests import sha256
from .lock_file import LockEntry, read_lock
from .plan_digest import VERSION, PageDigest, digest_page, digest_settings
from .trust_listing import list_commands, mask_lines

TRUSTED_FOLDERS = "RUNBOOK_EXEC_TRUSTED"  # the variable with folders whose pages are all trusted

_NOT_SHOWN = "# changed, and not shown here: a token, a secret default, or a file that a value is from"


class Reliance(NamedTuple):
    """What a run relies on beside the commands of its procedure."""

    steps: bool = False  # an option names a step
    default: bool = False  # no procedure is named, so the page decides which one runs


class TrustRecord(NamedTuple):
    """What was trusted on this machine."""

    commands: tuple[str, ...]  # the lines that were shown
    digest: PageDigest | None  # None: another version of the program has trusted it


@dataclass(frozen=True)
class TrustState:
    """The commands of one procedure, and those that were trusted before."""

    document: Path  # absolute, without symbolic links
    anchor: str
    plan: Plan  # of the page, without options
    before: TrustRecord | None  # last trusted on this machine; None if never
    in_trusted_folder: bool  # below a folder that the operator trusts as a whole
    lock: LockEntry | None  # what the lock file beside the page says about it

    @cached_property
    def digest(self) -> PageDigest:
        """Return the digests of what would run now."""
        return digest_page(self.plan)

    @cached_property
    def commands(self) -> tuple[str, ...]:
        """Return everything that decides what runs, as lines for a reader."""
        # files of values are read for both. If one changes in between, the digest is that of before, which
        # does not count later; the other way round, what is trusted would not be what was shown
        _ = self.digest
        return list_commands(self.plan)

    def explain_doubt(self, reliance: Reliance) -> str:
        """Return why the procedure may not run unseen, or ""."""
        if self.in_trusted_folder:
            return ""
        doubt = "its commands are not trusted on this machine yet"
        if self.before is not None:
            doubt = _explain_difference(self.before.digest, self.digest, reliance, _SINCE_TRUSTED)
            if not doubt:
                return ""
        if self.lock is None:
            return doubt
        why = _explain_difference(self.lock.digest, self.digest, reliance, _SINCE_LOCKED)
        why = why.format(self.lock.path) or self.lock.find_doubt(self.document)
        return f"{doubt}, and {why}" if why else ""

    def find_trusted_digest(self) -> PageDigest | None:
        """Return the digests that were trusted here or locked, if the commands are still the same."""
        here = self.before and self.before.digest
        if here and here.commands == self.digest.commands:
            return here
        locked = self.lock and self.lock.digest
        if self.lock and locked and locked.commands == self.digest.commands:
            return None if self.lock.find_doubt(self.document) else locked
        return None

    def is_trusted_here(self) -> bool:
        """Return whether exactly this was trusted on this machine, for every run of it."""
        return self.before is not None and self.before.digest == self.digest

    def lines_to_review(self) -> list[str]:
        """Return the lines to show before the procedure runs.

        They are its commands, or the difference to the commands trusted before.
        """
        if self.before is None or self.before.digest is None:
            return list(self.commands)
        from difflib import unified_diff  # large, and seldom needed

        lines = list(
            unified_diff(
                self.before.commands, self.commands, "as trusted before", "as it is now", n=2, lineterm=""
            )
        )
        if lines:
            return lines
        return [*self.commands, *([_NOT_SHOWN] * (self.before.digest.commands != self.digest.commands))]


class _Reasons(NamedTuple):
    """The words for the reasons why digests of before do not count."""

    version: str
    commands: str
    steps: str
    default: str


_SINCE_TRUSTED = _Reasons(
    "it was trusted with another version of this program, which compared other things: look at it again",
    "its commands have changed since they were trusted on this machine",
    "its steps have other names or numbers than when it was trusted, and an option names one",
    "it was not what runs by default when it was trusted",
)

_SINCE_LOCKED = _Reasons(
    "`{}` was made by another version of this program, which compared other things: make it again",
    "`{}` was made for other commands",
    "`{}` was made for other names or numbers of the steps, and an option names one",
    "`{}` was made when it was not what runs by default",
)


def _explain_difference(
    before: PageDigest | None, now: PageDigest, reliance: Reliance, reasons: _Reasons
) -> str:
    """Return why what was trusted is not what runs now, or ""."""
    if before is None:
        return reasons.version
    if before.commands != now.commands:
        return reasons.commands
    if reliance.steps and before.steps != now.steps:
        return reasons.steps
    if reliance.default and now.is_default and not before.is_default:
        return reasons.default
    return ""


def read_trust(runbook: Runbook, procedure: Procedure, runs: Path, environ: Mapping[str, str]) -> TrustState:
    """Read which commands of a procedure are trusted.

    The trust records are beside `runs`, the folder of the journals.
    """
    document = Path(os.path.realpath(runbook.path))
    plan, anchor = make_page_plan(runbook, procedure), procedure.anchor
    return TrustState(
        document,
        anchor,
        plan,
        _read_record(_trust_file(document, anchor, runs), document, anchor),
        _is_in_trusted_folder(document, environ.get(TRUSTED_FOLDERS, "")),
        read_lock(document, anchor),
    )


def _is_in_trusted_folder(document: Path, folders: str) -> bool:
    named = (Path(folder).resolve() for folder in folders.split(os.pathsep) if folder.startswith("/"))
    return any(document.is_relative_to(folder) for folder in named)


def _trust_file(document: Path, anchor: str, runs: Path) -> Path:
    name = sha256(f"{document}#{anchor}".encode("utf-8", "surrogateescape")).hexdigest()
    return runs.parent / "trusted" / f"{name[:32]}.json"


def _read_record(path: Path, document: Path, anchor: str) -> TrustRecord | None:
    """Return what was trusted by this user; None if nothing was, or if another user can have written it."""
    try:
        facts = path.lstat()
        others = stat.S_IWGRP | stat.S_IWOTH
        if not stat.S_ISREG(facts.st_mode) or facts.st_mode & others or facts.st_uid != os.geteuid():
            return None
        told = json.loads(read_regular_file(path))
        if (told["document"], told["procedure"]) != (str(document), anchor):
            return None
        commands = mask_lines(str(line) for line in told["commands"])
        if told.get("version") != VERSION:
            return TrustRecord(commands, None)
        digest = PageDigest(str(told["digest"]), str(told["steps"]), told["default"] is True)
        return TrustRecord(commands, digest)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def record_trust(known: TrustState, runs: Path, digest: PageDigest | None = None) -> None:
    """Trust the present commands on this machine; raises Refused if that cannot be saved.

    With a `digest`, that is recorded in place of the present one.
    """
    path = _trust_file(known.document, known.anchor, runs)
    digest = digest or known.digest
    told = {
        "document": str(known.document),
        "procedure": known.anchor,
        "version": VERSION,
        "digest": digest.commands,
        "steps": digest.steps,
        "default": digest.is_default,
        "commands": known.commands,
    }
    try:
        for each in (runs.parent, path.parent):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, json.dumps(told, indent=1).encode(), 0o600)
    except OSError as error:
        raise Refused(
            f"cannot save the trust record in `{path.parent}`: {reason(error)}; "
            "set XDG_STATE_HOME to a folder that you can write to"
        ) from error


def record_change(before: TrustState, now: TrustState, runs: Path) -> None:
    """Trust the statements of a page that were changed, if only they were, and it was trusted before.

    The names of its steps, and whether it runs by default, stay as they were trusted. Raises Refused.
    """
    trusted = before.find_trusted_digest()
    if (
        trusted
        and digest_settings(before.plan) == digest_settings(now.plan)
        and _find_comments(now) == _find_comments(before)
    ):
        record_trust(now, runs, trusted._replace(commands=now.digest.commands))


def _find_comments(known: TrustState) -> list[str]:
    """Return the lines that are no statements: settings, annotations and what a person does."""
    return [line for line in known.commands if line.startswith("#")]


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
