"""Finds blocks with commands that no shell of ours runs: a reader has to run them elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ...shells.registry import OTHER_COMMANDS
from ...text.source import Source
from ..console import is_console
from ..markdown.elements import Element, Fence, IndentedCode

# languages of the prompts of databases
_DATABASES = (
    "sql", "psql", "plsql", "tsql", "mysql", "pgsql", "mongo", "mongosh", "mongodb", "redis", "cql", "kusto",
)  # fmt: skip

_COMMAND_LANGUAGES = frozenset((*OTHER_COMMANDS, *_DATABASES))


def find_foreign(source: Source, elements: Sequence[Element], executable: Collection[int]) -> Iterator[int]:
    """Yield the indices of these blocks: other languages of commands, and sessions without a language."""
    for index, element in enumerate(elements):
        if type(element) is Fence:
            if index in executable or element.quoted:
                continue
            words = element.info.lower().lstrip("{. ").split()
            language = words[0].rstrip("},") if words else ""
            if language in _COMMAND_LANGUAGES or (
                language in ("", "text", "plaintext", "plain", "output") and is_console(element.code.text, "")
            ):
                yield index
        elif type(element) is IndentedCode and is_console(
            source.text[element.span.start : element.span.end], ""
        ):
            yield index
