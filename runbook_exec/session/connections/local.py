"""Connects to this machine. Only this module uses pexpect."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import pexpect

from ...errors import Refused, reason
from ...system import core_dumps
from ...system.descriptors import list_descriptors
from ...system.process_tree import Member, can_list_programs, find_members, find_program, list_programs
from ...system.processes import open_end_descriptor
from ...system.temporary_folders import TemporaryFolder
from ...system.terminal_readers import Foreground, find_terminal_reader
from .base import ProcessEnd

# Python ignores the first two signals, and a caller that starts us in the background may ignore others
_AS_AT_A_PROMPT = (
    signal.SIGPIPE,
    signal.SIGXFSZ,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGTSTP,
)


class _Terminal(Protocol):
    """The attributes of a pseudo-terminal that pexpect's types do not declare."""

    fileobj: BinaryIO
    fd: int
    closed: bool


class _Child(Protocol):
    """The attributes of a child that pexpect's types do not declare."""

    ptyproc: _Terminal
    child_fd: int
    closed: bool


class LocalProcess:
    """A process of this machine on a pseudo-terminal."""

    def __init__(self, child: pexpect.spawn[bytes]) -> None:
        self._child = child
        self.terminal: int = child.child_fd
        self._pid: int = child.pid or 0
        self._ends_jobs = True
        self.end_descriptor = open_end_descriptor(self._pid)
        os.set_blocking(self.terminal, False)

    def is_alive(self) -> bool:
        """Return whether the process runs."""
        return bool(self._child.isalive())

    def wait(self) -> ProcessEnd:
        """Wait for the end of the process."""
        if self.is_alive():
            self._child.wait()
        return ProcessEnd(int(self._child.exitstatus or 0), int(self._child.signalstatus or 0))

    def resize(self, rows: int, columns: int) -> None:
        """Set the size of the pseudo-terminal."""
        self._child.setwinsize(rows, columns)

    def list_descriptors(self, highest: int) -> dict[int, str]:
        """Return what the file descriptors of the process from 3 on lead to; {} if that is unknown."""
        return list_descriptors(self._pid, highest)

    def find_own_group(self) -> int:
        """Return the process group of the process itself; raises OSError if it is gone."""
        return os.getpgid(self._pid)

    def find_foreground_group(self) -> int:
        """Return the process group that has the terminal; raises OSError if none has."""
        group = os.tcgetpgrp(self.terminal)
        if group <= 0:  # killpg takes 0 for our own group
            raise ProcessLookupError
        return group

    def find_program(self) -> str:
        """Return the name of the program that the process runs now; "" if it is gone."""
        return find_program(self._pid)

    def inspect_foreground(self) -> Foreground:
        """Return what the programs that have the terminal wait for; raises OSError if none has it."""
        return find_terminal_reader(self._pid, self.find_foreground_group())

    @property
    def shows_programs(self) -> bool:
        """Return whether the system shows the programs of a process group."""
        return can_list_programs()

    def list_programs(self) -> list[int]:
        """Return the programs that run in the process group of the process itself, without the process."""
        return list_programs(self._pid, os.getpgid(self._pid))

    def find_members(self, group: int) -> dict[int, Member]:
        """Return the processes in a process group by their numbers."""
        return find_members(self._pid, group)

    def signal_program(self, program: int, number: int) -> None:
        """Send a signal to a program of these lists; raises OSError if it is gone."""
        os.kill(program, number)

    def signal(self, number: int) -> None:
        """Send a signal to the process; raises OSError if it is gone."""
        os.kill(self._pid, number)

    def signal_group(self, group: int, number: int) -> None:
        """Send a signal to a process group; raises OSError if it is gone."""
        os.killpg(group, number)

    def end_jobs(self, groups: Sequence[int]) -> None:
        """Hang up on process groups; all others continue when the process is closed."""
        self._ends_jobs = False
        for group in groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if group > 1 and os.getsid(group) == self._pid:
                    os.killpg(group, signal.SIGHUP)
                    os.killpg(group, signal.SIGCONT)  # a stopped process would not notice

    def close(self) -> None:
        """End the process: hang up as when a terminal window is closed, and kill it if it stays."""
        for wanted in (signal.SIGHUP, signal.SIGKILL):
            if not self.is_alive():
                break
            try:
                os.kill(self._pid, signal.SIGCONT)
                os.kill(self._pid, wanted)
            except ProcessLookupError:
                break
            until = time.monotonic() + 1.0
            while self.is_alive() and time.monotonic() < until:
                time.sleep(0.002)
        if self._ends_jobs:
            _hang_up(self._pid)
        if self.end_descriptor >= 0:
            os.close(self.end_descriptor)
        # `close` of pexpect waits a tenth of a second; left open, its file would close any descriptor
        # that has the terminal's number by the time it is collected
        child = cast("_Child", self._child)
        child.ptyproc.fileobj.close()
        child.ptyproc.closed = child.closed = True
        child.child_fd = child.ptyproc.fd = -1


