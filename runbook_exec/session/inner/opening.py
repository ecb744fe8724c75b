"""Decides when a program that was started is asked whether it is a shell, and what is shown of it."""

from __future__ import annotations

import os
import re

from ...text.ansi import strip_ansi
from ...text.lazy_pattern import LazyPattern
from .dialects import write_probe
from .queries import drop_queries

# a last line after which something else than a command is typed
_ASKS = LazyPattern(
    r"pass(?:word|phrase|code)|\b(?:pin|otp|token|code|user ?name)\b[^:]*:|\blogin:|yes/no|\by/n\b|\?\s*$"
    r"|\btype one of\b|\b(?:press|hit) (?:any|a|enter|return|<|\[)",
    re.IGNORECASE,
)

_PROMPT = LazyPattern(r"[$#%>❯»λ➜]\s*$")

_QUIET = 1.5  # seconds without output after which a program is asked that shows no prompt

_QUIET_ATTENDED = 6.0  # the same if the operator may be about to type something

_AGAIN = (3.0, 5.0, 8.0)  # seconds after which it is asked again

_ECHO = 1.5  # seconds after a question in which its echo is not shown

_PATIENCE = 20.0  # seconds without output after which nothing is expected to answer


class Opening:
    """What is known of a program that may be a shell: the end of its output, and the questions to it."""

    def __init__(self, now: float, is_attended: bool) -> None:
        self._quiet = _QUIET_ATTENDED if is_attended else _QUIET
        self._line = b""  # the last line of its output, which was not shown yet
        self._words: list[str] = []  # of the questions that were asked
        self._last_output = now
        self._last_question = now

    def add(self, data: bytes, now: float) -> bytes:
        """Take output, and return what can be shown of it: not a prompt, and not the echo of a question."""
        self._last_output = now
        self._line += data
        if self._words and now - self._last_question < _ECHO:
            return b""
        return self._take(self._line.rfind(b"\n") + 1)

    def show_line(self) -> bytes:
        """Return the last line, because something is asked in it."""
        return self._take(len(self._line))

    def _take(self, size: int) -> bytes:
        taken, self._line = self._line[:size], self._line[size:]
        for word in self._words:
            taken = taken.replace(write_probe(word).strip(), b"")
        return drop_queries(taken)

    def is_question(self, hides_keys: bool) -> bool:
        """Return whether something is asked of the operator; `hides_keys` is whether the terminal does."""
        return hides_keys or _ASKS.search(self._read_line()) is not None

    def _read_line(self) -> str:
        return strip_ansi(self._line.rpartition(b"\n")[2].decode("utf-8", "replace"))

    def ask(self, now: float) -> bytes:
        """Return the question to type now, b"" if there is none."""
        quiet = now - self._last_output
        asked = len(self._words)
        if asked > len(_AGAIN):
            return b""
        if asked and now - self._last_question < _AGAIN[asked - 1]:
            return b""
        if quiet < self._quiet and not _PROMPT.search(self._read_line()):
            return b""
        self._words.append(os.urandom(8).hex())
        self._last_question = now
        return write_probe(self._words[-1])

    def is_answer(self, word: str) -> bool:
        """Return whether a mark with this word answers a question."""
        return word in self._words

    def is_over(self, now: float) -> bool:
        """Return whether no answer is expected any more."""
        return len(self._words) > len(_AGAIN) and now - self._last_output > _PATIENCE
