"""Reports what went wrong in one line: what the machine has refused, or a bug, with details in a file."""

from __future__ import annotations

import errno
import os
import platform
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from .. import __version__
from ..errors import Refused, describe_lost_folder, reason
from ..journal.paths import state_folder
from ..text.ansi import escape_unprintable
from .exit_status import FAILED, REFUSED

# errors of a standard output that takes no more, as on a full disk
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)

# errors of a machine that is short of something
_SHORT = (*_FULL, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM, errno.EROFS, errno.ENOLCK)


def report_failure(error: Exception) -> int:
    """Print one line about an error that nothing has handled, and return the exit status."""
    if isinstance(error, OSError) and error.filename is None and _is_folder_lost():
        print(describe_lost_folder(error), file=sys.stderr)
        return REFUSED
    if isinstance(error, OSError) and error.errno in _FULL and error.filename is None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python would report it again at its end
        print(f"cannot write the output: {reason(error)}; nothing more was run", file=sys.stderr)
    elif isinstance(error, OSError) and error.errno in _SHORT:
        where = f": `{escape_unprintable(str(error.filename))}`" if error.filename is not None else ""
        print(f"cannot continue: {reason(error)}{where}; nothing more was run", file=sys.stderr)
    elif isinstance(error, MemoryError):
        print("cannot continue: not enough memory; nothing more was run", file=sys.stderr)
    else:
        print(write_crash_report(error, dict(os.environ)), file=sys.stderr)
    return FAILED


def _is_folder_lost() -> bool:
    """Return whether the working directory was removed or cannot be reached."""
    try:
        os.getcwd()  # noqa: PTH109 - only this finds that the folder was removed
    except OSError:
        return True
    return False


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
