"""Runs `runbook-exec lsp`, the language server that editors start."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ...lsp.start import start_server
from ..arguments import build_parser

_EPILOG = """\
An editor starts it, and it ends with the editor. It needs `pip install 'runbook-live[lsp]'`. It checks pages
while you type, also before you save, and never runs a page.
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `lsp`."""
    parser = build_parser(
        name,
        "runbook-exec lsp",
        "Run a language server, which shows findings in an editor while you type.",
        _EPILOG,
    )
    parser.add_argument("--stdio", action="store_true", help="accepted, because many editors pass it")
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Serve one editor until it ends; raises Refused."""
    return start_server()
