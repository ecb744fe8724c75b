"""Keeps the terminal of a statement that has opened another shell, and types into that shell."""

from __future__ import annotations

import select
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..exchange import Exchange
from ..input_queue import INTERRUPT
from ..keyboard_wait import KeyboardWatch, KeyWait
from ..termination import Terminator
from .queries import TAIL, find_answer

_QUIT = b"\x1c"  # ^\ ends most programs that ignore ^C

_PATIENCE = 3.0  # seconds that a program is given after ^C, and again after ^\

_SHORT_PATIENCE = 1.0  # for a program that only waits


class OpenerExchange(Exchange):
    """The exchange of a statement that opens another shell.

    Between `begin` and `end`, a statement runs inside: what the operator types goes to it from `pass_keys`
    on, and an interrupt is typed, because a signal would end the program that has opened the shell.
    """

    _is_inside = False
    _is_opening = True  # whether a program is running that may become a shell
    _seen = b""  # the end of the output that was searched for queries
    _keys: bytearray | None = None  # those that wait for the statement to begin
    _inner_deadline: float | None = None
    _pushes = 0  # how often the statement inside was told to end
    inner_timed_out = False
    inner_interrupted = False
    inner_stopped = False  # whether ^Z was typed

    @property
    def is_attended(self) -> bool:
        """Return whether an operator is at the terminal."""
        return self._keyboard is not None

    @property
    def hides_keys(self) -> bool:
        """Return whether a program reads a line that the terminal does not show, such as a password."""
        try:
            lflag = termios.tcgetattr(self._link.process.terminal)[3]
        except termios.error:
            return False
        return bool(lflag & termios.ICANON) and not lflag & termios.ECHO

    @contextmanager
    def take_keyboard(self) -> Iterator[None]:
        """Let what the operator types go to the terminal, to the end of the block."""
        if self._keyboard:
            self._keyboard.take()
        try:
            yield
        finally:
            if self._keyboard:
                self._keyboard.give_back()

    def begin(self, message: bytes, timeout: float | None) -> None:
        """Type the message of a statement inside; `timeout` is in seconds."""
        now = self._started = self._last_output = time.monotonic()
        self._is_inside = True
        self._is_opening = False
        self._keys = bytearray()
        self._pushes = 0
        self._inner_deadline = None if timeout is None else now + timeout
        self._terminator = Terminator(self._link.process, None)
        self._watch = None if self._keyboard else KeyboardWatch(self._link.process, message, now)
        self.key_wait: KeyWait | None = None
        self.inner_timed_out = self.inner_interrupted = self.inner_stopped = False
        self.type(message)

    def end(self) -> None:
        """Note that the statement inside has ended."""
        self._terminator = Terminator(self._link.process, None)
        self._inner_deadline = None
        self._keys = bytearray()
        self.key_wait = None

    def leave(self) -> None:
        """Note that no shell is open inside any more."""
        self.end()
        self._is_inside, self._keys = False, None

    def type(self, text: bytes) -> None:
        """Type a text into the terminal."""
        self._link.typed.add(text)
        self._link.write_typed(self._poll)

    def hold_keys(self) -> None:
        """Keep the keys that the operator types, until they are passed on."""
        self._is_inside, self._is_opening = True, False
        self._keys = bytearray()

    def pass_keys(self, *, is_opening: bool = False) -> None:
        """Pass the keys on that were typed since the beginning, and those that will be.

        `is_opening` is whether the statement may open another shell.
        """
        self._is_opening = is_opening
        keys, self._keys = self._keys, None
        if self.inner_interrupted:
            self.type(INTERRUPT)
        elif keys:
            self.type(bytes(keys))

    def give_up(self) -> None:
        """End the program that has opened the shell."""
        self._pushes = 2
        self._terminator.end(is_idle=True)

    def _interrupt(self) -> bool:
        if not self._is_inside:
            return super()._interrupt()
        if self.inner_interrupted and not self._owner.is_told_to_end():
            return False
        self.inner_interrupted = True
        if self._keys is None:
            self.type(INTERRUPT)
        if self._owner.is_told_to_end():
            self._inner_deadline = time.monotonic()
        return True

    def _take_keys(self, ready: dict[int, int]) -> None:
        keyboard = self._keyboard
        if not self._is_inside or not keyboard:
            super()._take_keys(ready)
            return
        if keyboard.fileno() not in ready or not self._has_keys(keyboard.fileno()):
            return
        keys = self._owner.read_keys(keyboard)
        if not keys:
            self._poll.unregister(keyboard.fileno())
            return
        self._link.hidden_input.add(keys)
        self.inner_stopped |= b"\x1a" in keys
        self.inner_interrupted |= INTERRUPT in keys
        if self._keys is not None:
            self._keys += keys
        else:
            self.type(keys)

    def _has_keys(self, fd: int) -> bool:
        """Return whether keys are there still: at the end of a statement, the terminal drops them."""
        again = select.poll()
        again.register(fd, select.POLLIN)
        return bool(again.poll(0))

    def _take_output(self, ready: dict[int, int], now: float) -> bytes:
        output = super()._take_output(ready, now)
        if output and (self._is_opening or self._keys is not None):
            seen = self._seen + output
            self._seen = seen[-TAIL:]
            if answer := find_answer(seen):
                self.type(answer)
        return output

    def _repeat_gate(self) -> None:
        if not self._is_inside:
            super()._repeat_gate()

    def _end_key_wait(self, now: float) -> None:
        if not self._is_inside:
            super()._end_key_wait(now)
            return
        if self._keys is None and self._watch and (found := self._watch.find_wait(now)):
            self.key_wait, self._watch = found, None
            self._push(now, _SHORT_PATIENCE)
        elif self._inner_deadline is not None and now >= self._inner_deadline:
            self.inner_timed_out |= self.key_wait is None and not self._owner.is_told_to_end()
            self._push(now, _PATIENCE)

    def _push(self, now: float, patience: float) -> None:
        """Tell the statement inside to end, each time with more force."""
        if self._pushes < 2:
            self.type((INTERRUPT, _QUIT)[self._pushes])
            self._inner_deadline = now + patience
        else:
            self._inner_deadline = None
            self._terminator.end(is_idle=True)
        self._pushes += 1
