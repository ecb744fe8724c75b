"""Keeps shells of their own for statements that go on while the run does."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..engine.ports import Keyboard
from ..light_classes import dataclass, field
from ..text.lazy_pattern import LazyPattern
from .session import Session

if TYPE_CHECKING:
    from threading import Thread

_TO_BACKGROUND = b"\x1a"  # ^Z

_MOST = 1 << 20  # bytes of output between two calls of `take_output`

_PATIENCE = 3.0  # seconds that the end of a killed program may take

# seconds a program is given after SIGTERM, and the next signals: ^C also ends a loop of the shell itself
_WAYS = ((0.5, signal.SIGINT), (2.5, signal.SIGKILL))

_TICK = 1.0  # seconds between checks that no descriptor makes


# what a shell prints when its program was ended by a signal
_NOTICE = LazyPattern(
    rb"\r?\n?(?:zsh: )?(?:terminated|killed)\b[^\n]*\r?\n?\Z|(?:^|\n)fish: Job [^\n]*terminated[^\n]*\s*\Z",
    re.IGNORECASE,
)


class BackgroundSession(Session):
    """A session whose statement can be left running: a thread then reads its output.

    The program has a terminal of its own, so that the output of later statements is apart from its own, their
    ^C spares it, and the end of this process hangs up on it.
    """

    is_sent_away = False  # whether the operator has sent the statement to the background
    _reader: Thread | None = None
    _status: int | None = None
    _is_ending = False  # whether it was sent a signal to end
    _dropped = 0  # bytes of output that were too many

    def read_keys(self, keyboard: Keyboard) -> bytes:
        """Read the typed keys; ^Z is not for the program."""
        data = super().read_keys(keyboard)
        if _TO_BACKGROUND in data:
            self.is_sent_away = True
        return data.partition(_TO_BACKGROUND)[0]

    def leave(self) -> None:
        """Let the running statement go on, and read its output from now on."""
        import threading  # most runs leave no statement running

        self._printed = bytearray()
        self._lock = threading.Lock()
        self._wake = os.pipe()
        self._reader = threading.Thread(target=self._read_output, daemon=True)
        # the signals of the program are for its main thread
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self._reader.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def take_output(self) -> bytes:
        """Return what the statement has printed since the last call; of very much, the end."""
        with self._lock:
            data, dropped = bytes(self._printed), self._dropped
            self._printed.clear()
            self._dropped = 0
        if self._is_ending:
            data = _NOTICE.sub(b"", data)
        return (f"… {dropped} bytes left out …\n".encode() if dropped else b"") + data

    def find_status(self) -> int | None:
        """Return the exit status of the statement if it has ended by itself."""
        return self._status

    def ask_to_end(self, number: int = signal.SIGTERM) -> None:
        """Send a signal to every program of the statement."""
        if not self._folder:
            return  # it is closed
        process, self._is_ending = self._link.process, True
        with contextlib.suppress(OSError):
            group = process.find_foreground_group()
            if group != process.find_own_group():
                process.signal_group(group, number)
                return
        for program in process.list_programs() if process.shows_programs else ():
            with contextlib.suppress(OSError):
                process.signal_program(program, number)

    def wait_for_end(self) -> None:
        """Wait until the statement has ended; one that does not end is killed."""
        if self._reader is None:
            return
        for seconds, number in _WAYS:
            self._reader.join(seconds)
            if not self._reader.is_alive():
                return
            self.ask_to_end(number)
        with contextlib.suppress(OSError):
            self._link.process.signal(signal.SIGKILL)  # a loop of the shell itself
        self._reader.join(_PATIENCE)

    def close(self) -> None:
        """End the statement and the shell."""
        reader, self._reader = self._reader, None
        if reader is not None:
            if reader.is_alive():
                self.ask_to_end(signal.SIGKILL)
            os.write(self._wake[1], b"x")
            reader.join()
            for descriptor in self._wake:
                os.close(descriptor)
        super().close()

    def _read_output(self) -> None:
        """Read the output until the statement ends, or `close` is called; this is the thread."""
        link, woken = self._link, self._wake[0]
        terminal, reports = link.process.terminal, link.reports.fileno()
        poll = link.make_poll()
        poll.register(woken)
        while True:
            ready = dict(poll.poll(_TICK * 1000))
            if woken in ready:
                return
            if terminal in ready:
                if link.output.read():
                    self._add(link.noise.feed(link.output.take()))
                elif link.output.hung_up:
                    poll.unregister(terminal)
            report = link.reports.read_completion(self._turn) if reports in ready else None
            if report is not None or link.has_ended(ready):
                for data in link.drain():
                    self._add(data)
                end = link.process.wait() if report is None else None
                self._status = report.status if report else (128 + end.signal if end and end.signal else 1)
                return
            if not ready:
                self._add(link.noise.flush())

    def _add(self, data: bytes) -> None:
        with self._lock:
            self._printed += data
            surplus = len(self._printed) - _MOST
            if surplus > 0:
                line = self._printed.find(b"\n", surplus - 1) + 1
                self._dropped += line or surplus
                del self._printed[: line or surplus]


@dataclass(slots=True)
class BackgroundShells:
    """The shells that a run has opened beside its own."""

    clean: bool  # whether the user's configuration is left out
    keyboard: Keyboard | None
    on_word: Callable[[str], None]  # called with a word that is typed unseen
    _opened: list[BackgroundSession] = field(default_factory=list)

    def open(self, shell: str) -> BackgroundSession:
        """Return a new shell."""
        session = BackgroundSession(shell, clean=self.clean, keyboard=self.keyboard)
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
