"""Reads tables of a TOML file, and reports what is wrong in one with its line."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import Refused, reason
from ...system.regular_file import read_regular_file
from ...text.lazy_pattern import LazyPattern
from ...text.suggest import did_you_mean

_HEADER = LazyPattern(r"\s*\[\[?\s*([^\]#]+?)\s*\]\]?\s*(?:#.*)?")

_KEY = LazyPattern(r"""\s*("[^"]*"|'[^']*'|[\w-]+)\s*[=.]""")

_AT = LazyPattern(r"(.*) \(at line (\d+), column (\d+)\)")

_LARGEST = 1 << 20  # bytes


class TomlTable:
    """A table of a file, from which each key is taken once."""

    def __init__(
        self, file: TomlFile, name: str, number: int, values: Mapping[str, Any], within: str = ""
    ) -> None:
        self._file = file
        self._within = within  # the key of an inner table
        self._name = name
        self._number = number
        self._values = dict(values)
        self._known: list[str] = []

    def refuse(self, message: str, key: str = "") -> Refused:
        """Return the error about a key, or about the whole table."""
        line = self._file.find_line(self._name, self._number, self._within or key)
        return Refused(f"{self._file.path}:{line}: {message}")

    def take_text(self, key: str, default: str | None = None) -> str:
        """Return a text; one without a default must be there, and not be empty. Raises Refused."""
        value = self._take(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not value:
            raise self.refuse(f"`{key}`: expected a text, got {_describe(value)}", key)
        return value

    def take_texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, or a single one as a list; raises Refused."""
        value = self._take(key)
        values = [] if value is None else value if isinstance(value, list) else [value]
        if not all(isinstance(each, str) and each for each in values):
            raise self.refuse(f"`{key}`: expected a text or a list of texts, got {_describe(value)}", key)
        return tuple(values)

    def take_flag(self, key: str) -> bool:
        """Return true or false, which is the default; raises Refused."""
        value = self._take(key)
        if not isinstance(value, bool | None):
            raise self.refuse(f"`{key}`: expected true or false, got {_describe(value)}", key)
        return bool(value)

    def take_number(self, key: str, default: int) -> int:
        """Return a number from 1; raises Refused."""
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.refuse(f"`{key}`: expected a number from 1, got {_describe(value)}", key)
        return value

    def take_table(self, key: str) -> dict[str, tuple[str, ...]]:
        """Return a table of texts or lists of texts; raises Refused."""
        value = self._take(key)
        if value is not None and not isinstance(value, dict):
            raise self.refuse(f'`{key}`: expected a table such as {{ name = "value" }}', key)
        inner = TomlTable(self._file, self._name, self._number, value or {}, key)
        return {name: inner.take_texts(name) for name in value or {}}

    def finish(self) -> None:
        """Raise Refused if a key is left that nothing has asked for."""
        for key in self._values:
            known = ", ".join(f"`{each}`" for each in self._known)
            raise self.refuse(
                f"unknown key `{key}`{did_you_mean(key, self._known) or f'; known are {known}'}", key
            )

    def _take(self, key: str) -> Any:
        self._known.append(key)
        return self._values.pop(key, None)


class TomlFile:
    """A file of tables."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises Refused."""
        self.path = path
        try:
            self._text = read_regular_file(path, _LARGEST).decode("utf-8")
            self._values = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            found = _AT.fullmatch(str(error))
            line, why = (found[2], found[1]) if found else (str(self._count_lines()), str(error))
            raise Refused(f"{path}:{line}: {why[:1].lower()}{why[1:]}") from None
        except RecursionError:
            raise Refused(f"`{path}`: expected a table, and no deep nesting") from None
        except UnicodeDecodeError:
            raise Refused(f"`{path}`: expected text in UTF-8") from None
        except OSError as error:
            raise Refused(f"cannot read `{path}`: {reason(error)}") from None

    def list_tables(self, name: str) -> Iterator[TomlTable]:
        """Yield the tables under `[[name]]`; raises Refused."""
        tables = self._values.pop(name, [])
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            raise Refused(f"{self.path}:{self.find_line(name, 0)}: expected tables `[[{name}]]`")
        for number, values in enumerate(tables):
            yield TomlTable(self, name, number, values)

    def list_named(self, name: str) -> Iterator[tuple[str, TomlTable]]:
        """Yield the tables under `[name.NAME]` with their names; raises Refused."""
        tables = self._values.pop(name, {})
        if not isinstance(tables, dict) or not all(isinstance(each, dict) for each in tables.values()):
            raise Refused(f"{self.path}:{self.find_line(name, 0)}: expected tables `[{name}.NAME]`")
        for each, values in tables.items():
            yield each, TomlTable(self, f"{name}.{each}", 0, values)

    def finish(self) -> None:
        """Raise Refused if a table is left that nothing has asked for."""
        for key in self._values:
            raise Refused(f"{self.path}:{self.find_line(key, 0, key)}: unknown table `{key}`")

    def find_line(self, table: str, number: int, key: str = "") -> int:
        """Return the line of a key in the table with this name and number, or else that of the table."""
        seen, found, inside = -1, 1, False
        for line, text in enumerate(self._text.split("\n"), 1):
            header = _HEADER.fullmatch(text)
            name = _remove_quotes(header[1]) if header else ""
            if header and not name.startswith(f"{table}."):
                seen += name == table
                inside = name == table and seen == number
                found = line if inside else found
            elif header:
                if inside and name == f"{table}.{key}":
                    return line
            elif key and (inside or not table) and (at := _KEY.match(text)) and at[1].strip("\"'") == key:
                return line
        return found

    def _count_lines(self) -> int:
        return self._text.rstrip("\n").count("\n") + 1


def _remove_quotes(name: str) -> str:
    return "".join(name.replace('"', "").replace("'", "").split())


def _describe(value: object) -> str:
    if value is None:
        return "nothing"
    return f"`{value}`" if isinstance(value, str | int | float) else f"a {type(value).__name__}"
