"""Keeps the shells of a run: one for each host that its statements run on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...light_classes import dataclass, field
from ..events import Event
from ..shell_io import ShellIO


@dataclass(slots=True)
class ShellPool:
    """The shells of a run: one for each host that its statements run on."""

    make: Callable[[str], ShellIO]
    opened: dict[str, ShellIO] = field(default_factory=dict)

    def get(self, host: str) -> ShellIO:
        """Return the shell on a host; "" is this machine."""
        if host not in self.opened:
            self.opened[host] = self.make(host)
        return self.opened[host]

    def end_shells(self) -> Iterator[Event]:
        """Let all shells exit; report the output of their traps."""
        for io in self.opened.values():
            yield from io.end_shell()
