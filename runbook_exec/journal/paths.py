"""Finds the folder of journals."""

from __future__ import annotations

from pathlib import Path

from ..errors import Refused
from ..system.people import find_home


def state_folder(environ: dict[str, str]) -> Path:
    """Return the folder of journals, in `$XDG_STATE_HOME` or `~/.local/state`.

    Raises Refused if neither is an absolute path.
    """
    named = environ.get("XDG_STATE_HOME") or ""
    if named.startswith("/"):
        return Path(named) / "runbook-exec" / "runs"
    home = find_home(environ.get("HOME") or "")
    if not home.startswith("/"):
        raise Refused("cannot find the folder of journals: no home is known; set $HOME or $XDG_STATE_HOME")
    return Path(home) / ".local/state" / "runbook-exec" / "runs"
