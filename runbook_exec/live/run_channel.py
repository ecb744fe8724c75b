"""Connects a run to the server of its terminal: who holds the keys, and answers from elsewhere."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator, Mapping

from ..light_classes import NamedTuple


class ReceivedAnswer(NamedTuple):
    """An answer as it was sent, and the number of its sender."""

    fields: Mapping[str, object]
    client: int


class RunChannel:
    """The run's end of the connection."""

    def __init__(self, connection: socket.socket, address: str, output: int | None, hold: float) -> None:
        """`address` is the path of the server's socket; `hold` is in seconds.

        `output` is the standard output that the program was started with, if it is no terminal.
        """
        connection.setblocking(False)
        self.address = address
        self.output = output
        self.hold = hold
        self.holder = ""  # the name of the person whose keys count; "" if nobody is attached
        self._connection = connection
        self._text = b""
        self._since = time.monotonic()  # when the question was asked, or when the last holder has left

    def begin_question(self) -> None:
        """Take answers from now on."""
        self._since = time.monotonic()
        self._send({"asks": True})

    def end_question(self) -> None:
        """Take no more answers."""
        self._send({"asks": False})

    def has_expired(self) -> bool:
        """Return whether the question was open for as long as it is held, with nobody attached."""
        return not self.holder and time.monotonic() - self._since > self.hold

    def receive_answers(self) -> Iterator[ReceivedAnswer]:
        """Yield the answers that have come."""
        with contextlib.suppress(BlockingIOError):
            while data := self._connection.recv(1 << 16):
                self._text += data
        *lines, self._text = self._text.split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "holder" in message:
                if self.holder and not message["holder"]:
                    self._since = time.monotonic()
                self.holder = str(message["holder"])
            else:
                yield ReceivedAnswer(message["answer"], message["client"])

    def reply(self, answer: ReceivedAnswer, problem: str) -> None:
        """Tell the sender of an answer what is wrong with it; "" if it was taken."""
        self._send({"client": answer.client, "problem": problem})

    def find_holder(self) -> str:
        """Return the name of the person whose keys count."""
        for answer in self.receive_answers():
            self.reply(answer, "the question was answered already")
        return self.holder

    def _send(self, message: Mapping[str, object]) -> None:
        with contextlib.suppress(OSError):  # the server is gone, and the terminal will hang up
            self._connection.send(json.dumps(message).encode() + b"\n")
