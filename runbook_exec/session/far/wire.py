"""Connects the far end of a session: its frames outlive the connection that carries them.

This module runs on the far host, with Python 3.9.
"""

from __future__ import annotations

import contextlib
import os
import queue
import select
import socket
import threading
import time
from collections.abc import Callable

from .frames import (
    CONFIRM,
    HELLO,
    INTERRUPT,
    KEYS,
    QUIT,
    WINDOW,
    FarFrame,
    FrameLedger,
    FrameParser,
    encode_frame,
    unpack,
)
from .statement_end import StatementEnd

_MOST_KEPT = 16 << 20  # bytes that are kept for the near end; then the statement waits

_AT_ONCE = 1 << 16  # bytes read at once

_QUIET = 30.0  # seconds without a sign of the near end, while a statement runs, that count as a cut


class Wire:
    """Sends and receives frames in a thread of its own, over one connection after the other.

    `requests` has what the session is to do. `on_quit` is called, in that thread, when the session is to end
    at once, and `on_interrupt` to interrupt its statement; its argument is whether the whole run ends.
    """

    def __init__(
        self, given: int, taken: int, bridge: Callable[[], None], on_quit: Callable[[], None]
    ) -> None:
        """Take the descriptors of the first connection; `bridge` ends the process that holds them."""
        self.requests: queue.Queue[FarFrame] = queue.Queue()
        self.keys, self._typed = os.pipe()
        for end in (self.keys, self._typed):
            os.set_blocking(end, False)
        self.size = (24, 80)
        self.patience = 600.0  # seconds without a connection after which the session ends
        self.report = StatementEnd()
        self.on_interrupt: Callable[[bool], None] = lambda ends: None
        self._on_quit = on_quit
        self._lock = threading.Condition()
        self._ledger = FrameLedger()
        self._parser = FrameParser()
        self._given, self._taken, self._bridge = given, taken, bridge
        self._out = bytearray()  # for this connection, and not yet written
        self._is_ready = False  # whether the near end has said hello on this connection
        self._is_abandoned = False
        self._heard = time.monotonic()
        self._listener: socket.socket | None = None
        self._woken, self._wake = os.pipe()
        for fd in (given, taken, self._woken, self._wake):
            os.set_blocking(fd, False)
        self._turn = 0  # the number of the last request that was begun
        self._is_busy = False  # whether it is still being done
        self._unread = bytearray()  # keys that the session has not taken yet
        self._ahead: list[FarFrame] = []  # keys and interrupts of a request that has not begun
        threading.Thread(target=self._loop, daemon=True).start()

    def listen(self, listener: socket.socket) -> None:
        """Accept further connections."""
        self._listener = listener
        self._wake_up()

    def send(self, kind: bytes, content: bytes) -> None:
        """Send a frame, now or over a later connection; wait if too much is kept."""
        with self._lock:
            while self._ledger.kept_bytes > _MOST_KEPT and not self._is_abandoned:
                self._lock.wait(1.0)
            if self._is_abandoned:
                return
            data = encode_frame(self._ledger.add(kind, content))
            if not self._is_ready:
                return
            if not self._out:
                with contextlib.suppress(OSError):
                    data = data[os.write(self._taken, data) :]
            self._out += data
            if not self._out:
                return
        self._wake_up()

    def begin(self, number: int) -> None:
        """Note that a request is being done: keys and interrupts that name it are for it."""
        with self._lock:
            with contextlib.suppress(BlockingIOError):
                while os.read(self.keys, _AT_ONCE):
                    pass  # typed for a request that has ended
            self._unread.clear()
            self._turn, self._is_busy = number, True
            ahead, self._ahead = self._ahead, []
            self._heard = time.monotonic()
        for frame in ahead:
            self._pass_on(frame)

    def finish(self) -> None:
        """Note that the request has been done."""
        with self._lock:
            self._is_busy = False

    @property
    def is_abandoned(self) -> bool:
        """Return whether no near end has come back in time."""
        return self._is_abandoned

    def flush(self, seconds: float) -> None:
        """Wait until everything is written, for at most so long."""
        until = time.monotonic() + seconds
        while self._is_ready and self._out and time.monotonic() < until:
            time.sleep(0.005)

    # in the thread ---------------------------------------------------------------------------------------

    def _wake_up(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake, b"w")

    def _loop(self) -> None:
        while True:
            self._wait()
            lost = self._given < 0 or (self._is_busy and time.monotonic() - self._heard > _QUIET)
            if not lost and self._given >= 0:
                continue
            if time.monotonic() - self._heard > self.patience and not self._is_abandoned:
                with self._lock:
                    self._is_abandoned = True
                    self._lock.notify_all()
                self.requests.put(FarFrame(QUIT, 0, b""))  # after the statement that runs

    def _wait(self) -> None:
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        if self._listener:
            poll.register(self._listener.fileno(), select.POLLIN)
        if self._unread:
            poll.register(self._typed, select.POLLOUT)
        if self._given >= 0:
            poll.register(self._given, select.POLLIN)
            if self._out:
                poll.register(self._taken, select.POLLOUT)
        ready = dict(poll.poll(1000))
        if self._woken in ready:
            os.read(self._woken, _AT_ONCE)
        if self._typed in ready:
            self._write_keys()
        if self._listener and self._listener.fileno() in ready:
            self._accept(self._listener)
            return
        if self._taken in ready:
            self._write()
        if self._given in ready:
            self._read()

    def _accept(self, listener: socket.socket) -> None:
        """Take a new connection in the place of the old one, or the message that a new session begins."""
        connection, _ = listener.accept()
        connection.settimeout(5.0)
        try:
            message, fds, _, _ = socket.recv_fds(connection, 1, 2)
        except OSError:
            message, fds = b"", []
        if message == b"Q":
            self._on_quit()
        if message == b"R":
            self.report.answer(connection)
        elif len(fds) != 2:
            connection.close()
        if len(fds) != 2:
            return
        self._drop()
        with self._lock:
            self._given, self._taken = fds
            self._bridge = connection.close
            self._heard = time.monotonic()
        for fd in fds:
            os.set_blocking(fd, False)

    def _drop(self) -> None:
        """Give the connection up; the process that held it ends."""
        with self._lock:
            self._is_ready = False
            self._out.clear()
            self._parser = FrameParser()
            if self._given < 0:
                return
            os.close(self._given)
            os.close(self._taken)
            self._given = self._taken = -1
            self._heard = time.monotonic()
            self._bridge()

    def _write(self) -> None:
        with self._lock:
            try:
                del self._out[: os.write(self._taken, self._out[: 4 * _AT_ONCE])]
            except BlockingIOError:
                return
            except OSError:
                self._out.clear()  # the reading end notices too

    def _read(self) -> None:
        try:
            data = os.read(self._given, _AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._heard = time.monotonic()
        if not data:
            self._drop()
            return
        for frame in self._parser.feed(data):
            self._take(frame)

    def _take(self, frame: FarFrame) -> None:
        if frame.kind in (HELLO, CONFIRM):
            with self._lock:
                self._ledger.confirm(int(frame.content))
                self._lock.notify_all()
                if frame.kind == HELLO:
                    self._out += self._ledger.make_hello()
                    for kept in self._ledger.list_kept():
                        self._out += encode_frame(kept)
                    self._is_ready = True
        elif self._ledger.accept(frame):
            if frame.kind == WINDOW:
                facts, _ = unpack(frame.content)
                self.size = (int(str(facts["rows"])), int(str(facts["columns"])))
            elif frame.kind in (KEYS, INTERRUPT):
                self._pass_on(frame)
            else:
                self.requests.put(frame)
                if frame.kind == QUIT:
                    self._on_quit()

    def _pass_on(self, frame: FarFrame) -> None:
        """Give keys or an interrupt to the request that they are for; to none if it has ended."""
        facts, data = unpack(frame.content)
        number = int(str(facts["for"]))
        with self._lock:
            if number > self._turn:
                self._ahead.append(frame)
            if number != self._turn or not self._is_busy:
                return
        if frame.kind == INTERRUPT:
            self.on_interrupt(bool(facts["ends"]))
            return
        with self._lock:
            self._unread += data
        self._write_keys()

    def _write_keys(self) -> None:
        with self._lock, contextlib.suppress(BlockingIOError):
            while self._unread:
                del self._unread[: os.write(self._typed, self._unread[:_AT_ONCE])]
