"""Starts the language server if the library that it needs is installed."""

from __future__ import annotations

from importlib import import_module

from ..errors import Refused

_INSTALL = "the language server needs the package pygls: `pip install 'runbook-live[lsp]'`"


def start_server() -> int:
    """Serve one client, and return the exit status. Raises Refused without the library."""
    try:
        server = import_module(".server", __package__)
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol", "cattrs", "attr", "attrs"):
            raise
        raise Refused(f"{_INSTALL} ({error})" if error.name != "pygls" else _INSTALL) from None
    status: int = server.serve()
    return status
