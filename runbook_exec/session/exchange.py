"""Sends a message to the shell, and yields the output until the shell reports its end."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from ..shells.driver import Completion
from ..shells.live_shell import Done, Keyboard, Message, OutputChunk, Silence
from ..system.signals import allow_interrupts, hold_signals
from .input_queue import INTERRUPT
from .keyboard_wait import KeyboardWatch, KeyWait
from .link import ShellLink
from .termination import Terminator

_READ = 1.0  # seconds; a shell that reads nothing for so long counts as having read the whole message

_AT_FIRST, _SOON = 0.01, 0.002  # seconds to the first check whether it has, and between others

_TICK = 0.25  # seconds between checks of the clock and of the window's size

_READ_SNAPSHOT = 0.005  # seconds between reads of a snapshot, which a shell writes in many small pieces


class ExchangeOwner(Protocol):
    """The part of a session that an exchange needs."""

    on_sent: Callable[[], None]  # called when the shell has been sent the whole message

    on_wait: Callable[[], None]  # called when the statement has not ended within a moment

    def read_keys(self, keyboard: Keyboard) -> bytes:
        """Read the typed keys; returns b"" at their end."""

    def resize(self) -> None:
        """Give the terminal the size of the operator's window."""

    def is_told_to_end(self) -> bool:
        """Return whether a signal has told the whole run to end."""

    def mark_shaken(self) -> None:
        """Note that the shell may still drop the next bytes that it is sent."""

    def finish(self, report: Completion | None, exchange: Exchange) -> Done:
        """Return how the statement ended; there is no report if the shell is dead."""


