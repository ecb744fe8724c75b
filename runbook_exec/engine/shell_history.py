"""Folds the events of a run into the state of its shell; a private store has the code of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..light_classes import dataclass, field
from ..shells.snapshot import StateChange, is_exported
from .bindings import MASK
from .events import Event, RunStarted, ShellChanged, StatementFinished, StatementStarted
from .ports import KeptShell, PastShell

_DIGEST = "digest:"


def make_digest(key: bytes, text: str) -> str:
    """Return a digest that proves nothing without the key; "" for it if there is no key."""
    if not key:
        return _DIGEST
    from hashlib import blake2b  # loads OpenSSL, which other hashes of a short run do without

    return _DIGEST + blake2b(text.encode("utf-8", "surrogateescape"), key=key, digest_size=16).hexdigest()


@dataclass(slots=True)
class ShellHistory:
    """The state of the shell after the events that were added."""

    _made: dict[str, str] = field(default_factory=dict)  # digests, in old journals code, by key
    _gone: set[str] = field(default_factory=set)
    _exported: set[str] = field(default_factory=set)
    _pending: list[ShellChanged] = field(default_factory=list)  # of the statement that has not finished
    _last: StatementFinished | None = None
    _last_good: StatementFinished | None = None
    _last_inside: StatementFinished | None = None  # if it ran inside another shell, and none after it

    def add(self, event: Event) -> None:
        """Fold an event."""
        match event:
            case RunStarted() | StatementStarted():
                self._pending.clear()  # of a statement that was cut off, and may run again
            case ShellChanged():
                self._pending.append(event)
            case StatementFinished():
                for change in self._pending:
                    self._apply(change)
                self._pending.clear()
                self._last_inside = event if event.inside else None
                if not event.inside:
                    self._last = event
                    self._last_good = self._last_good if event.problem else event

    def _apply(self, change: ShellChanged) -> None:
        gone, made = set(change.gone), set(change.made)
        self._made = {key: text for key, text in self._made.items() if key not in gone} | dict(change.made)
        self._gone = (self._gone | gone) - made
        exported = {key for key, text in change.made.items() if is_exported(text)}
        self._exported = (self._exported - gone - made) | set(change.exported) | exported

    def recall(self, kept: Iterable[KeptShell], key: bytes) -> PastShell:
        """Return the state of the shell, with the code that the private store has for it.

        `kept` are the states in the store, the newest first; `key` is that of the digests.
        """
        states = tuple(kept)
        known: dict[str, str] = {}
        lost: list[str] = []
        for name, text in self._made.items():
            code = _find_code(name, text, states, key)
            if code is None:
                lost.append(name)
            else:
                known[name] = code
        cwd, folder, is_hidden = self._find_cwd(states, key)
        last = self._last_good
        return PastShell(
            StateChange(known, tuple(sorted(self._gone))),
            tuple(lost),
            frozenset(self._exported),
            cwd,
            self._last.cwd if self._last else "",
            folder,
            is_hidden,
            last.pipestatus if last else (0,),
            last.status if last else 0,
            self._last_inside.inside if self._last_inside else "",
            self._last_inside.cwd if self._last_inside and MASK not in self._last_inside.cwd else "",
        )

    def _find_cwd(self, states: tuple[KeptShell, ...], key: bytes) -> tuple[str, str, bool]:
        """Return the working directory, its identity, and whether it is not known."""
        if self._last is None:
            return "", "", False
        cwd, digest = self._last.cwd, self._last.cwd_digest
        for state in states:
            if state.cwd and (state.cwd == cwd or (digest != "" and make_digest(key, state.cwd) == digest)):
                return state.cwd, state.folder, False
        return ("", "", True) if digest or MASK in cwd else (cwd, "", False)


@dataclass(slots=True)
class ShellHistories:
    """The state of each shell of a run after the events that were added, by its host."""

    _by_host: dict[str, ShellHistory] = field(default_factory=lambda: {"": ShellHistory()})

    def add(self, event: Event) -> None:
        """Fold an event into the history of its shell."""
        if isinstance(event, RunStarted):
            for history in self._by_host.values():
                history.add(event)
        elif isinstance(event, StatementStarted | ShellChanged | StatementFinished):
            self._by_host.setdefault(event.host or "", ShellHistory()).add(event)

    def recall(self, read_kept: Callable[[str], Iterable[KeptShell]], key: bytes) -> dict[str, PastShell]:
        """Return the state of each shell; `read_kept` reads what the private store has for a host."""
        return {host: history.recall(read_kept(host), key) for host, history in self._by_host.items()}


def _find_code(name: str, text: str, states: Iterable[KeptShell], key: bytes) -> str | None:
    if not text.startswith(_DIGEST):
        return text if MASK not in text else None
    codes = (state.definitions.get(name) for state in states)
    return next((code for code in codes if code is not None and make_digest(key, code) == text), None)
