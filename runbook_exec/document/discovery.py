"""Finds the Markdown files that a command works on, and the root folder of a page's site."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import Refused, reason
from ..system.git import list_git_files

SUFFIXES = (".md", ".markdown")

DEFAULT = ("runbooks", "docs")

_ROOTS = (".git", "mkdocs.yml", ".obsidian", "quartz.config.ts", "runbook-exec.toml")

_SKIPPED = frozenset(("node_modules", "__pycache__"))


class NoSuchPath(Refused):
    """A requested path does not exist or cannot be read; the message names it."""


def collect_pages(paths: Sequence[str], default: Sequence[str] = DEFAULT) -> list[Path]:
    """Return the Markdown files at these paths, in order, each once.

    In folders, files that git ignores are left out. Without paths, the existing folders of `default` are
    used. A path of a file is included with any suffix. Raises NoSuchPath.
    """
    wanted = [Path(path) for path in paths] or [Path(path) for path in default if Path(path).is_dir()]
    if not wanted:
        raise NoSuchPath(f"expected a path: there is no folder {' or '.join(default)} here")
    found: dict[str, Path] = {}
    for path in wanted:
        if path.is_dir():
            try:
                for page in find_pages(path):
                    found.setdefault(os.path.abspath(page), page)  # noqa: PTH100
            except OSError as error:
                raise NoSuchPath(f"cannot read `{error.filename or path}`: {reason(error)}") from None
        elif path.exists() or path.is_symlink():
            found.setdefault(os.path.abspath(path), path)  # noqa: PTH100
        else:
            raise NoSuchPath(f"cannot read `{path}`: no such file or directory")
    return list(found.values())


def find_pages(folder: Path) -> list[Path]:
    """Return the Markdown files below a folder, sorted.

    Files that git ignores are left out.
    """
    listed = list_git_files(folder)
    if listed is None:
        return sorted(path for path in _walk(folder) if path.suffix.lower() in SUFFIXES)
    pages = [name for name in listed if name.lower().endswith(SUFFIXES)]
    return [folder / name for name in sorted(pages, key=lambda name: name.split("/"))]


def find_site_root(path: Path) -> Path | None:
    """Return the root folder of the page's site, recognised by its files.

    Returns None if no folder has them.
    """
    for folder in path.absolute().parents:
        if any((folder / name).exists() for name in _ROOTS):
            return folder
    return None


def _walk(folder: Path) -> Iterator[Path]:
    for child in sorted(folder.iterdir()):
        if child.name.startswith(".") or child.name in _SKIPPED:
            continue
        if child.is_dir() and not child.is_symlink():
            yield from _walk(child)
        elif child.is_file():
            yield child
