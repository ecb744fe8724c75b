"""Reads the values of `--set-each FILE`: a CSV file with a row for each host."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...document.placeholders import parse_placeholder_name
from ...errors import Refused, reason
from .targets import Target

_HOST = "host"  # the title of the first column

_LARGEST = 1 << 24  # bytes of the file

HostValues = Mapping[str, Mapping[str, str]]  # by the name of the host, then of the placeholder


def read_host_values(path: str, targets: Sequence[Target]) -> HostValues:
    """Return the values of each host; an empty cell gives none. Raises Refused.

    The first line has the titles of the columns: `host`, and the names of placeholders. Rows of hosts that
    are no targets are left out.
    """
    names, rows = _read_rows(path)
    values = {host: dict(_pair(names, cells)) for host, cells in rows.items()}
    if missing := [target.name for target in targets if target.name not in values]:
        more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
        named = ", ".join(f"`{name}`" for name in missing[:8])
        raise Refused(f"`--set-each {path}`: expected a row for each host, found none for {named}{more}")
    return {target.name: values[target.name] for target in targets}


def _pair(names: Sequence[str], cells: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, cell) for name, cell in zip(names, cells, strict=True) if cell]


def _read_rows(path: str) -> tuple[list[str], dict[str, list[str]]]:
    """Return the names of the placeholders, and the cells of each host."""
    reader = csv.reader(io.StringIO(_read_text(path), newline=""), strict=True)
    names: list[str] = []
    rows: dict[str, list[str]] = {}
    try:
        for row in filter(any, reader):
            place = f"{path}:{reader.line_num}"
            if not names:
                names = _read_titles(row, place)
                continue
            host, *cells = row
            if len(cells) != len(names):
                raise Refused(
                    f"{place}: expected {len(names) + 1} cells as in the first line, got {len(row)}"
                )
            if host.strip() in rows:
                raise Refused(f"{place}: `{host.strip()}` has a row already")
            rows[host.strip()] = cells
    except csv.Error as error:
        raise Refused(f"{path}:{reader.line_num}: {error}") from None
    return names, rows


def _read_titles(row: Sequence[str], place: str) -> list[str]:
    first, *titles = (title.strip() for title in row)
    if first.lower() != _HOST or not titles:
        raise Refused(f"{place}: expected the titles `{_HOST}` and names of values, got `{','.join(row)}`")
    try:
        names = [parse_placeholder_name(title) for title in titles]
    except ValueError as error:
        raise Refused(f"{place}: {error}") from None
    if len(set(names)) < len(names):
        raise Refused(f"{place}: expected each name once, got `{','.join(row)}`")
    return names


def _read_text(path: str) -> str:
    try:
        with Path(path).expanduser().open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise Refused(f"`--set-each {path}`: expected at most {_LARGEST} bytes")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise Refused(f"`--set-each {path}`: cannot read the file: {reason(error)}") from None
    except ValueError:
        raise Refused(f"`--set-each {path}`: it is not UTF-8") from None
