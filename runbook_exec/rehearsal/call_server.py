"""Receives the calls of stand-ins over a FIFO, in a thread, and answers each with a script."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from ..light_classes import dataclass
from ..system.signals import hold_signals
from .stand_in_script import FIFO

_READ = 4096

_STOP = b"stop"


@dataclass(frozen=True, slots=True)
class StandInMessage:
    """A message of a stand-in: its `call`, its standard `input`, or the `report` of a relay."""

    kind: str
    pid: str
    words: Sequence[str] = ()  # the program's name and its arguments
    cwd: str = ""
    data: bytes = b""  # the standard input, or what `relay.parse_report` reads


Reply = Callable[[StandInMessage], str]


_FILES = {"call": ".call", "input": ".in", "report": ".report"}

_REPLIES = {"call": ".reply", "input": ".then", "report": ""}


class CallServer:
    """Answers every message of a stand-in with the script that `reply` returns, in a thread.

    Use it as a context manager: leaving it waits until every message sent before has its reply. If `reply`
    raises, leaving it raises the first exception.
    """

    def __init__(self, folder: Path, reply: Reply) -> None:
        self._folder = folder
        self._reply = reply
        self._error: BaseException | None = None
        os.mkfifo(folder / FIFO, 0o600)
        self._fifo = os.open(folder / FIFO, os.O_RDWR | os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._listen, name="rehearsal", daemon=True)

    def __enter__(self) -> CallServer:
        with (
            hold_signals()
        ):  # a thread inherits the blocked signals: only the thread that runs statements receives signals
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._fifo, _STOP + b"\n")
        self._thread.join()
        os.close(self._fifo)
        if self._error is not None:
            raise self._error

    def _listen(self) -> None:
        pending = b""
        while True:
            pending += os.read(self._fifo, _READ)
            *lines, pending = pending.split(b"\n")
            for line in lines:
                if line == _STOP:
                    return
                try:
                    self._handle_line(line.decode("ascii", "replace"))
                except BaseException as error:  # noqa: BLE001 - `__exit__` raises it
                    self._error = self._error or error

    def _handle_line(self, line: str) -> None:
        kind, _, pid = line.partition(" ")
        if kind not in _FILES or not pid.isdigit():
            return  # something else has written to our FIFO
        base = self._folder / pid
        try:
            data = Path(f"{base}{_FILES[kind]}").read_bytes()
        except OSError:
            return
        message = StandInMessage(kind, pid, data=data)
        if kind == "call":
            name, cwd, *words = data.decode("utf-8", "surrogateescape").split("\0")[:-1]
            message = StandInMessage(kind, pid, (name, *words), cwd)
        script = "exit 126\n"
        try:
            script = self._reply(message)
        finally:
            if ending := _REPLIES[kind]:
                Path(f"{base}{ending}").write_bytes(script.encode("utf-8", "surrogateescape"))
            with contextlib.suppress(OSError):  # the calling process may be dead
                waiting = os.open(base, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
                os.write(waiting, b"\n")
                os.close(waiting)
