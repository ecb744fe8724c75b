"""Which page is being rendered: told by what each builder leaves in its Markdown instance.

A Markdown extension is not given the path of its page. MkDocs registers a tree processor that holds the
`File` (it makes links relative), and zensical a preprocessor that holds the page; both are there before a
page is converted. They are known by their attributes, so that neither program need be installed.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

TYPE_CHECKING = False  # as in typing
if TYPE_CHECKING:
    from markdown import Markdown


# MkDocs counts the warnings below its own logger: with --strict they end the build.
_BUILD = 3  # seconds for which the files of a site are taken to be the same, so that a server sees new ones

_log = logging.getLogger("mkdocs.runbook_exec")


class BrokenPage(ValueError):
    """A page that a strict build refuses; the message says what is wrong, and where."""


@dataclass(frozen=True, slots=True)
class PageLocation:
    """A page of a site: its path below `docs`, with `/` between the parts, and how strict the build is."""

    source: str
    docs: Path
    project: Path  # the folder of mkdocs.yml
    strict: bool
    counts_warnings: bool  # whether the builder itself ends a strict build that has warned

    @property
    def path(self) -> Path:
        """Where the page is on disk."""
        return self.docs / self.source

    @property
    def path_to_run(self) -> str:
        """The path to run: below the project, with links followed where it then still is."""
        real, project = self.path.resolve(), self.project.resolve()
        at = real if real.is_relative_to(project) else self.path.absolute()
        return at.relative_to(project).as_posix() if at.is_relative_to(project) else at.as_posix()


def locate_page(md: Markdown) -> PageLocation | None:
    """The page that is being rendered; None where nobody says."""
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
    """Have what a page says in its front matter be text: themes put titles into pages as they are.

    So they do with the first heading's text where the front matter has no `title`; then it gets one.
    """
    for meta in _metas(md):
        if not meta.get("title") and _escape_value(title) != title:
            meta["title"] = title
        meta |= {key: _escape_value(value) for key, value in meta.items()}


def has_title(md: Markdown) -> bool:
    """Whether the page's front matter says what it is called."""
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
    """Say what is wrong with a page; raises BrokenPage in a strict build whose builder counts no warnings."""
    text = f"{location.source}:{line}: {message}" if line else f"{location.source}: {message}"
    if location.strict and not location.counts_warnings:
        _install_error_hook()
        raise BrokenPage(text)
    _log.warning(text)


@lru_cache(maxsize=1)
def _install_error_hook() -> None:
    """See to it that a BrokenPage which ends a build is told by its message alone.

    zensical catches none: its part in Rust makes a RuntimeError of it, with the traceback in its message, and
    Python prints both where nobody else does.
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
    """The files of a site, as paths below its folder; links to folders are followed as MkDocs does."""
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
