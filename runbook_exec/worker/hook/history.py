"""Remembers which events have started runs: the same event never starts a second one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path

from ...errors import Refused, reason
from ...system.atomic_write import sync_data

_HOUR = 3600.0  # seconds


class RunHistory:
    """The runs that webhooks have started, in a file that grows by a line for each."""

    def __init__(self, folder: Path) -> None:
        """Open the file in the state folder, which one process has at a time; raises Refused."""
        path = folder / "hook-runs"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(
                path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            text = path.read_text(encoding="ascii")
            if text and not text.endswith("\n"):  # the machine lost power while it was written
                os.write(self._file, b"\n")
        except BlockingIOError:
            raise Refused(f"another `runbook-exec hook` has `{path}`; end it first") from None
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"cannot use `{path}`: {reason(error)}") from None
        self._path = path
        self._runs: set[str] = set()
        self._latest: dict[str, str] = {}  # by subject, the last run
        self._times: dict[str, list[float]] = {}  # by rule, when runs started, seconds since 1970
        for line in text.splitlines():
            with contextlib.suppress(ValueError):
                moment, run, rule, subject = line.split(" ")
                self._note(float(moment), run, rule, subject)

    def has_started(self, run: str) -> bool:
        """Return whether a run was started."""
        return run in self._runs

    def find_latest(self, subject: str) -> str:
        """Return the last run about a subject; "" if none was started."""
        return self._latest.get(subject, "")

    def count_of_hour(self, rule: str) -> int:
        """Return how many runs a rule has started in the last hour."""
        since = time.time() - _HOUR
        kept = [each for each in self._times.get(rule, ()) if each > since]
        self._times[rule] = kept
        return len(kept)

    def add_run(self, run: str, rule: str, subject: str) -> None:
        """Note a run that was started; raises Refused if the file cannot be written."""
        if run in self._runs:
            return
        now = time.time()
        try:
            os.write(self._file, f"{now:.3f} {run} {rule} {subject or '-'}\n".encode())
            sync_data(self._file)
        except OSError as error:
            raise Refused(f"cannot write `{self._path}`: {reason(error)}") from None
        finally:
            self._note(now, run, rule, subject or "-")

    def _note(self, moment: float, run: str, rule: str, subject: str) -> None:
        self._runs.add(run)
        self._latest[subject] = run
        self._times.setdefault(rule, []).append(moment)
