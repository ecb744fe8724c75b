"""Holds the open ends of a live shell: its terminal, its FIFOs, and pending keys."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence

from ..errors import Refused, reason
from ..light_classes import dataclass
from ..shells.driver import CONTROL, REPORT, SNAPSHOT, Driver
from ..system.temporary_folders import find_temporary_folder
from .connections.base import Connection, TerminalProcess
from .hidden_input import HiddenInput
from .input_queue import InputQueue
from .noise import NoiseFilter
from .output_reader import OutputReader
from .report_reader import ReportReader
from .snapshot_reader import SnapshotReader

# opened read-only, it would end for poll and for read when the shell closes it
_FIFO = os.O_RDWR | os.O_NONBLOCK


@dataclass(slots=True)
class ShellLink:
    """A running shell, and the descriptors that connect it with us."""

    process: TerminalProcess
    control: int  # the FIFO that the shell reads statements from
    reports: ReportReader
    snapshot: SnapshotReader
    noise: NoiseFilter
    output: OutputReader
    typed: InputQueue
    hidden_input: HiddenInput
    _waits_to_send: bool = False  # whether a poll waits until the shell takes more bytes

    def make_poll(self) -> select.poll:
        """Return a poll for output, the statement's end, and the shell's."""
        poll = select.poll()
        for fd in (self.process.terminal, self.reports.fileno(), self.process.end_descriptor):
            if fd >= 0:
                poll.register(fd, select.POLLIN)
        return poll

    def send(self, pending: memoryview, poll: select.poll) -> memoryview:
        """Send as many bytes as the shell takes now; return the rest."""
        with contextlib.suppress(BlockingIOError):
            pending = pending[os.write(self.control, pending) :]
        if pending:
            self._waits_to_send = True
            poll.register(self.control, select.POLLOUT)
        elif self._waits_to_send:
            self._waits_to_send = False
            with contextlib.suppress(KeyError):  # it may have been another poll
                poll.unregister(self.control)
        return pending

    def count_unread(self, pending: memoryview) -> int:
        """Return how many bytes the shell has not read, sent or not."""
        unread = fcntl.ioctl(self.control, termios.FIONREAD, bytes(4))
        return len(pending) + int.from_bytes(unread, sys.byteorder)

    def has_ended(self, ready: dict[int, int]) -> bool:
        """Return whether the shell's process has ended; `ready` is the result of a poll."""
        end = self.process.end_descriptor
        return end in ready or (end < 0 and not self.process.is_alive())

    def write_typed(self, poll: select.poll) -> None:
        """Pass typed keys to the terminal, as many as it takes now."""
        left = self.typed.write_pending()
        poll.register(self.process.terminal, select.POLLIN | (select.POLLOUT if left else 0))

    def drain(self) -> list[bytes]:
        """Read the output printed before the report; the kernel holds less than a batch of it.

        Further output may never end, because a job in the background prints it.
        """
        found: list[bytes] = []
        for _ in range(2):  # the first read may only end a batch that was begun before
            if not self.output.read():
                break
            is_full = self.output.is_full
            if data := self.noise.feed(self.output.take()):
                found.append(data)
            if not is_full:
                break
        if data := self.noise.flush():
            found.append(data)
        return found

    def close(self) -> None:
        """End the shell and close the FIFOs."""
        self.process.close()
        self.reports.close()
        for fd in (self.control, self.snapshot.fd):
            os.close(fd)


@contextlib.contextmanager
def refuse_full_folder() -> Iterator[None]:
    """Raise Refused if the files, the terminal or the process of a session cannot be made."""
    try:
        yield
    except OSError as error:
        raise Refused(f"cannot start the shell: {_explain(error)}") from None


def _explain(error: OSError) -> str:
    """Return why a session cannot be made, and what to do about that."""
    number = error.errno
    if number in (errno.EMFILE, errno.ENFILE):
        return f"{reason(error)}; raise the limit with `ulimit -n`"
    if number in (errno.EAGAIN, errno.ENOMEM):
        return f"no process can be started: {reason(error)}; raise the limit with `ulimit -u`, or end others"
    if number is None:  # pexpect reports so that none can be opened
        return "no pseudo-terminal can be opened; check `/dev/ptmx`, `/dev/pts` and `ulimit -n`"
    if number != errno.ENOENT:
        with contextlib.suppress(OSError):  # the disk may be too full to try which folder it is
            where = find_temporary_folder()
            return f"no files can be made in `{where}`: {reason(error)}; name another folder in $TMPDIR"
    return "no files can be made in a temporary folder; name another in $TMPDIR"


def open_link(
    connection: Connection,
    driver: Driver,
    token: str,
    argv: Sequence[str],
    environ: Mapping[str, str],
    cwd: str | None,
    size: tuple[int, int],
) -> ShellLink:
    """Make the files and FIFOs of the shell in the session's folder, and start the shell."""
    folder = connection.folder()
    control, report, snapshot = (connection.open_fifo(name, _FIFO) for name in (CONTROL, REPORT, SNAPSHOT))
    for name, text in driver.files(driver.quote(folder), token).items():
        connection.write(name, text)
    standard_input = CONTROL if driver.from_input else None
    process = connection.open_terminal(
        argv, driver.environ(environ), cwd, size, standard_input, driver.is_muted
    )
    return ShellLink(
        process,
        control,
        ReportReader(report, token),
        SnapshotReader(snapshot),
        NoiseFilter(folder, environ.get("HOME", "")),
        OutputReader(process.terminal),
        InputQueue(process.terminal),
        HiddenInput(process.terminal),
    )
