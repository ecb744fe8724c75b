"""Remembers what shells said about scripts: while a page is edited, most of its blocks stay the same."""

from __future__ import annotations

from collections.abc import Sequence

from ..lint.facts.shell_check import ask_shell
from ..shells.base import Complaint

_MOST = 5000  # scripts


class ShellMemory:
    """Asks the shells only about scripts that it has not asked about."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], Complaint | None] = {}

    def ask(self, shell: str, scripts: Sequence[str], option_code: str) -> Sequence[Complaint | None]:
        """Return the complaint of a shell about each script. Raises FileNotFoundError without the shell."""
        keys = [(shell, option_code, script) for script in scripts]
        unknown = list(dict.fromkeys(key for key in keys if key not in self._known))
        if unknown:
            if len(self._known) + len(unknown) > _MOST:
                self._known.clear()
                unknown = list(dict.fromkeys(keys))
            complaints = ask_shell(shell, [script for _, _, script in unknown], option_code)
            self._known.update(zip(unknown, complaints, strict=False))
        return [self._known.get(key) for key in keys]
