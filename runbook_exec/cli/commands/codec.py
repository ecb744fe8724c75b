"""Runs `runbook-exec codec`, which makes keys for what a server keeps, and decrypts it for a browser."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ...errors import Refused
from ..arguments import build_parser
from ..ordered.start import run_remote

_EPILOG = """\
Everything that runs send to the server is encrypted once `codec.keys` exists, beside `server.toml`. Every
worker, and everybody who orders or answers, needs the same file. Keep the address of --listen on your own
machine: it decrypts everything.
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `codec`."""
    parser = build_parser(
        name,
        "runbook-exec codec --new-key\n       runbook-exec codec --listen 127.0.0.1:8234",
        "Make a key that encrypts what the server keeps, or let its web interface show it.",
        _EPILOG,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--new-key", action="store_true", help="add a key, which encrypts from now on")
    what.add_argument("--listen", metavar="HOST:PORT", default="", help="decrypt for the web interface here")
    parser.add_argument(
        "--origin",
        metavar="URL",
        default="http://127.0.0.1:8233",
        help="the address of the web interface (default: http://127.0.0.1:8233)",
    )
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Make a key or serve; raises Refused."""
    host, _, port = arguments.listen.rpartition(":")
    if arguments.listen and not (host and port.isascii() and port.isdigit() and int(port) < 1 << 16):
        raise Refused(f"`--listen`: expected `HOST:PORT`, such as `127.0.0.1:8234`, got `{arguments.listen}`")
    return run_remote("codec", arguments)
