"""Finds the page that is being rendered, by its builder's objects in the Markdown instance.

A Markdown extension does not receive the path of its page. MkDocs registers a tree processor with the `File`
(it makes links relative), and zensical a preprocessor with the page; both exist before a page is converted.
They are recognised by their attributes: neither program has to be installed.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

from ..light_classes import dataclass

TYPE_CHECKING = False  # as in typing
if TYPE_CHECKING:
    from markdown import Markdown


_BUILD = 3  # seconds for which the list of a site's files is cached: a server has to see new files

# MkDocs counts the warnings below its own logger: with --strict they end the build.
_log = logging.getLogger("mkdocs.runbook_exec")


class BrokenPage(ValueError):
    """A page that a strict build refuses; the message has the problem and its place."""


@dataclass(frozen=True, slots=True)
class PageLocation:
    """A page of a site; `source` is its path below `docs`, with `/` between the parts."""

    source: str
    docs: Path
    project: Path  # the folder of mkdocs.yml
    strict: bool
    counts_warnings: bool  # whether the builder itself fails a strict build with warnings

    @property
    def path(self) -> Path:
        """Return the path of the page's file."""
        return self.docs / self.source

    @property
    def path_to_run(self) -> str:
        """Return the path for the command line, relative to the project.

        Resolves links inside the project.
        """
        real, project = self.path.resolve(), self.project.resolve()
        at = real if real.is_relative_to(project) else self.path.absolute()
        return at.relative_to(project).as_posix() if at.is_relative_to(project) else at.as_posix()


def locate_page(md: Markdown) -> PageLocation | None:
    """Return the page that is being rendered; None if no known builder renders it."""
    for processor in (*md.preprocessors, *md.treeprocessors):
        config: Any = getattr(processor, "config", None)
        if config is None:
            continue
        file: Any = getattr(processor, "file", None)
        page: Any = getattr(processor, "page", None)
        if hasattr(file, "src_uri"):
            project = Path(getattr(config, "config_file_path", None) or "mkdocs.yml").absolute().parent
            return PageLocation(file.src_uri, Path(config["docs_dir"]), project, bool(config["strict"]), True)
        if hasattr(page, "path") and "docs_dir" in config:
            project = Path(config.get("root_dir") or ".").absolute()
            strict = bool(config.get("strict")) or not {"--strict", "-s"}.isdisjoint(sys.argv[1:])
            return PageLocation(page.path, project / config["docs_dir"], project, strict, False)
    return None


def escape_meta(md: Markdown, title: str) -> None:
    """Escape the page's front matter, because themes insert titles without escaping them.

    Themes do the same with the first heading if there is no `title`; then `title` becomes the page's title.
    """
    for meta in _metas(md):
        if not meta.get("title") and _escape_value(title) != title:
            meta["title"] = title
        meta |= {key: _escape_value(value) for key, value in meta.items()}


def has_title(md: Markdown) -> bool:
    """Return whether the page's front matter has a title."""
    return all(meta.get("title") for meta in _metas(md))


def _metas(md: Markdown) -> Iterator[dict[str, Any]]:
    for processor in (*md.preprocessors, *md.treeprocessors):
        file = getattr(processor, "file", None)
        for page in (getattr(processor, "page", None), getattr(file, "page", None)):
            meta = getattr(page, "meta", None)
            if isinstance(meta, dict):
                yield meta


def _escape_value(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    if isinstance(value, list):
        return [_escape_value(each) for each in value]
    if isinstance(value, dict):
        return {_escape_value(key): _escape_value(each) for key, each in value.items()}
    return value


def warn_about_page(location: PageLocation, line: int | None, message: str) -> None:
    """Warn about a page. Raises BrokenPage in a strict build whose builder counts no warnings."""
    text = f"{location.source}:{line}: {message}" if line else f"{location.source}: {message}"
    if location.strict and not location.counts_warnings:
        _install_error_hook()
        raise BrokenPage(text)
    _log.warning(text)


@lru_cache(maxsize=1)
def _install_error_hook() -> None:
    """Install an exception hook that prints only the message of a BrokenPage that ends a build.

    zensical does not catch it: its Rust code converts it to a RuntimeError with the traceback in its message,
    and Python would print both.
    """
    others = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        broken = re.match(rf"Python error: {BrokenPage.__name__}: (.*)", str(error))
        if broken:
            print(f"error: {broken[1]}", file=sys.stderr)
        else:
            others(kind, error, traceback)

    sys.excepthook = hook


def list_site_files(docs: Path) -> tuple[str, ...]:
    """Return the files of a site as paths below its folder.

    Follows links to folders, as MkDocs does.
    """
    return _files_at(docs, int(time.monotonic() / _BUILD))


@lru_cache(maxsize=4)
def _files_at(docs: Path, moment: int) -> tuple[str, ...]:
    return tuple(_files(docs, ""))


def _files(folder: Path, before: str) -> Iterator[str]:
    for child in sorted(folder.iterdir()):
        if child.name.startswith("."):
            continue
        if child.is_dir():
            yield from _files(child, f"{before}{child.name}/")
        else:
            yield before + child.name