class LocalConnection:
    """Connects to this machine.

    `inside` is the folder in which the session's own folder is made. `entered` is called in the new process,
    in its working directory, before the program is started.
    """

    def __init__(self, inside: str | None = None, entered: Callable[[], None] = lambda: None) -> None:
        self._inside = inside
        self._entered = entered
        self._folder: TemporaryFolder | None = None

    def folder(self) -> str:
        """Return the session's own folder, which only its owner can read.

        It is made at the first call.
        """
        if self._folder is None:
            self._folder = TemporaryFolder(inside=self._inside)
        return self._folder.path

    def write(self, name: str, text: str) -> None:
        """Write a file in the folder."""
        path = Path(self.folder(), name)
        path.touch(mode=0o600)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))

    def identify_folder(self, path: str) -> str:
        """Return the device and the inode of a folder; "" if it does not exist."""
        if not path:
            return ""
        try:
            found = os.stat(path)  # noqa: PTH116 - of a path that is asked for after each statement
        except OSError:
            return ""
        return f"{found.st_dev}:{found.st_ino}"

    def open_fifo(self, name: str, flags: int) -> int:
        """Make a FIFO in the folder and open it."""
        path = f"{self.folder()}/{name}"
        os.mkfifo(path, 0o600)
        return os.open(path, flags | os.O_CLOEXEC)

    def open_terminal(
        self,
        argv: Sequence[str],
        environ: Mapping[str, str],
        cwd: str | None,
        size: tuple[int, int],
        standard_input: str | None = None,
        is_muted: bool = False,
    ) -> LocalProcess:
        """Start a program on a new pseudo-terminal of `size` rows and columns.

        Raises Refused if it cannot start in `cwd`.
        """
        program, *arguments = argv

        def prepare() -> None:
            """Enter `cwd`, and set signals as at a prompt, and the input; called in the child.

            pexpect raises its errors here. With pexpect's own `cwd`, the child would run on in our program.
            """
            if cwd is not None:
                try:
                    os.chdir(cwd)
                except OSError as error:
                    raise RuntimeError(f"cannot start in `{cwd}`: {reason(error)}") from None
            for number in _AS_AT_A_PROMPT:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            core_dumps.allow_core_dumps()
            self._entered()
            if is_muted:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, 1)
                os.close(nowhere)
            if standard_input is not None:
                control = os.open(f"{self.folder()}/{standard_input}", os.O_RDWR)
                os.dup2(control, 0)
                os.close(control)

        try:
            child: pexpect.spawn[bytes] = pexpect.spawn(
                program,
                arguments,
                env=dict(environ),
                dimensions=size,
                echo=False,
                timeout=None,
                preexec_fn=prepare,
            )
        except RuntimeError as error:
            raise Refused(str(error)) from None
        return LocalProcess(child)

    def close(self) -> None:
        """Remove the folder."""
        if self._folder is not None:
            self._folder.remove()
            self._folder = None


def _hang_up(leader: int) -> None:
    """Hang up on every process of the session that `leader` led, like a closing terminal.

    bash does so for its background jobs itself; the other shells leave them running. Programs started with
    nohup or setsid keep running. Without /proc no process is found.
    """
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if pid != leader and os.getsid(pid) == leader:
                os.kill(pid, signal.SIGHUP)
                os.kill(pid, signal.SIGCONT)  # a stopped process would not notice
