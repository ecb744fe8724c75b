"""Defines what a session needs of the machine that its shell runs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ...light_classes import NamedTuple
from ...system.process_tree import Member
from ...system.terminal_readers import Foreground


class ProcessEnd(NamedTuple):
    """How a process ended: its exit status, or the number of the signal that ended it."""

    status: int
    signal: int = 0


class TerminalProcess(Protocol):
    """A process that leads a session on its own pseudo-terminal."""

    @property
    def terminal(self) -> int:
        """Return the descriptor of our end of the pseudo-terminal; it does not block."""

    @property
    def end_descriptor(self) -> int:
        """Return a descriptor that is readable once the process has ended; -1 if there is none."""

    def is_alive(self) -> bool:
        """Return whether the process runs."""

    def wait(self) -> ProcessEnd:
        """Wait for the end of the process."""

    def resize(self, rows: int, columns: int) -> None:
        """Set the size of the pseudo-terminal."""

    def list_descriptors(self, highest: int) -> dict[int, str]:
        """Return what the file descriptors of the process from 3 on lead to.

        Those that it does not pass to programs are left out. The result is empty if that is unknown.
        """

    def find_own_group(self) -> int:
        """Return the process group of the process itself; raises OSError if it is gone."""

    def find_foreground_group(self) -> int:
        """Return the process group that has the terminal; raises OSError if none has."""

    def find_program(self) -> str:
        """Return the name of the program that the process runs now; "" if it is gone."""

    def inspect_foreground(self) -> Foreground:
        """Return what the programs that have the terminal wait for; raises OSError if none has it."""

    @property
    def shows_programs(self) -> bool:
        """Return whether `list_programs` works."""

    def list_programs(self) -> list[int]:
        """Return the programs that run in the process group of the process itself, without the process."""

    def find_members(self, group: int) -> dict[int, Member]:
        """Return the processes in a process group by their numbers.

        The result is empty where the system does not show them.
        """

    def signal_program(self, program: int, number: int) -> None:
        """Send a signal to a program of these lists; raises OSError if it is gone."""

    def signal(self, number: int) -> None:
        """Send a signal to the process; raises OSError if it is gone."""

    def signal_group(self, group: int, number: int) -> None:
        """Send a signal to a process group; raises OSError if it is gone."""

    def end_jobs(self, groups: Sequence[int]) -> None:
        """Hang up on process groups; all others continue when the process is closed."""

    def close(self) -> None:
        """End the process: hang up as when a terminal window is closed, and kill it if it stays."""


class Connection(Protocol):
    """A machine to run a shell on."""

    def folder(self) -> str:
        """Return the session's own folder there, which only its owner can read; the same at every call."""

    def write(self, name: str, text: str) -> None:
        """Write a file in the folder."""

    def identify_folder(self, path: str) -> str:
        """Return a text that no other folder there has at the same time; "" if there is none."""

    def open_fifo(self, name: str, flags: int) -> int:
        """Make a FIFO in the folder and open it."""

    def open_terminal(
        self,
        argv: Sequence[str],
        environ: Mapping[str, str],
        cwd: str | None,
        size: tuple[int, int],
        standard_input: str | None = None,
        is_muted: bool = False,
    ) -> TerminalProcess:
        """Start a program on a new pseudo-terminal of `size` rows and columns.

        Its standard input is the terminal, or the FIFO of that name. If it `is_muted`, its standard output is
        discarded until it opens another.
        """

    def close(self) -> None:
        """Remove the folder."""
