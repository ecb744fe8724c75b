"""Finds the pages that an agent may use: those in the folders that the server was started for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from ..document.discovery import DEFAULT, find_pages
from ..document.model import Runbook
from ..document.parser import parse_runbook
from ..errors import Refused, reason
from ..light_classes import NamedTuple
from ..masking.masker import Masker
from ..plan.values import is_secret
from ..system.regular_file import read_regular_file
from ..text.suggest import find_near
from .tool_error import ToolError

_SCHEME = "runbook:///"


class ServedPage(NamedTuple):
    """A page that an agent may use; `name` is its path below the name of its folder."""

    name: str
    path: Path  # absolute, without symbolic links

    @property
    def uri(self) -> str:
        """Return the address of the page as a resource."""
        return _SCHEME + quote(self.name)


class ServedPages:
    """The pages in some folders, found anew each time."""

    def __init__(self, folders: Sequence[str]) -> None:
        """Raises Refused if a folder does not exist, or if two have the same name."""
        wanted = list(folders) or [name for name in DEFAULT if Path(name).is_dir()]
        if not wanted:
            raise Refused(f"expected a folder of runbooks: there is no folder {' or '.join(DEFAULT)} here")
        self._roots: dict[str, Path] = {}
        for folder in wanted:
            if not Path(folder).is_dir():
                raise Refused(f"`{folder}`: expected a folder of runbooks")
            root = Path(os.path.realpath(folder))
            if root.name in self._roots:
                raise Refused(f"`{folder}`: another folder is named `{root.name}` too; serve one of them")
            self._roots[root.name] = root

    def list_pages(self) -> Iterator[ServedPage]:
        """Yield the pages, without those that a symbolic link leads to outside of their folder.

        A page with an unprintable character in its name is left out.
        """
        for name, root in self._roots.items():
            try:
                paths = find_pages(root)
            except OSError as error:
                raise ToolError(f"cannot read the folder `{name}`: {reason(error)}") from None
            for path in paths:
                real = Path(os.path.realpath(path))
                if str(path).isprintable() and real.is_file() and real.is_relative_to(root):
                    yield ServedPage(f"{name}/{path.relative_to(root).as_posix()}", real)

    def find_page(self, name: str) -> ServedPage:
        """Return the page with exactly this name; raises ToolError for any other text."""
        pages = {page.name: page for page in self.list_pages()}
        if name in pages:
            return pages[name]
        near = find_near(name, list(pages))
        hint = f"did you mean `{near}`?" if near else "`list_runbooks` lists the pages"
        raise ToolError(f"no page `{name}`; {hint}")

    def find_resource(self, uri: str) -> ServedPage:
        """Return the page with this address; raises ToolError for any other text."""
        for page in self.list_pages():
            if page.uri == uri:
                return page
        raise ToolError(f"no page `{uri}`; `resources/list` lists the pages")

    def find_name(self, document: str) -> str:
        """Return the name of the page with this path; "" if it is none of the pages."""
        real = Path(os.path.realpath(document))
        return next((page.name for page in self.list_pages() if page.path == real), "")


def read_page(page: ServedPage, anchor: str | None = None) -> Runbook:
    """Return a page, with the section of this anchor as one of its procedures; raises ToolError."""
    try:
        data = read_regular_file(page.path)
    except OSError as error:
        raise ToolError(f"cannot read `{page.name}`: {reason(error)}") from None
    return parse_runbook(data, str(page.path), named=anchor)


def make_page_masker(runbook: Runbook) -> Masker:
    """Return a masker for the text of a page: its secret defaults, and every known kind of token."""
    masker = Masker()
    for name, known in runbook.settings.inputs.items():
        if known.default is not None and is_secret(name, known):
            masker.add(known.default)
        elif known.default is not None:
            masker.add_secrets_of(known.default)
    return masker
