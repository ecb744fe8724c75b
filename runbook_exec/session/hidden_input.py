"""Collects words typed while the terminal shows no keys, such as passwords.

These words are secrets.
"""

from __future__ import annotations

import termios
from collections.abc import Callable

from ..text.lazy_pattern import LazyPattern

_SHORTEST = 4  # characters; a shorter word would occur in much text that is not secret

_LAST_WORD = LazyPattern(rb"[\w\x80-\xff]*[^\w\x80-\xff]*\Z")  # a word as the kernel sees it

_ENDS = (b"\r", b"\n", b"\x04")


class HiddenInput:
    """Joins typed keys into lines as the kernel does for the program that reads them.

    Programs that take each key by itself, such as an editor or a shell's prompt, show keys as they like:
    their keys are not collected. `on_word` is called with each word of four or more characters.
    """

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self._line = b""
        self.on_word: Callable[[str], None] = lambda word: None

    def add(self, keys: bytes) -> None:
        """Examine keys that the terminal has not been given yet."""
        try:
            modes = termios.tcgetattr(self._terminal)
        except termios.error:
            return  # the shell has died
        if not modes[3] & termios.ICANON or modes[3] & termios.ECHO:
            self._line = b""
            return
        special = modes[6]
        for number in keys:
            key = bytes((number,))
            if key in _ENDS:
                word = self._line.decode("utf-8", "surrogateescape")
                self._line = b""
                if len(word) >= _SHORTEST:
                    self.on_word(word)
            elif key == special[termios.VERASE]:
                self._line = self._line.decode("utf-8", "surrogateescape")[:-1].encode(
                    "utf-8", "surrogateescape"
                )
            elif key == special[termios.VWERASE]:
                self._line = _LAST_WORD.sub(b"", self._line)
            elif key in (special[termios.VKILL], special[termios.VINTR]):
                self._line = b""
            else:
                self._line += key
