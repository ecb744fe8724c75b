"""Decides which of several terminals holds the keys of a run: one at a time."""

from __future__ import annotations


class KeyHolder:
    """The terminal whose keys count, and those that ask for the keys, in their order.

    Terminals are numbers. Only the holder gives the keys away, by its answer or by its end.
    """

    def __init__(self) -> None:
        self.holder: int | None = None
        self.asking: list[int] = []

    def ask(self, terminal: int) -> None:
        """Give a terminal the keys if nobody has them; else it asks the holder for them."""
        if self.holder is None:
            self.holder = terminal
        elif terminal != self.holder and terminal not in self.asking:
            self.asking.append(terminal)

    def grant(self, terminal: int) -> None:
        """Let the holder give the keys to the first that asks; from any other terminal this does nothing."""
        if terminal == self.holder and self.asking:
            self.holder = self.asking.pop(0)

    def refuse(self, terminal: int) -> None:
        """Let the holder keep the keys; the first that asks does not ask any more."""
        if terminal == self.holder and self.asking:
            self.asking.pop(0)

    def release(self, terminal: int) -> None:
        """Let the holder give the keys back: the first that asks gets them, or nobody."""
        if terminal == self.holder:
            self.holder = self.asking.pop(0) if self.asking else None

    def leave(self, terminal: int) -> None:
        """Forget a terminal; if it was the holder, it gives the keys back."""
        self.asking = [each for each in self.asking if each != terminal]
        self.release(terminal)
