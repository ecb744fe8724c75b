"""The pages of one run of the linter: on the disk, or given."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..model import Runbook

_KEPT = 64  # pages that are kept while others may ask for them


class Pages(Mapping[Path, Runbook]):
    """The pages of one run of the linter, each read when it is asked for."""

    def __init__(self, paths: Sequence[str], given: Mapping[str, bytes]) -> None:
        self._paths = {Path(path): path for path in paths}
        self._given = given
        self._kept: OrderedDict[Path, Runbook] = OrderedDict()

    def __getitem__(self, path: Path) -> Runbook:
        known = self._kept.get(path)
        if known is None:
            from ..parse import parse

            name = self._paths[path]
            try:
                known = parse(self.content(name), name)
            except OSError:  # it has gone in the meantime
                known = parse(b"", name)
            self.keep(path, known)
        return known

    def keep(self, path: Path, runbook: Runbook) -> None:
        """Have a page at hand for some time."""
        self._kept[path] = runbook
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def content(self, name: str) -> bytes:
        """The page's bytes, given or on the disk; raises OSError."""
        given = self._given.get(name)
        return Path(name).read_bytes() if given is None else given

    def __iter__(self) -> Iterator[Path]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __contains__(self, path: object) -> bool:
        return path in self._paths
