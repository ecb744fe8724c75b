"""Keeps the secrets and the shell state of a run in its private store, and reports where that fails."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ..engine.ports import KeptShell
from ..errors import reason
from ..journal.secret_store import SecretStore, find_secret_store, remove_abandoned

Notice = Callable[[str, str], None]  # a text, and its style


def open_secret_store(run: str, journal: Path) -> SecretStore | None:
    """Return where the secrets of a run are kept, after what other runs have abandoned there is removed."""
    store = find_secret_store(run, os.environ, str(journal))
    if store is not None:
        remove_abandoned(store.path.parent)
        store.load()  # of a run that is resumed
    return store


def make_value_keeper(
    store: SecretStore, notice: Notice
) -> Callable[[Mapping[str, str], Iterable[str]], None]:
    """Return a function that keeps secret values, and the tokens that output has shown."""

    def keep(values: Mapping[str, str], seen: Iterable[str]) -> None:
        try:
            store.keep(values, seen)
        except OSError as error:
            notice(f"cannot keep the secrets of this run in `{store.path}`: {reason(error)}", "yellow")

    return keep


def make_shell_keeper(store: SecretStore, notice: Notice) -> Callable[[KeptShell], None]:
    """Return a function that keeps the state of the shell."""

    def keep(shell: KeptShell) -> None:
        try:
            store.keep_shell(shell)
        except OSError as error:
            notice(f"cannot keep the shell state of this run in `{store.path}`: {reason(error)}", "yellow")

    return keep
