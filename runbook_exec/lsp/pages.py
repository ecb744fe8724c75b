"""Holds the text of each page that is open in the editor, saved or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lsprotocol.types import TextDocumentContentChangeEvent, TextDocumentContentChangePartial

from ..light_classes import dataclass
from ..lint.inputs import STANDARD_INPUT
from .positions import PositionMap


@dataclass(frozen=True, slots=True, eq=False)
class OpenPage:
    """The text of an open page at one moment; it is never changed."""

    uri: str
    path: str  # of its file, absolute; `-` for a page that was never saved
    version: int | None
    text: str
    positions: PositionMap

    def data(self) -> bytes:
        """Return the bytes that a file with this text has."""
        return self.text.encode("utf-8", "replace")


class OpenPages:
    """The open pages by their URI."""

    def __init__(self) -> None:
        self.encoding = "utf-16"  # of positions; the client may choose another before a page is open
        self._pages: dict[str, OpenPage] = {}

    def __iter__(self) -> Iterator[OpenPage]:
        return iter(tuple(self._pages.values()))

    def get(self, uri: str) -> OpenPage | None:
        """Return the page as it is now; None if it is not open."""
        return self._pages.get(uri)

    def put(self, uri: str, version: int | None, text: str) -> OpenPage:
        """Set the text of a page."""
        page = OpenPage(uri, path_of(uri), version, text, PositionMap(text, self.encoding))
        self._pages[uri] = page
        return page

    def change(
        self, uri: str, version: int | None, changes: Iterable[TextDocumentContentChangeEvent]
    ) -> OpenPage | None:
        """Apply the client's changes, in order; return None if the page is not open."""
        page = self._pages.get(uri)
        if page is None:
            return None
        for change in changes:
            text = change.text
            if isinstance(change, TextDocumentContentChangePartial):
                start, end = page.positions.offsets(change.range)
                text = page.text[:start] + text + page.text[end:]
            page = self.put(uri, version, text)
        return page

    def remove(self, uri: str) -> None:
        """Forget a page."""
        self._pages.pop(uri, None)


def path_of(uri: str) -> str:
    """Return the path of a URI; `-` if it names no file."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return STANDARD_INPUT
    path = unquote(parts.path)
    return path if parts.scheme == "file" and path.startswith("/") and "\0" not in path else STANDARD_INPUT


def uri_of(path: Path | str) -> str:
    """Return the URI of a file with an absolute path."""
    return Path(path).as_uri()
