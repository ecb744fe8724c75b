"""Starts the server for agents if the library that it needs is installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from ..errors import Refused

_INSTALL = "the server for agents needs the package mcp: `pip install 'runbook-live[mcp]'`"

_LIBRARY = ("mcp", "mcp_types", "anyio", "pydantic", "pydantic_core")


def start_server(folders: Sequence[str], hold: str) -> int:
    """Serve one client the pages of these folders, and return the exit status.

    `hold` is how long a run keeps a question open, as for `--hold`. Raises Refused, also without the library.
    """
    try:
        server = import_module(".server", __package__)
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in _LIBRARY:
            raise
        raise Refused(f"{_INSTALL} ({error})" if error.name != "mcp" else _INSTALL) from None
    status: int = server.serve(folders, hold)
    return status
