"""One shell kept open in a pseudo-terminal, and what is run in it. The only module that knows pexpect."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import select
import shutil
import signal
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pexpect

from ..engine.ports import Done, Keyboard, OutputChunk, Silence
from ..shells.driver import (
    CONTROL,
    REPORT,
    SNAPSHOT,
    Completion,
    Driver,
    mark_interrupted,
)
from ..shells.registry import SHELLS, find_command
from ..system import core_dumps
from ..system.signals import hold_signals
from .hidden_input import HiddenInput
from .input_queue import INTERRUPT, InputQueue
from .noise import NoiseFilter
from .output_reader import OutputReader
from .pty_modes import ShellMissing, make_ready, starting_modes
from .report_reader import ReportReader
from .termination import Terminator, hang_up

_ASKED = 4096  # bytes read at once of anything but output

_TOLD = 1 << 16  # bytes read at once of what a shell holds

# Python ignores the first two, and whoever starts us in the background may have ignored others
_AS_AT_A_PROMPT = (
    signal.SIGPIPE,
    signal.SIGXFSZ,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGTSTP,
)

_ANSWERED = 5.0  # seconds in which the shell answers what we ask it

_PATIENCE = (0.2, 0.4, 0.8, 1.6, 3.2)  # seconds for an answer of a shell that may have dropped the question

_READ = 1.0  # seconds after which a shell that reads nothing more is taken to have read what it is sent

_SOON = 0.002  # seconds between looks at whether it has

_TICK = 0.25  # seconds between looks at the clock and at the size of the window


class Session:
    """A shell in a pseudo-terminal; statements go in one at a time, output and status come out.

    `keyboard` is the operator's terminal, or None where nobody is there: then nothing is ever typed.
    `inside` is the folder in which it keeps its own; `entered` is called in the shell's process, in `cwd`,
    before the shell is started.
    Use it as a context manager; leaving it ends the shell and gives the terminal back.
    """

    def __init__(
        self,
        shell: str,
        *,
        clean: bool = False,
        cwd: str | None = None,
        environ: Mapping[str, str] | None = None,
        keyboard: Keyboard | None = None,
        inside: str | None = None,
        entered: Callable[[], None] = lambda: None,
    ) -> None:
        self.shell = shell
        self._entered = entered
        self._driver: Driver = SHELLS[shell].driver
        command = find_command(shell)
        if command is None:
            raise ShellMissing(shell)
        self._keyboard = keyboard
        self._folder = tempfile.mkdtemp(prefix="runbook-", dir=inside)
        self._token = secrets.token_hex(8)
        # where nobody has said what the terminal can do, as in CI, fish would complain at every start
        environ = {"TERM": "dumb", **(os.environ if environ is None else environ)}
        self._noise_filter = NoiseFilter(self._folder, environ.get("HOME", ""))
        self._last = Completion(0, (0,), cwd or "")
        self._turn = 0
        self._shaken = False  # whether it may still be about to drop what it is sent
        self._snapshot: bytearray | None = None  # what it holds, while it tells that
        self._death = ""
        try:
            for name in (CONTROL, REPORT, SNAPSHOT):
                os.mkfifo(f"{self._folder}/{name}", 0o600)
            for name, text in self._driver.files(self._folder, self._token).items():
                Path(self._folder, name).touch(mode=0o600)
                Path(self._folder, name).write_text(text, encoding="utf-8")
            self._control = os.open(f"{self._folder}/{CONTROL}", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            self._report_reader = ReportReader(f"{self._folder}/{REPORT}", self._token)
            # to read it alone would end, for poll as for read, whenever the shell has closed it
            self._snapshot_fd = os.open(
                f"{self._folder}/{SNAPSHOT}", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC
            )
            self._child = pexpect.spawn(
                command[0],
                [*command[1:], *(self._driver.clean if clean else ()), *self._driver.arguments(self._folder)],
                cwd=cwd,
                env=self._driver.environ(environ),
                dimensions=keyboard.size() if keyboard else (24, 80),
                echo=False,
                timeout=None,
                preexec_fn=self._prepare,
            )
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._terminal: int = self._child.child_fd
        self._pid: int = self._child.pid or 0
        self._size = keyboard.size() if keyboard else (24, 80)
        self._input_queue = InputQueue(self._terminal)
        self.hidden_input = HiddenInput(self._terminal)
        self._output = OutputReader(self._terminal)
        os.set_blocking(self._terminal, False)
        self._good_modes = starting_modes(self._terminal, keyboard is not None)
        self._alive = os.pidfd_open(self._pid) if sys.platform == "linux" else -1

    def _prepare(self) -> None:
        """Give the shell signals as at a prompt, and its input; called in the child, before it is started."""
        for number in _AS_AT_A_PROMPT:
            signal.signal(number, signal.SIG_DFL)
        core_dumps.allow_core_dumps()
        self._entered()
        if self._driver.is_muted:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.close(nowhere)
        if not self._driver.from_input:
            return
        control = os.open(f"{self._folder}/{CONTROL}", os.O_RDWR)
        os.dup2(control, 0)
        os.close(control)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def cwd(self) -> str:
        """The shell's working directory after the last statement."""
        return self._last.cwd

    def start(self) -> Iterator[OutputChunk | Silence | Done]:
        """What the shell prints while it starts (its configuration may say or ask something), then Done."""
        yield from self._exchange(self._driver.start(self._folder, self._token), None)

    def run(self, code: bytes, timeout: float | None = None) -> Iterator[OutputChunk | Silence | Done]:
        """Run one statement: its output as it comes, and at last one Done.

        After `timeout` seconds it is interrupted as with ^C, and killed if that does not end it.
        """
        if self._death:
            yield self._finish_dead(False, False)
            return
        before = self._last
        yield from self._exchange(self._message(code, before), timeout)
        self._last = self._driver.carry_over(before, code, self._last)

    def ask_line(self) -> Generator[OutputChunk | Silence, None, str | None]:
        """Let the operator type a line at the shell's own prompt; returns the line, or None for the end."""
        before = self._last
        self._report_reader.line = None
        for item in self._exchange(self._message(self._driver.read_line.encode(), before), None):
            if isinstance(item, Done):
                status = item.status
            else:
                yield item
        self._run_internal(self._driver.send_line if status == 0 else "", before)
        return self._report_reader.line

    def take_snapshot(self, redefined: Iterable[str] = ()) -> bytes:
        """What the shell tells of its variables and functions, as `holdings` reads it.

        It is b"" if the shell is dead, or did not come to the end of it.
        """
        # through a pipe, since secrets may be among it and must not come to lie on a disk
        told = self._snapshot = bytearray()
        try:
            whole = self._run_internal(
                SHELLS[self.shell].snapshot.build_code(f"{self._folder}/{SNAPSHOT}", redefined), self._last
            )
            while self._read_snapshot():
                pass
        finally:
            self._snapshot = None
        return bytes(told) if whole else b""

    def _message(self, code: bytes, before: Completion) -> bytes:
        if self._shaken:
            self._settle()
            self._shaken = False
        self._turn += 1
        return self._driver.message(code, before, self._turn)

    def _run_internal(self, code: str, before: Completion) -> bool:
        """Run something of ours and leave status and options as `before` says; whether it came to its end."""
        code = code.replace("{folder}", self._folder) + f"\n__runbook_status {before.status}"
        message = self._message(code.encode(), replace(before, options=""))
        whole = False
        for item in () if self._death else self._exchange(message, _ANSWERED, ours=True):
            if isinstance(item, Done):
                whole = not (item.ended or item.timed_out or item.interrupted)
        self._last = before
        return whole

    def _settle(self) -> None:
        """Have the shell answer, again and again until it does.

        What was to interrupt a statement may come when that has just ended: to the gate, or to what is sent
        next, which would be dropped or told as interrupted.
        """
        poll = self._make_poll()
        for patience in _PATIENCE:
            self._turn += 1
            code = self._driver.settled.format(folder=self._folder, turn=self._turn)
            code += f"\n__runbook_status {self._last.status}"
            message = self._driver.message(code.encode(), replace(self._last, options=""), self._turn)
            pending = memoryview(message)
            until = time.monotonic() + patience
            while (now := time.monotonic()) < until:
                with hold_signals():
                    pending = self._send(pending, poll) if pending else pending
                ready = dict(poll.poll((until - now) * 1000))
                if self._terminal in ready:
                    self._output.read()
                    self._output.take()
                told = self._report_reader.fileno() in ready and self._report_reader.read_completion(
                    self._turn
                )
                if told and self._report_reader.settled_turn == self._turn:
                    return
                if self._alive in ready or self._output.hung_up:
                    return

    def _exchange(
        self, message: bytes, timeout: float | None, ours: bool = False
    ) -> Iterator[OutputChunk | Silence | Done]:
        """Send a message and yield what comes until its report; nobody types into what is `ours`."""
        keyboard = None if ours else self._keyboard
        make_ready(self._terminal, self._good_modes, self._keyboard is not None)
        self._input_queue.clear()
        if keyboard:
            keyboard.take()
        suspended = False
        try:
            for item in self._pump(message, timeout, keyboard, ours):
                if isinstance(item, Done) and item.suspended:
                    suspended = True
                    done = item
                else:
                    yield item
        finally:
            if keyboard:
                keyboard.give_back()
        if suspended:
            self._report_reader.jobs = ""
            self._run_internal(self._driver.jobs, self._last)
            stopped = any(word in self._report_reader.jobs.lower() for word in ("stopped", "suspended"))
            yield Done(
                done.status, done.pipestatus, done.cwd, interrupted=done.interrupted, suspended=stopped
            )

    def _pump(
        self, message: bytes, timeout: float | None, keyboard: Keyboard | None, ours: bool
    ) -> Iterator[OutputChunk | Silence | Done]:
        poll = self._make_poll()
        pending = memoryview(message)
        started = last = time.monotonic()
        until = None if timeout is None else started + timeout
        stopping = Terminator(self._terminal, self._pid, until, spares_shell=ours)
        # ^C would make a shell drop a part of what it has not read to its end, and run the rest; but the last
        # line is the gate's, and may be left for when the statement has ended
        tail = len(self._driver.gate_line(self._turn, False))
        left, moved = len(message), started
        is_read = interrupted = typed_stop = False
        report: Completion | None = None
        while True:
            try:
                if pending:
                    with hold_signals():  # or what was sent would be sent once more
                        pending = self._send(pending, poll)
                if not is_read:
                    before, left = left, self._count_unread(pending)
                    moved = moved if left == before else time.monotonic()
                    is_read = left <= tail or time.monotonic() - moved > _READ
                    if is_read and keyboard:
                        poll.register(keyboard.fileno(), select.POLLIN)
                    if is_read and interrupted:
                        stopping.interrupt()
                ready = dict(poll.poll((_TICK if is_read and report is None else _SOON) * 1000))
                now = time.monotonic()
                if self._terminal in ready:
                    if ready[self._terminal] & select.POLLOUT:
                        self._write_typed(poll)
                    if self._output.read():
                        last = now
                        if data := self._noise_filter.feed(self._output.take()):
                            yield OutputChunk(data)
                    elif self._output.hung_up:
                        poll.unregister(self._terminal)
                if self._snapshot_fd in ready:
                    self._read_snapshot()
                if report is None and self._report_reader.fileno() in ready:
                    with hold_signals():  # or it would be waited for without end
                        report = self._report_reader.read_completion(self._turn)
                if report is not None:
                    yield from self._drain()
                    yield self._finish(report, stopping.attempts > 0, interrupted, typed_stop)
                    return
                if keyboard and keyboard.fileno() in ready:
                    typed = self._type(keyboard, poll)
                    typed_stop |= b"\x1a" in typed
                    interrupted |= INTERRUPT in typed
                if self._alive in ready or (self._alive < 0 and not self._child.isalive()):
                    yield from self._drain()
                    yield self._finish_dead(stopping.attempts > 0, interrupted)
                    return
                if not ready and is_read:
                    # ^C makes a shell drop what it has read ahead, the gate's lines too, and what it reports
                    if (interrupted or stopping.attempts) and tail and not self._count_unread(pending):
                        pending = memoryview(self._driver.gate_line(self._turn, True))
                    yield from self._report_silence(now - started, now - last)
                if is_read:
                    stopping.enforce_deadline(now)
            except KeyboardInterrupt:
                self._shaken = True
                if interrupted:
                    raise
                interrupted = True
                if is_read and report is None:
                    stopping.interrupt()

    def _count_unread(self, pending: memoryview) -> int:
        """How many bytes the shell has not read, sent or not."""
        unread = fcntl.ioctl(self._control, termios.FIONREAD, bytes(4))
        return len(pending) + int.from_bytes(unread, sys.byteorder)

    def _make_poll(self) -> select.poll:
        """What tells of output, of the statement's end, and of the shell's."""
        poll = select.poll()
        telling = self._snapshot_fd if self._snapshot is not None else -1
        for fd in (self._terminal, self._report_reader.fileno(), self._alive, telling):
            if fd >= 0:
                poll.register(fd, select.POLLIN)
        return poll

    def _read_snapshot(self) -> bool:
        """Take in some of what the shell tells of what it holds; whether there may be more."""
        try:
            data = os.read(self._snapshot_fd, _TOLD)
        except BlockingIOError:
            return False
        if self._snapshot is not None:
            self._snapshot += data
        return bool(data)

    def _report_silence(self, running: float, silent: float) -> Iterator[OutputChunk | Silence]:
        """What there is to do and to tell when nothing has happened for a moment; both are in seconds."""
        self._resize()
        if data := self._noise_filter.flush():
            yield OutputChunk(data)
        if silent >= _TICK:
            yield Silence(running)

    def _finish(self, report: Completion, timed_out: bool, interrupted: bool, suspended: bool) -> Done:
        self._shaken = interrupted or timed_out
        self._last = report = mark_interrupted(report) if interrupted or timed_out else report
        return Done(
            report.status,
            report.pipestatus,
            report.cwd,
            timed_out=timed_out,
            interrupted=interrupted,
            suspended=suspended,
        )

    def _type(self, keyboard: Keyboard, poll: select.poll) -> bytes:
        data = os.read(keyboard.fileno(), _ASKED)
        if not data:
            poll.unregister(keyboard.fileno())
            return b""
        self.hidden_input.add(data)
        self._input_queue.add(data)
        self._write_typed(poll)
        return data

    def _write_typed(self, poll: select.poll) -> None:
        """Give the terminal what was typed, as far as it takes it now."""
        left = self._input_queue.write_pending()
        poll.register(self._terminal, select.POLLIN | (select.POLLOUT if left else 0))

    def _send(self, pending: memoryview, poll: select.poll) -> memoryview:
        with contextlib.suppress(BlockingIOError):
            pending = pending[os.write(self._control, pending) :]
        if pending:
            poll.register(self._control, select.POLLOUT)
        else:
            with contextlib.suppress(KeyError):
                poll.unregister(self._control)
        return pending

    def _drain(self) -> Iterator[OutputChunk]:
        """What was printed before the report, of which the kernel holds less than a batch.

        More may be there without end, as a job in the background prints it.
        """
        for _ in range(2):  # a batch may have been begun
            if self._output.read() and (data := self._noise_filter.feed(self._output.take())):
                yield OutputChunk(data)
        if data := self._noise_filter.flush():
            yield OutputChunk(data)

    def _resize(self) -> None:
        if self._keyboard and (size := self._keyboard.size()) != self._size:
            self._size = size
            self._child.setwinsize(*size)

    def _finish_dead(self, timed_out: bool, interrupted: bool) -> Done:
        if not self._death:
            self._child.wait() if self._child.isalive() else None
            by = self._child.signalstatus
            self._status = 128 + by if by else int(self._child.exitstatus or 0)
            self._death = (
                f"the shell was killed by {signal.Signals(by).name}"
                if by
                else f"the shell ended with status {self._status}"
            )
        return Done(
            self._status,
            (self._status,),
            self._last.cwd,
            ended=self._death,
            killed=bool(self._child.signalstatus),
            timed_out=timed_out,
            interrupted=interrupted,
        )

    def close(self) -> None:
        """End the shell: hang up, as when a terminal window is closed, and kill it if it stays."""
        if not self._folder:
            return
        if self._keyboard:
            self._keyboard.give_back()
        child: Any = self._child
        for wanted in (signal.SIGHUP, signal.SIGKILL):
            if not child.isalive():
                break
            try:
                os.kill(self._pid, signal.SIGCONT)
                os.kill(self._pid, wanted)
            except ProcessLookupError:
                break
            until = time.monotonic() + 1.0
            while child.isalive() and time.monotonic() < until:
                time.sleep(0.002)
        hang_up(self._pid)
        self._report_reader.close()
        for fd in (self._control, self._snapshot_fd, self._alive):
            if fd >= 0:
                os.close(fd)
        # pexpect's own close waits a tenth of a second; left open, its file would close whatever
        # descriptor has the terminal's number by the time it is collected
        child.ptyproc.fileobj.close()
        child.ptyproc.closed = child.closed = True
        child.child_fd = child.ptyproc.fd = -1
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = ""
