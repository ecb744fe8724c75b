"""What is exchanged with a shell while a statement runs: output, keys, its end, and the terminal's modes."""

from __future__ import annotations

import fcntl
import os
import termios


class ShellMissing(Exception):
    """The shell's program is not on PATH."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


_PEER = 0x5441  # TIOCGPTPEER of Linux: opens the other end of a pseudo-terminal

Modes = list[int | list[bytes | int]]  # as termios gives and takes them


def starting_modes(fd: int, attended: bool) -> Modes:
    """The terminal modes every statement starts with, whatever the one before left behind.

    Where a person looks on, lines are translated and echoed as any terminal does. Where nobody does,
    neither is wanted, and short lines pass many times faster untranslated.
    """
    iflag, oflag, cflag, lflag, *rest = termios.tcgetattr(fd)
    iflag = (iflag | termios.ICRNL | termios.IXON | termios.BRKINT) & ~(termios.IGNCR | termios.INLCR)
    lflag |= termios.ICANON | termios.ISIG | termios.IEXTEN | termios.ECHOE | termios.ECHOK
    if attended:
        return [iflag, oflag | termios.OPOST | termios.ONLCR, cflag, lflag | termios.ECHO, *rest]
    return [iflag, oflag & ~termios.OPOST, cflag, lflag & ~termios.ECHO, *rest]


def make_ready(fd: int, modes: Modes, attended: bool) -> None:
    """Set the modes of a pseudo-terminal; where keys are typed, what no program has read is dropped."""
    # Setting and dropping in one would wait for whoever is printing, which may be a job in the background:
    # as nobody reads what it prints between statements, that could be for ever.
    termios.tcsetattr(fd, termios.TCSANOW, modes)
    if attended and not drop_unread(fd):
        termios.tcsetattr(fd, termios.TCSAFLUSH, modes)


def drop_unread(fd: int) -> bool:
    """Drop what was typed into a pseudo-terminal and not yet read; whether that can be done, as on Linux."""
    try:
        programs_end = fcntl.ioctl(fd, _PEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    termios.tcflush(programs_end, termios.TCIFLUSH)
    os.close(programs_end)
    return True
