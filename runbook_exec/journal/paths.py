"""Where runs are kept."""

from __future__ import annotations

from pathlib import Path


def state_folder(environ: dict[str, str]) -> Path:
    """Where journals are kept: `runbook-exec/runs` under `$XDG_STATE_HOME`, by default `~/.local/state`."""
    home = environ.get("XDG_STATE_HOME") or ""
    base = (
        Path(home) if home.startswith("/") else Path(environ.get("HOME") or "~").expanduser() / ".local/state"
    )
    return base / "runbook-exec" / "runs"
