"""Opens the operator's editor at a line of the document."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_AFTER_COLON = {"hx", "helix", "zed", "subl"}

_AFTER_PLUS = {"vi", "vim", "nvim", "nano", "micro", "emacs", "emacsclient", "kak", "mcedit", "joe", "ne"}


def open_editor(path: str, line: int) -> None:
    """Open the document at a line, and return when the editor has ended.

    Raises OSError if none starts.
    """
    with _leave_interrupts_to_editor():
        subprocess.run(_make_command(path, line), check=False)


@contextmanager
def _leave_interrupts_to_editor() -> Iterator[None]:
    """Ignore ^C here: it interrupts an editor that does not take it as a key, not the run."""
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _make_command(path: str, line: int) -> list[str]:
    """Return the command of `$VISUAL` or `$EDITOR`, with the line for known editors."""
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    name = Path(words[0]).name if words else ""
    if name in ("code", "codium", "code-insiders"):
        return [*words, "--wait", "--goto", f"{path}:{line}"]
    if name in _AFTER_COLON:
        return [*words, f"{path}:{line}"]
    if name in _AFTER_PLUS:
        return [*words, f"+{line}", path]
    return [*words, path]
