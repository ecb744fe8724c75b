"""Finds the folder of journals."""

from __future__ import annotations

from pathlib import Path


def state_folder(environ: dict[str, str]) -> Path:
    """Return the folder of journals, in `$XDG_STATE_HOME` or `~/.local/state`."""
    home = environ.get("XDG_STATE_HOME") or ""
    base = (
        Path(home) if home.startswith("/") else Path(environ.get("HOME") or "~").expanduser() / ".local/state"
    )
    return base / "runbook-exec" / "runs"
