"""Writes reports of bugs of our own: one line for the operator, details in a file."""

from __future__ import annotations

import os
import platform
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from .. import __version__
from ..errors import Refused
from ..journal.paths import state_folder


def write_crash_report(error: Exception, environ: dict[str, str]) -> str:
    """Write a report to a file that only the operator can read, and return the line to print.

    The report has the places in our code and no values: the text of an exception could quote a secret.
    """
    trace = traceback.TracebackException.from_exception(error, capture_locals=False)
    lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in trace.stack]
    text = "\n".join(
        [
            f"runbook-exec {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"{datetime.now(UTC).isoformat(timespec='seconds')} {type(error).__name__}",
            *lines,
            "",
        ]
    )
    where = trace.stack[-1] if trace.stack else None
    place = f" at {Path(where.filename).name}:{where.lineno}" if where else ""
    said = f"runbook-exec has a bug: {type(error).__name__}{place}; nothing more was run"
    try:
        folder = state_folder(environ).parent / "bugs"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, path = tempfile.mkstemp(prefix="bug-", suffix=".txt", dir=folder)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
    except (OSError, Refused):
        return f"{said}\n{text}"
    return f"{said}; please report it with {path}"
