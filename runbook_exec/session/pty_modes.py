"""Sets the modes of a pseudo-terminal between statements."""

from __future__ import annotations

import fcntl
import os
import termios
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias


class ShellMissing(Exception):
    """The shell's program is not on PATH."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


_PEER = 0x5441  # TIOCGPTPEER of Linux: opens the other end of a pseudo-terminal

Modes: TypeAlias = "list[int | list[bytes | int]]"  # in the form that termios uses


def starting_modes(fd: int, attended: bool) -> Modes:
    """Return the terminal modes that every statement starts with.

    If a person is present, line ends are translated and keys are echoed, as on any terminal. Otherwise
    neither is needed, and short lines pass faster without translation.
    """
    iflag, oflag, cflag, lflag, *rest = termios.tcgetattr(fd)
    iflag = (iflag | termios.ICRNL | termios.IXON | termios.BRKINT) & ~(termios.IGNCR | termios.INLCR)
    lflag |= termios.ICANON | termios.ISIG | termios.IEXTEN | termios.ECHOE | termios.ECHOK
    if attended:
        return [iflag, oflag | termios.OPOST | termios.ONLCR, cflag, lflag | termios.ECHO, *rest]
    return [iflag, oflag & ~termios.OPOST, cflag, lflag & ~termios.ECHO, *rest]


def make_ready(fd: int, modes: Modes, attended: bool) -> None:
    """Set the modes of a pseudo-terminal, if a program has changed them.

    If keys are typed, drop those that no program has read.
    """
    # Setting and dropping in one would wait for any program that prints, also a job in the background: its
    # output is not read between statements, so the wait could be endless.
    if termios.tcgetattr(fd) != modes:
        termios.tcsetattr(fd, termios.TCSANOW, modes)
    if attended and not drop_unread(fd):
        termios.tcsetattr(fd, termios.TCSAFLUSH, modes)


def find_read_limits(fd: int) -> tuple[bool, float]:
    """Return whether reads of a pseudo-terminal take lines, and the seconds after which each read ends.

    The seconds are 0 if it waits for ever.
    """
    _, _, _, lflag, _, _, special = termios.tcgetattr(fd)
    takes_lines = bool(lflag & termios.ICANON)
    is_limited = not takes_lines and special[termios.VMIN] == 0
    return takes_lines, max(int(special[termios.VTIME]) / 10, 0.1) if is_limited else 0.0


def drop_unread(fd: int) -> bool:
    """Drop the keys that were typed into a pseudo-terminal and not yet read.

    Returns False if the system cannot do that.
    """
    try:
        programs_end = fcntl.ioctl(fd, _PEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    termios.tcflush(programs_end, termios.TCIFLUSH)
    os.close(programs_end)
    return True