class Exchange:
    """Sends a message and yields the output until its report.

    The fields hold the state in between. `gate_line` returns the line that makes the shell report, b"" if no
    message ends with one; `deadline` is a moment of the monotonic clock. A shell that runs something of
    `ours` is never killed.
    """

    def __init__(
        self,
        link: ShellLink,
        owner: ExchangeOwner,
        message: bytes,
        turn: int,
        gate_line: Callable[[bool], bytes],
        timeout: float | None,
        keyboard: Keyboard | None,
        ours: bool,
        shares_group: bool = False,
    ) -> None:
        self._link = link
        self._owner = owner
        self._turn = turn
        self._gate_line = gate_line
        self._keyboard = keyboard
        self._ours = ours  # an interrupt is not meant for it, and may wait for the next statement or question
        self._poll = link.make_poll()
        self._pending = memoryview(message)
        self._started = self._last_output = self._last_read = time.monotonic()
        self._terminator = Terminator(
            link.process,
            None if timeout is None else self._started + timeout,
            spares_shell=ours,
            shares_group=shares_group,
        )
        # ^C would make a shell drop a part of a message that it has not read completely, and run the rest.
        # Only the last line, which is the gate's, may remain unread until the statement has ended
        self._tail = len(gate_line(False))
        # without an operator nobody types what a program may wait for
        self._watch = None if keyboard or ours else KeyboardWatch(link.process, message, self._started)
        self._unread = len(message)
        self._next_check = _AT_FIRST
        self._is_read = False
        self._report: Completion | None = None
        self.interrupted = False
        self.typed_stop = False  # whether ^Z was typed
        self.key_wait: KeyWait | None = None  # the program that was ended because it waited for a key

    @property
    def timed_out(self) -> bool:
        """Return whether the deadline was enforced."""
        return self._terminator.timed_out

    def run(self) -> Iterator[Message]:
        """Send the message and yield the output; the last item is Done."""
        link = self._link
        while True:
            try:
                self._send()
                ready = self._wait()
                now = time.monotonic()
                if data := self._take_output(ready, now):
                    yield OutputChunk(data)
                self._take_report(ready)
                if self._report is None:
                    self._take_keys(ready)
                if self._report is not None or link.has_ended(ready):
                    for data in link.drain():
                        yield OutputChunk(data)
                    yield self._owner.finish(self._report, self)
                    return
                if not ready and self._is_read:
                    self._repeat_gate()
                    yield from self._report_silence(now)
                if self._is_read:
                    self._end_key_wait(now)
                    self._terminator.enforce_deadline(now)
            except KeyboardInterrupt:
                if not self._interrupt():
                    raise

    def _interrupt(self) -> bool:
        """Interrupt the statement; return False if that was done before, and it continues."""
        self._owner.mark_shaken()
        if self.interrupted:
            return False
        self.interrupted = True
        if self._owner.is_told_to_end():
            self._terminator.end()
        elif self._is_read and self._report is None:
            self._terminator.interrupt()
        return True

    def _end_key_wait(self, now: float) -> None:
        """End a program that waits for a key if there is no operator."""
        if self._watch and self._report is None and (found := self._watch.find_wait(now)):
            self.key_wait, self._watch = found, None
            self._terminator.end(is_idle=True)

    def _send(self) -> None:
        """Send as much as the shell takes, and check whether it has read all of the message."""
        if self._pending:
            with hold_signals():  # an interrupt here would cause sent bytes to be sent again
                self._pending = self._link.send(self._pending, self._poll)
            if not self._pending:
                self._owner.on_sent()
                return  # the shell has hardly begun to read, and most statements end before the next check
        if self._is_read:
            return
        if self._next_check == _AT_FIRST:
            self._next_check = _SOON
            self._owner.on_wait()
        before, self._unread = self._unread, self._link.count_unread(self._pending)
        if self._unread != before:
            self._last_read = time.monotonic()
        self._is_read = self._unread <= self._tail or time.monotonic() - self._last_read > _READ
        if self._is_read and self._keyboard:
            self._poll.register(self._keyboard.fileno(), select.POLLIN)
        if self._is_read and self.interrupted:
            self._terminator.interrupt()

    def _wait(self) -> dict[int, int]:
        """Wait a short time for the next event; return the result of a poll."""
        idle = self._is_read and self._report is None
        seconds = _TICK if idle else self._next_check
        if self._link.snapshot.is_open:
            seconds = min(seconds, _READ_SNAPSHOT)
        if self._ours:
            return dict(self._poll.poll(seconds * 1000))
        with allow_interrupts():
            return dict(self._poll.poll(seconds * 1000))

    def _take_output(self, ready: dict[int, int], now: float) -> bytes:
        """Return the output that is ready; a snapshot that is ready is read, too."""
        link, data = self._link, b""
        terminal = link.process.terminal
        if terminal in ready:
            if ready[terminal] & select.POLLOUT:
                link.write_typed(self._poll)
            if link.output.read():
                self._last_output = now
                data = link.output.take()
                if self._watch:
                    self._watch.add_output(data, now)
                data = link.noise.feed(data)
            elif link.output.hung_up:
                self._poll.unregister(terminal)
        if link.snapshot.is_open:
            link.snapshot.read()
        return data

    def _take_report(self, ready: dict[int, int]) -> None:
        """Read the report if it is ready."""
        if self._report is None and self._link.reports.fileno() in ready:
            with hold_signals():  # an interrupt here would cause an endless wait
                self._report = self._link.reports.read_completion(self._turn)

    def _take_keys(self, ready: dict[int, int]) -> None:
        """Pass the keys that the operator types to the terminal."""
        keyboard = self._keyboard
        if not keyboard or keyboard.fileno() not in ready:
            return
        keys = self._owner.read_keys(keyboard)
        if not keys:
            self._poll.unregister(keyboard.fileno())
            return
        self._link.hidden_input.add(keys)
        self._link.typed.add(keys)
        self._link.write_typed(self._poll)
        self.typed_stop |= b"\x1a" in keys
        self.interrupted |= INTERRUPT in keys

    def _repeat_gate(self) -> None:
        # ^C makes a shell drop the lines that it has read ahead, also those of the gate, and its report
        stopped = self.interrupted or self.timed_out or self.key_wait
        if stopped and self._tail and not self._link.count_unread(self._pending):
            self._pending = memoryview(self._gate_line(True))

    def _report_silence(self, now: float) -> Iterator[OutputChunk | Silence]:
        """Report that nothing has happened for a moment, and yield the held output."""
        self._owner.resize()
        if data := self._link.noise.flush():
            yield OutputChunk(data)
        if now - self._last_output >= _TICK:
            yield Silence(now - self._started)
