"""The command line of `runbook-exec docs`."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..options import build_parser

_EPILOG = """\
The site is built by MkDocs or by zensical, not by this program. `docs init` adds the Markdown extension
`runbook_exec.site` to the settings, puts its styles and scripts below docs_dir/assets/runbook-exec, renews
them after an update, and says each thing that it does.

exit status: 0 done; 2 the settings cannot be read, or not be changed without rewriting them
"""


def build_docs_parser() -> argparse.ArgumentParser:
    """What can be asked of it."""
    parser = build_parser(
        "docs",
        "runbook-exec docs init [FILE] [--dry-run]",
        "Have the pages of a documentation site show what runs.",
        _EPILOG,
    )
    parser.add_argument("action", choices=("init",), help="add what the site lacks")
    parser.add_argument(
        "file", metavar="FILE", nargs="?", type=Path, default=Path("mkdocs.yml"), help="its settings"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    return parser
