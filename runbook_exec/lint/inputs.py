"""Reads the pages of one run of the linter: files, or given bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..system.regular_file import read_regular_file
from ..text.digests import sha256

STANDARD_INPUT = "-"  # in place of a path


class Pages:
    """The pages to check, by their paths as given."""

    def __init__(self, names: Sequence[str], given: Mapping[str, bytes]) -> None:
        self._names = names
        self._given = given
        self._digests: dict[str, str] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def content(self, name: str) -> bytes:
        """Return a page's bytes; raises OSError if its file cannot be read."""
        given = self._given.get(name)
        if given is not None:
            return given
        return read_regular_file(name, pipes=True)

    def digest(self, name: str) -> str:
        """Return the digest of a page's bytes at the first call.

        Raises OSError if its file cannot be read.
        """
        known = self._digests.get(name)
        if known is None:
            known = self._digests[name] = sha256(self.content(name)).hexdigest()
        return known


def path_below(start: str, path: Path | str) -> str:
    """Return the path relative to a folder, with `/`; empty if it is not below the folder.

    `start` is the absolute path of the folder, with a separator at its end.
    """
    full = os.path.abspath(path)  # noqa: PTH100
    return full.removeprefix(start).replace(os.sep, "/") if full.startswith(start) else ""
