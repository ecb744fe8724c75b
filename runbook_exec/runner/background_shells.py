"""Opens the shells of statements that go on in the background, and closes them with the run."""

from __future__ import annotations

from collections.abc import Callable

from ..engine.ports import Keyboard
from ..light_classes import dataclass, field
from ..session.background import BackgroundSession


@dataclass(slots=True)
class BackgroundShells:
    """The shells that a run has opened beside its own."""

    shell: str
    clean: bool  # whether the user's configuration is left out
    cwd: str | None
    keyboard: Keyboard | None
    on_word: Callable[[str], None] = lambda word: None  # called with a word that is typed unseen
    _opened: list[BackgroundSession] = field(default_factory=list)

    def open(self) -> BackgroundSession:
        """Return a new shell."""
        session = BackgroundSession(self.shell, clean=self.clean, cwd=self.cwd, keyboard=self.keyboard)
        session.hidden_input.on_word = self.on_word
        self._opened.append(session)
        return session

    def close(self) -> None:
        """End everything that still runs in them."""
        for session in self._opened:
            session.ask_to_end()
        for session in self._opened:
            session.wait_for_end()
            session.close()
