"""One shell kept open in a pseudo-terminal, and what is run in it. The only module that knows pexpect."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pexpect

from .exchange import Done, Keyboard, Output, Quiet, make_ready, starting_modes
from .leftovers import hang_up
from .shells.drive import (
    CONTROL,
    DRIVES,
    REPORT,
    Drive,
    Report,
    carried_options,
    gate_line,
    interrupted_report,
    parse_report,
)
from .shells.holdings import look
from .shells.noise import Tidy

_READ = 65536  # bytes read before anything is done with them; a Linux pseudo-terminal gives 4095 at a time
_ASKED = 4096  # bytes read at once of anything else
_PATIENCE = 3.0  # seconds a program is given after ^C, and again after SIGTERM
# Python ignores the first two, and whoever starts us in the background may have ignored others
_AS_AT_A_PROMPT = (
    signal.SIGPIPE,
    signal.SIGXFSZ,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGTSTP,
)
_TICK = 0.25  # seconds between looks at the clock and at the size of the window


class ShellMissing(Exception):
    """The shell's program is not on PATH."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


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
        self._drive: Drive = DRIVES[shell]
        program = shutil.which(self._drive.program)
        if program is None:
            raise ShellMissing(shell)
        self._keyboard = keyboard
        self._folder = tempfile.mkdtemp(prefix="runbook-", dir=inside)
        self._token = secrets.token_hex(8)
        self._tidy = Tidy(self._folder, (os.environ if environ is None else environ).get("HOME", ""))
        self._last = Report(0, (0,), cwd or "")
        self._turn = 0
        self._batch = memoryview(bytearray(_READ))
        self._filled = 0  # bytes of it
        self._hung_up = False  # no process has the terminal open any more
        self._keys = bytearray()  # typed, and not yet taken by the terminal
        self._reports = bytearray()
        self._line: str | None = None
        self._jobs = ""
        self._death = ""
        self._stopped: tuple[int, signal.Signals] | None = None  # which processes were asked to end, and how
        try:
            for name in (CONTROL, REPORT):
                os.mkfifo(f"{self._folder}/{name}", 0o600)
            for name, text in self._drive.files(self._folder, self._token).items():
                Path(self._folder, name).touch(mode=0o600)
                Path(self._folder, name).write_text(text, encoding="utf-8")
            self._control = os.open(f"{self._folder}/{CONTROL}", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            self._report = os.open(f"{self._folder}/{REPORT}", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            self._child = pexpect.spawn(
                program,
                [*(self._drive.clean if clean else ()), *self._drive.arguments(self._folder)],
                cwd=cwd,
                env=self._drive.environ(os.environ if environ is None else environ),
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
        os.set_blocking(self._terminal, False)
        self._good_modes = starting_modes(self._terminal, keyboard is not None)
        self._alive = os.pidfd_open(self._pid) if sys.platform == "linux" else -1

    def _prepare(self) -> None:
        """Give the shell signals as at a prompt, and its input; called in the child, before it is started."""
        for number in _AS_AT_A_PROMPT:
            signal.signal(number, signal.SIG_DFL)
        self._entered()
        if not self._drive.from_input:
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

    def start(self) -> Iterator[Output | Quiet | Done]:
        """What the shell prints while it starts (its configuration may say or ask something), then Done."""
        yield from self._exchange(self._drive.start(self._folder, self._token), None)

    def run(self, code: bytes, timeout: float | None = None) -> Iterator[Output | Quiet | Done]:
        """Run one statement: its output as it comes, and at last one Done.

        After `timeout` seconds it is interrupted as with ^C, and killed if that does not end it.
        """
        if self._death:
            yield self._dead(False, False)
            return
        before = self._last
        yield from self._exchange(self._message(code, before), timeout)
        self._last = carried_options(before, code, self._last)

    def ask_line(self) -> Iterator[Output | Quiet | str | None]:
        """Let the operator type a line at the shell's own prompt: the line at last, or None for the end."""
        before = self._last
        self._line = None
        for item in self._exchange(self._message(self._drive.read_line.encode(), before), None):
            if isinstance(item, Done):
                status = item.status
            else:
                yield item
        self._hidden(self._drive.send_line if status == 0 else "", before)
        yield self._line

    def look(self) -> bytes:
        """What the shell tells of its variables and functions, as `holdings` reads it; b"" if it is dead."""
        path = Path(self._folder, "holdings")
        self._hidden(look(self.shell, str(path)), self._last)
        try:
            return b"" if self._death else path.read_bytes()
        except OSError:
            return b""

    def _message(self, code: bytes, before: Report) -> bytes:
        self._turn += 1
        return self._drive.message(code, before, self._turn)

    def _hidden(self, code: str, before: Report) -> None:
        """Run something of ours, and leave status and options as `before` says they were."""
        code = code.replace("{folder}", self._folder) + f"\n__runbook_status {before.status}"
        message = self._message(code.encode(), replace(before, options=""))
        for _ in () if self._death else self._exchange(message, 5.0, keys=False):
            pass
        self._last = before

    def _exchange(
        self, message: bytes, timeout: float | None, keys: bool = True
    ) -> Iterator[Output | Quiet | Done]:
        keyboard = self._keyboard if keys else None
        make_ready(self._terminal, self._good_modes, self._keyboard is not None)
        self._keys.clear()
        if keyboard:
            keyboard.take()
        suspended = False
        try:
            for item in self._pump(message, timeout, keyboard):
                if isinstance(item, Done) and item.suspended:
                    suspended = True
                    done = item
                else:
                    yield item
        finally:
            if keyboard:
                keyboard.give_back()
        if suspended:
            self._jobs = ""
            self._hidden(self._drive.jobs, self._last)
            stopped = any(word in self._jobs.lower() for word in ("stopped", "suspended"))
            yield Done(
                done.status, done.pipestatus, done.cwd, interrupted=done.interrupted, suspended=stopped
            )

    def _pump(
        self, message: bytes, timeout: float | None, keyboard: Keyboard | None
    ) -> Iterator[Output | Quiet | Done]:
        poll = select.poll()
        poll.register(self._terminal, select.POLLIN)
        poll.register(self._report, select.POLLIN)
        if self._alive >= 0:
            poll.register(self._alive, select.POLLIN)
        if keyboard:
            poll.register(keyboard.fileno(), select.POLLIN)
        pending = memoryview(message)
        started = last = time.monotonic()
        stop_at, stops = (started + timeout if timeout is not None else None), 0
        interrupted = typed_stop = False
        self._stopped = None
        while True:
            try:
                if pending:
                    pending = self._send(pending, poll)
                ready = dict(poll.poll(_TICK * 1000))
                now = time.monotonic()
                if self._terminal in ready:
                    if ready[self._terminal] & select.POLLOUT:
                        self._press(poll)
                    if self._read():
                        last = now
                        if data := self._tidy.feed(self._taken()):
                            yield Output(data)
                    elif self._hung_up:
                        poll.unregister(self._terminal)
                if keyboard and keyboard.fileno() in ready:
                    typed = self._type(keyboard, poll)
                    typed_stop |= b"\x1a" in typed
                    interrupted |= b"\x03" in typed
                if self._report in ready:
                    report = self._next_report()
                    if report is not None:
                        yield from self._drain()
                        if interrupted or stops:
                            report = interrupted_report(report)
                        self._last = report
                        yield Done(
                            report.status,
                            report.pipestatus,
                            report.cwd,
                            timed_out=stops > 0,
                            interrupted=interrupted,
                            suspended=typed_stop,
                        )
                        return
                if self._alive in ready or (self._alive < 0 and not self._child.isalive()):
                    yield from self._drain()
                    yield self._dead(stops > 0, interrupted)
                    return
                if not ready:
                    if (interrupted or stops) and self._drive.forgets and not pending:
                        pending = memoryview(gate_line(self._turn))
                    self._resize()
                    if data := self._tidy.flush():
                        yield Output(data)
                    if now - last >= _TICK:
                        yield Quiet(now - started)
                if stop_at is not None and now >= stop_at:
                    self._stop(stops)
                    stops += 1
                    stop_at = now + _PATIENCE
                elif self._stopped:
                    self._stop_next()
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                self._stop(0)

    def _send(self, pending: memoryview, poll: select.poll) -> memoryview:
        with contextlib.suppress(BlockingIOError):
            pending = pending[os.write(self._control, pending) :]
        if pending:
            poll.register(self._control, select.POLLOUT)
        else:
            with contextlib.suppress(KeyError):
                poll.unregister(self._control)
        return pending

    def _read(self) -> bool:
        """Take in what there is to be read at once, and whether that is anything.

        Many pieces are made one, as what is done with each costs more. On Linux, asking makes the kernel
        hand over what there is: nothing that was printed before is missed.
        """
        # what is there already was read when ^C cut the reading short
        with contextlib.suppress(BlockingIOError):
            while self._filled < _READ and (size := self._piece()):
                self._filled += size
        return self._filled > 0

    def _piece(self) -> int:
        try:
            size = os.readv(self._terminal, [self._batch[self._filled :]])
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            size = 0
        self._hung_up = not size
        return size

    def _taken(self) -> bytes:
        data = bytes(self._batch[: self._filled])
        self._filled = 0
        return data

    def _drain(self) -> Iterator[Output]:
        """What was printed before the report, of which the kernel holds less than a batch.

        More may be there without end, as a job in the background prints it.
        """
        for _ in range(2):  # a batch may have been begun
            if self._read() and (data := self._tidy.feed(self._taken())):
                yield Output(data)
        if data := self._tidy.flush():
            yield Output(data)

    def _type(self, keyboard: Keyboard, poll: select.poll) -> bytes:
        data = os.read(keyboard.fileno(), _ASKED)
        if not data:
            poll.unregister(keyboard.fileno())
            return b""
        self._keys += data
        self._press(poll)
        return data

    def _press(self, poll: select.poll) -> None:
        """Give the terminal what was typed, as far as it takes it now."""
        with contextlib.suppress(BlockingIOError):
            del self._keys[: os.write(self._terminal, self._keys)]
        poll.register(self._terminal, select.POLLIN | (select.POLLOUT if self._keys else 0))

    def _next_report(self) -> Report | None:
        self._reports += os.read(self._report, _ASKED)
        found: Report | None = None
        while (end := self._reports.find(0)) >= 0:
            message = bytes(self._reports[:end])
            del self._reports[: end + 1]
            kind, _, rest = message.partition(b"\n")
            if kind == b"line":
                self._line = rest.decode("utf-8", "surrogateescape")
            elif kind == b"jobs":
                self._jobs = rest.decode("utf-8", "replace")
            elif (report := parse_report(message, self._token)) and report.turn in (None, self._turn):
                found = found or report  # a shell may come to the gate of a turn twice
        return found

    def _resize(self) -> None:
        if self._keyboard and (size := self._keyboard.size()) != self._size:
            self._size = size
            self._child.setwinsize(*size)

    def _stop(self, times: int) -> None:
        """Ask the running program to end: as with ^C at first, then less and less politely."""
        wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)[min(times, 2)]
        with contextlib.suppress(OSError):
            group = self._foreground()
            self._stopped = (group, wanted)
            if times <= 2 and (group != os.getpgid(self._pid) or wanted == signal.SIGINT):
                os.killpg(group, wanted)
            elif wanted == signal.SIGKILL:
                os.kill(self._pid, wanted)  # the shell itself is what runs, or goes on and on

    def _foreground(self) -> int:
        """The group of processes that has the terminal; ProcessLookupError where none has."""
        group = os.tcgetpgrp(self._terminal)
        if group <= 0:  # to killpg, 0 would be our own
            raise ProcessLookupError
        return group

    def _stop_next(self) -> None:
        """Ask the same of a program that was started after the one that was asked, as a loop does."""
        with contextlib.suppress(OSError):
            group = self._foreground()
            if self._stopped and group not in (self._stopped[0], os.getpgid(self._pid)):
                self._stopped = (group, self._stopped[1])
                os.killpg(group, self._stopped[1])

    def _dead(self, timed_out: bool, interrupted: bool) -> Done:
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
        for fd in (self._control, self._report, self._alive):
            if fd >= 0:
                os.close(fd)
        # pexpect's own close waits a tenth of a second; left open, its file would close whatever
        # descriptor has the terminal's number by the time it is collected
        child.ptyproc.fileobj.close()
        child.ptyproc.closed = child.closed = True
        child.child_fd = child.ptyproc.fd = -1
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = ""
