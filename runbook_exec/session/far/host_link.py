"""Connects to the far end of a session over ssh, again if the connection is lost."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator

from ...system.signals import allow_interrupts
from .bootstrap import COMMAND, GREETING, build_first_program, build_next_program
from .frames import CONFIRM, HELLO, FarFrame, FrameLedger, FrameParser, encode_frame
from .ssh import SshProcess, find_options, start_ssh

_AT_ONCE = 1 << 18  # bytes read at once

_UNCONFIRMED = 1 << 18  # bytes after which the far end is told that they have come

_LONGEST = 1 << 16  # bytes before the greeting, such as those of a login script, that are searched

_ERRORS = 4000  # bytes of what ssh prints that are kept

_CLOSING = 2.0  # seconds in which ssh must end by itself


class ConnectionCut(Exception):
    """The connection has ended."""


class HostLost(Exception):
    """The far end cannot be reached, or its session is gone; the message says why."""

    def __init__(self, message: str, is_final: bool = True) -> None:
        super().__init__(message)
        self.is_final = is_final  # whether another attempt is in vain


class PythonMissing(HostLost):
    """The host is there, but has no Python that runs the far end."""


class HostLink:
    """Sends frames to the far end and receives its frames, over one ssh after the other."""

    def __init__(self, host: str, shell: str, attended: bool) -> None:
        self.host = host
        self.address = ""  # of the socket of the far end, once it is known
        self._shell = shell
        self._attended = attended
        self._options: tuple[str, ...] | None = None
        self._ledger = FrameLedger()
        self._parser = FrameParser()
        self._ssh: SshProcess | None = None
        self._out = bytearray()
        self._is_ready = False  # whether the far end has said hello on this connection
        self._errors = b""  # the end of what ssh has printed
        self._unconfirmed = 0

    def connect(self) -> Iterator[bytes]:
        """Connect, and yield what ssh prints meanwhile; raises HostLost."""
        self.cut()
        again = self.address != ""
        if self._options is None:
            self._options = find_options(self.host)
        try:
            self._ssh = start_ssh(self.host, self._options, COMMAND, attended=self._attended, again=again)
        except OSError as error:
            raise HostLost(f"cannot start `ssh`: {error.strerror}; install OpenSSH's client") from None
        program = build_next_program(self.address) if again else build_first_program(self._shell)
        self._out += program + self._ledger.make_hello()
        yield from self._read_greeting(self._ssh)

    def _read_greeting(self, ssh: SshProcess) -> Iterator[bytes]:
        printed = b""
        while True:
            self._write()
            poll = self._make_poll()
            with allow_interrupts():
                ready = dict(poll.poll(1000))
            if ssh.errors in ready and (data := self._read_errors()):
                yield data
            if ssh.taken not in ready:
                continue
            data = _read(ssh.taken) or b""
            printed += data
            _, found, rest = printed.partition(GREETING)
            word, end, rest = rest.partition(b"\n")
            if found and end:
                if word != b"ready":
                    self.cut()
                    raise _explain(self.host, word)
                self._errors = b""
                self._early = rest
                return
            if not data or len(printed) > _LONGEST:
                while data := self._read_errors():
                    yield data
                reason = self._describe_errors()
                self.cut()
                raise HostLost(f"cannot connect to `{self.host}`{reason}", is_final=False)

    def send(self, kind: bytes, content: bytes) -> int:
        """Send a frame, now or over a later connection; returns its number."""
        frame = self._ledger.add(kind, content)
        if self._is_ready:
            self._out += encode_frame(frame)
            self._write()
        return frame.number

    def confirm(self) -> None:
        """Tell the far end what has come; that is also a sign of life."""
        self._unconfirmed = 0
        if self._is_ready:
            self._out += self._ledger.make_confirmation()
            self._write()

    def wait(self, seconds: float, keyboard: int, *, interruptible: bool) -> tuple[list[FarFrame], bool]:
        """Wait for frames, and return them, and whether keys were typed; raises ConnectionCut."""
        ssh = self._ssh
        if ssh is None:
            raise ConnectionCut
        data: bytes | None = self._early
        self._early = b""
        typed = False
        if not data:
            self._write()
            poll = self._make_poll()
            if keyboard >= 0:
                poll.register(keyboard, select.POLLIN)
            if interruptible:
                with allow_interrupts():
                    ready = dict(poll.poll(seconds * 1000))
            else:
                ready = dict(poll.poll(seconds * 1000))
            typed = keyboard in ready
            if ssh.errors in ready:
                self._read_errors()
            data = _read(ssh.taken) if ssh.taken in ready else None
        if data == b"":
            self.cut()
            raise ConnectionCut
        return list(self._take(data or b"")), typed

    _early = b""  # bytes that came with the greeting

    def _take(self, data: bytes) -> Iterator[FarFrame]:
        for frame in self._parser.feed(data):
            if frame.kind in (HELLO, CONFIRM):
                self._ledger.confirm(int(frame.content))
                if frame.kind == HELLO:
                    self._is_ready = True
                    for kept in self._ledger.list_kept():
                        self._out += encode_frame(kept)
                    self._write()
            elif self._ledger.accept(frame):
                self._unconfirmed += len(frame.content)
                yield frame
        if self._unconfirmed > _UNCONFIRMED:
            self.confirm()

    def _make_poll(self) -> select.poll:
        poll = select.poll()
        if self._ssh:
            poll.register(self._ssh.taken, select.POLLIN)
            poll.register(self._ssh.errors, select.POLLIN)
            if self._out:
                poll.register(self._ssh.given, select.POLLOUT)
        return poll

    def _write(self) -> None:
        while self._out and self._ssh:
            try:
                del self._out[: os.write(self._ssh.given, self._out[:_AT_ONCE])]
            except BlockingIOError:
                return
            except OSError:
                self._out.clear()  # the reading end notices too

    def _read_errors(self) -> bytes:
        data = _read(self._ssh.errors) if self._ssh else b""
        self._errors = (self._errors + (data or b""))[-_ERRORS:]
        return data or b""

    def _describe_errors(self) -> str:
        lines = [line.strip() for line in self._errors.decode("utf-8", "replace").splitlines()]
        last = next((line for line in reversed(lines) if line), "")
        return f": {last.removesuffix('.')}" if last else ""

    def cut(self) -> None:
        """Give the connection up, without a word."""
        if self._ssh:
            self._ssh.close(0.0)
        self._ssh, self._is_ready, self._early = None, False, b""
        self._parser = FrameParser()
        self._out.clear()

    def close(self) -> None:
        """Send what is left, and end the connection."""
        ssh = self._ssh
        if ssh is None:
            return
        for _ in range(int(_CLOSING * 10)):
            self._write()
            if not self._out and _read(ssh.taken) == b"":
                break
            poll = self._make_poll()
            poll.unregister(ssh.errors)
            poll.poll(100)
        self._ssh = None
        ssh.close(_CLOSING)


def _read(fd: int) -> bytes | None:
    """Return what can be read now, b"" at the end, None if nothing has come."""
    try:
        return os.read(fd, _AT_ONCE)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _explain(host: str, word: bytes) -> HostLost:
    if word == b"none":
        return PythonMissing(f"`{host}` has no Python 3.9 or newer")
    return HostLost(f"the session on `{host}` is gone")
