"""Runs `runbook-exec docs init`, which prepares a documentation site.

It adds the extension, its styles and its scripts.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ...site.init import init_site
from ..arguments import build_parser
from ..exit_status import DONE

_EPILOG = """\
MkDocs or zensical builds the site. `docs init` adds the Markdown extension `runbook_exec.site` to the
settings, copies its styles and scripts to docs_dir/assets/runbook-exec, updates them after an upgrade,
and prints each change.

exit status:
  0  done
  2  the settings cannot be read, or cannot be changed without rewriting them
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `docs`."""
    parser = build_parser(
        name,
        "runbook-exec docs init [FILE] [--dry-run]",
        "Set up a documentation site that shows what runs.",
        _EPILOG,
    )
    parser.add_argument("action", choices=("init",), help="add what is missing")
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        type=Path,
        default=Path("mkdocs.yml"),
        help="the settings of the site; default: mkdocs.yml",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the changes, and make none")
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Add the missing parts to a documentation site, and print each change."""
    for line in init_site(arguments.file, dry_run=arguments.dry_run):
        print(line)
    return DONE
