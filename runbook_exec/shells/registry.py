"""The family of shells: a module for each, and what the languages written after a fence mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType


class _Family(Mapping[str, ModuleType]):
    """The shells by name; a module is imported when it is first asked for."""

    _names = ("fish", "bash", "zsh", "sh")

    def __getitem__(self, name: str) -> ModuleType:
        if name not in self._names:
            raise KeyError(name)
        return _import_shell(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


_MODULES = {"fish": ".fish", "bash": ".posix.bash", "zsh": ".posix.zsh", "sh": ".posix.sh"}


@cache
def _import_shell(name: str) -> ModuleType:
    return import_module(_MODULES[name], __package__)


SHELLS: Mapping[str, ModuleType] = _Family()


CONSOLE = "console"


# `sh` is taken at its word. `shell` and `shellscript` name no shell: people write them over text for bash.
# A session shows what was typed and what came back, in whatever shell its procedure runs.
LANGUAGES: Mapping[str, str] = {
    "fish": "fish",
    "bash": "bash",
    "shell": "bash",
    "shellscript": "bash",
    "zsh": "zsh",
    "sh": "sh",
    "console": CONSOLE,
    "shell-session": CONSOLE,
    "shellsession": CONSOLE,
    "sh-session": CONSOLE,
    "terminal": CONSOLE,
}


# What they mean: the languages that can run.
CANONICAL_LANGUAGES = frozenset(LANGUAGES.values())


# Which other shells' text a shell reads as it is meant.
READS: Mapping[str, frozenset[str]] = {"bash": frozenset(("sh",))}


def shell_name(text: str) -> str:
    """The name of a shell that can run a procedure; ValueError for anything else."""
    if text not in SHELLS:
        raise ValueError(f"expected one of {', '.join(f'`{shell}`' for shell in SHELLS)}, got `{text}`")
    return text
