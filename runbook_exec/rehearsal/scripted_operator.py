"""Plays the operator of a rehearsal: types the transcript's answers when asked."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping

from ..engine.ports import Done, LiveShell, OutputChunk, Silence
from ..light_classes import dataclass
from .transcript.model import ExpectedCall, ExpectedPrompt, TypedLine
from .transcript.pattern import Expression, fill_pattern

_OUTPUT_LIMIT = 1 << 16  # bytes of output that are searched for a question


@dataclass(frozen=True, slots=True)
class _Turn:
    call: ExpectedCall
    question: re.Pattern[str]
    answer: bytes


class ScriptedOperator:
    """A keyboard for a session; a transcript defines the keys that are typed."""

    def __init__(self) -> None:
        self._keys, self._presses = os.pipe()
        self._turns: list[_Turn] = []
        self._output = b""
        self._lock = threading.Lock()

    def fileno(self) -> int:
        """Return the descriptor that keys are read from."""
        return self._keys

    def take(self) -> None:
        """Do nothing: no terminal has to be made raw."""

    def give_back(self) -> None:
        """Do nothing: no terminal has to be restored."""

    def size(self) -> tuple[int, int]:
        """Return the number of rows and of columns."""
        return 24, 80

    def expect_call(self, call: ExpectedCall, values: Mapping[str, str]) -> None:
        """Prepare the answers to the questions that the transcript expects from this call."""
        question: ExpectedPrompt | None = None
        for line in call.lines:
            if isinstance(line, ExpectedPrompt):
                question = line
            elif isinstance(line, TypedLine) and question is not None:
                expression = Expression(values)
                expression.add_pattern(question.pattern, r"\n")
                asked = re.compile(expression.text.rstrip(" \\"))
                answer = fill_pattern(line.pattern, values).encode("utf-8", "surrogateescape") + b"\n"
                with self._lock:
                    if not self._turns:
                        self._output = b""
                    self._turns.append(_Turn(call, asked, answer))
                self.receive_output(b"")  # an empty question is answered at once

    def receive_output(self, data: bytes) -> None:
        """Take in output of the terminal; type the answer if it contains the next question."""
        with self._lock:
            if not self._turns:
                return
            self._output = (self._output + data)[-_OUTPUT_LIMIT:]
            text = self._output.decode("utf-8", "replace")
            if self._turns[0].question.search(text):
                os.write(self._presses, self._turns.pop(0).answer)
                self._output = b""

    def pop_unasked_calls(self) -> list[ExpectedCall]:
        """Return the calls whose expected questions were not asked, and stop waiting for them."""
        with self._lock:
            calls = [turn.call for turn in self._turns]
            self._turns.clear()
            return list(dict.fromkeys(calls))

    def close(self) -> None:
        """Close the keyboard."""
        os.close(self._keys)
        os.close(self._presses)


class OperatedShell:
    """The shell of a rehearsal; it shows each output to the operator before it yields it."""

    def __init__(self, shell: LiveShell, operator: ScriptedOperator) -> None:
        self._shell = shell
        self._operator = operator

    def start(self) -> Iterator[OutputChunk | Silence | Done]:
        """Start the shell and yield its messages."""
        yield from self._shell.start()

    def run(self, code: bytes, timeout: float | None = None) -> Iterator[OutputChunk | Silence | Done]:
        """Run one statement and yield its messages."""
        for message in self._shell.run(code, timeout):
            if isinstance(message, OutputChunk):
                self._operator.receive_output(message.data)
            yield message

    def end(self) -> Generator[OutputChunk | Silence, None, tuple[str, ...]]:
        """Let the shell exit and yield its messages."""
        return (yield from self._shell.end())

    def take_snapshot(self, redefined: Iterable[str] = ()) -> bytes:
        """Return the shell's variables and functions, as it prints them."""
        return self._shell.take_snapshot(redefined)

    def ask_line(self) -> Generator[OutputChunk | Silence, None, str | None]:
        """Let the operator type a line, and return it."""
        return (yield from self._shell.ask_line())
