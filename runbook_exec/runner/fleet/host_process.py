"""Runs one host of a fleet in a process of its own, and follows its events."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from typing import NoReturn

from ...engine.events import Event, RunEnded, StatementFinished, StatementStarted
from ...engine.state import State, apply
from ...errors import Refused
from ...journal.event_lines import from_line
from .targets import Target

_AT_ONCE = 1 << 16  # bytes read at once

_ERRORS = 4000  # bytes of standard error that are kept

_OUTPUT = b'{"event":"output"'

_ENDED = {0: "succeeded", 1: "failed", 2: "refused", 3: "waiting", 130: "stopped"}

_AT_START = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class HostProcess:
    """The process of one host: it prints the events of its run as lines of JSON."""

    def __init__(self, target: Target, run: Callable[[], int]) -> None:
        """Start `run` in a new process; it returns an exit status."""
        self.target = target
        self.began = time.monotonic()
        self.state = State()
        self.step = 0  # the number of the present step; 0 before the first statement
        self.outcome = ""  # set at its end
        self.reason = ""
        self._is_in_doubt = False
        self._errors = b""
        self._line = bytearray()
        self.output, output = os.pipe()
        self.errors, errors = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if not self.pid:
            os.close(self.output)
            os.close(self.errors)
            _become_host(run, output, errors)
        os.close(output)
        os.close(errors)
        self.is_open = True

    @property
    def seconds(self) -> float:
        """Return how long it has been running."""
        return time.monotonic() - self.began

    def read_lines(self) -> Iterator[bytes]:
        """Yield the lines that have come, and follow the run by them; at its end it is not open any more."""
        data = os.read(self.output, _AT_ONCE)
        if not data:
            self._finish()
            return
        self._line += data
        *lines, rest = self._line.split(b"\n")
        self._line = rest
        for line in map(bytes, lines):
            if not line.startswith(_OUTPUT):
                try:
                    self._follow(from_line(line.decode()))
                except ValueError:
                    continue
            yield line

    def _follow(self, event: Event) -> None:
        self.state = apply(self.state, event)
        if isinstance(event, StatementStarted):
            self.step = event.step
        elif isinstance(event, StatementFinished):
            self._is_in_doubt = event.doubt
            if event.problem:
                self.reason = event.problem
        elif isinstance(event, RunEnded):
            self.outcome = event.outcome
            self.reason = event.reason or self.reason

    def read_errors(self) -> bool:
        """Read what the process has printed as errors; returns False at the end."""
        data = os.read(self.errors, _AT_ONCE)
        self._errors = (self._errors + data)[-_ERRORS:]
        return bool(data)

    def _finish(self) -> None:
        """Note how the process has ended."""
        while self.read_errors():
            pass
        os.close(self.output)
        os.close(self.errors)
        self.is_open = False
        _, status = os.waitpid(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        ended = _ENDED.get(code, "failed")
        if not self.outcome or (self.outcome == "succeeded" and code):
            self.outcome = ended if code else "failed"
            lines = self._errors.decode("utf-8", "replace").strip().splitlines()
            self.reason = lines[-1] if lines else f"its process ended with {code}"
        if self.outcome in ("stopped", "waiting") and self._is_in_doubt:
            self.outcome = "failed"

    def end(self) -> None:
        """Ask the run to end: its statement gets ^C, and stronger signals if it continues."""
        if self.is_open:
            os.kill(self.pid, signal.SIGTERM)


def _become_host(run: Callable[[], int], output: int, errors: int) -> NoReturn:
    """Run in this new process, and end it."""
    status = 2
    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDONLY)
        for fd, number in ((nowhere, 0), (output, 1), (errors, 2)):
            os.dup2(fd, number)
        for number in _AT_START:
            signal.signal(number, signal.default_int_handler)
        status = run()
    except Refused as refused:
        print(refused, file=sys.stderr)
    except BaseException:  # noqa: BLE001 - the end of a process of its own
        traceback.print_exc()
        status = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)
