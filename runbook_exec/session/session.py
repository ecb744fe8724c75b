"""Keeps one shell open in a pseudo-terminal, and runs statements in it."""

from __future__ import annotations

import os
import termios
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial

from ..shells.driver import (
    Completion,
    drop_options,
    encode,
    mark_interrupted,
)
from ..shells.live_shell import Done, Keyboard, Message, OutputChunk, Silence
from ..shells.registry import find_command, load_driver
from ..system.signals import count_end_signals
from .connections.base import Connection
from .connections.local import LocalConnection
from .endings import describe_death, describe_end
from .exchange import Exchange
from .hidden_input import HiddenInput
from .job_control import JobControl
from .jobs import parse_jobs
from .link import open_link, refuse_full_folder
from .pagers import PAGERS, build_pager_code
from .pty_modes import ShellMissing, make_ready, starting_modes
from .settling import settle
from .snapshot_reader import format_descriptors, make_snapshot_request
from .start_watch import watch_start

_KEYS_AT_ONCE = 4096  # bytes read at once from the keyboard

_ANSWERED = 5.0  # seconds in which the shell must answer a question of ours

_LAST = 3.0  # seconds that the traps of a shell may take at its exit before they are interrupted

_SIZE = (24, 80)  # rows and columns of a terminal without an operator


class Session:
    """A shell in a pseudo-terminal; it takes one statement at a time.

    For each statement it yields output and status. `keyboard` is the operator's terminal; if it is None,
    nothing is ever typed. `connection` is the machine that the shell runs on, by default this one. It is a
    context manager, whose end is that of the shell and restores the terminal. Use up `start()` first.
    """

    def __init__(
        self,
        shell: str,
        *,
        clean: bool = False,
        cwd: str | None = None,
        environ: Mapping[str, str] | None = None,
        keyboard: Keyboard | None = None,
        connection: Connection | None = None,
    ) -> None:
        self.shell = shell
        self._driver = driver = load_driver(shell)
        self._configuration = "" if clean else self._driver.configuration
        if (command := find_command(shell)) is None:
            raise ShellMissing(shell)
        self._keyboard = keyboard
        self._connection = connection = connection or LocalConnection()
        with refuse_full_folder():
            self._folder = self._connection.folder()
        self._quoted = self._driver.quote(self._folder)  # within single quotes
        self._token = os.urandom(8).hex()
        self._last, self._turn = Completion(0, (0,), cwd or ""), 0
        self._end_signals = count_end_signals()  # before this session
        self.on_sent: Callable[[], None] = lambda: None  # called when the shell has been sent a statement
        self.on_wait: Callable[[], None] = lambda: None  # called when a statement takes longer than a moment
        self._death: Done | None = None
        self._shaken = False  # whether the shell may still drop the next bytes that it is sent
        self._is_busy = False  # whether a statement is running
        self._size = keyboard.size() if keyboard else _SIZE
        environ = _make_environ(os.environ if environ is None else environ, attended=keyboard is not None)
        argv = (*command, *(self._driver.clean if clean else ()), *self._driver.arguments(self._folder))
        try:
            with refuse_full_folder():
                self._link = open_link(connection, driver, self._token, argv, environ, cwd, self._size)
        except BaseException:
            self._connection.close()
            raise
        self._terminal = self._link.process.terminal
        self._job_control = JobControl(driver, self._link.process, keyboard)
        self._good_modes = starting_modes(self._terminal, keyboard is not None)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def cwd(self) -> str:
        """Return the shell's working directory after the last statement."""
        return self._last.cwd

    @property
    def hidden_input(self) -> HiddenInput:
        """Return the collector of words that are typed while the terminal shows no keys."""
        return self._link.hidden_input

    # statements -----------------------------------------------------------------------------------------

    def start(self) -> Iterator[Message]:
        """Start the shell, whose configuration may ask something; yield its output, then Done."""
        messages = self._exchange(self._driver.start(self._quoted, self._token), None)
        yield from watch_start(messages, self._link.process, self.shell, self._configuration)
        if self._keyboard is None:
            self._run_internal(build_pager_code(self._driver), self._last)

    def run(self, code: bytes, timeout: float | None = None) -> Iterator[Message]:
        """Run one statement; yield its output as it comes, and Done at the end.

        After `timeout` seconds the statement is interrupted as with ^C, and killed if it does not end then.
        """
        if self._death:
            yield self._death._replace(timed_out=False, interrupted=False)
            return
        before = self._last
        first, shares_group = self._job_control.prepare(code, before)
        message = first + self._driver.message(code, before, self._begin_turn())
        yield from self._exchange(message, timeout, shares_group=shares_group)
        self._last = self._driver.carry_over(before, code, self._last)

    def ask_line(self) -> Generator[OutputChunk | Silence, None, str | None]:
        """Let the operator type a line at the shell's own prompt; return it, or None at the end."""
        before = self._last
        self._link.reports.line, status = None, 1
        first = self._driver.message(self._driver.read_line.encode(), before, self._begin_turn())
        for message in self._exchange(first, None):
            if isinstance(message, Done):
                status = message.status
            else:
                yield message
        self._run_internal(self._driver.send_line if status == 0 else "", before)
        return self._link.reports.line

    def end(self) -> Generator[OutputChunk | Silence, None, tuple[str, ...]]:
        """Let the shell exit by itself, and yield the output of its traps and handlers.

        Returns the commands of the jobs in the background that were ended with it.
        """
        if self._death or self._is_busy or not self._turn:
            return ()
        self._link.reports.jobs = ""
        self._run_internal(self._driver.jobs, self._last)
        jobs = parse_jobs(self._link.reports.jobs)
        code = encode(self._driver.exit.replace("{folder}", self._quoted))
        message = self._driver.message(code, self._last, self._begin_turn())
        with suppress(termios.error):  # the operator's terminal is gone, and the shell will be hung up on
            for item in self._exchange(message, _LAST):
                if not isinstance(item, Done):
                    yield item
        if self._death:
            self._link.process.end_jobs([job.group for job in jobs])
        return tuple(job.command for job in jobs)

    def take_snapshot(self, redefined: Iterable[str] = ()) -> bytes:
        """Return the shell's variables and functions, as `shells.snapshot` reads them.

        Returns b"" if the shell is dead, or did not finish the snapshot.
        """
        request = make_snapshot_request(self.shell, redefined)
        return self.read_snapshot(request.code, request.highest_descriptor)

    def read_snapshot(self, code: str, highest: int) -> bytes:
        """Return what `code` writes to the snapshot's pipe, and the open files up to descriptor `highest`.

        Returns b"" if the shell is dead, or did not finish.
        """
        # through a pipe, because secrets may be in it, which must not be written to a disk
        snapshot = self._link.snapshot
        snapshot.begin()
        try:
            whole = self._run_internal(code.replace("{options}", self._last.options), self._last)
            while snapshot.read():
                pass
        finally:
            data = snapshot.end()
        if not whole or not highest:
            return data if whole else b""
        return data + b"\0" + format_descriptors(self._link.process.list_descriptors(highest))

    def _run_internal(self, code: str, before: Completion) -> bool:
        """Run code of ours; return whether it finished.

        Afterwards the status and the options are those of `before`. `{folder}` in the code is replaced by the
        session's own folder.
        """
        code = code.replace("{folder}", self._quoted) + f"\n__runbook_status {before.status}"
        message = self._driver.message(encode(code), drop_options(before), self._begin_turn())
        whole = False
        for item in () if self._death else self._exchange(message, _ANSWERED, ours=True):
            if isinstance(item, Done):
                whole = not (item.ended or item.timed_out or item.interrupted)
        self._last = before
        return whole

    def _begin_turn(self) -> int:
        """Return the number of the next message, once the shell is sure to have read those before it."""
        if self._shaken:
            settle(self._link, self._ask_to_settle)
            self._shaken = False
        self._turn += 1
        return self._turn

    def _ask_to_settle(self) -> tuple[int, bytes]:
        """Return the turn of a message that asks the shell for an answer, and the message."""
        self._turn += 1
        code = self._driver.settled.format(folder=self._quoted, turn=self._turn)
        code += f"\n__runbook_status {self._last.status}"
        return self._turn, self._driver.message(encode(code), drop_options(self._last), self._turn)

    def _exchange(
        self, message: bytes, timeout: float | None, *, ours: bool = False, shares_group: bool = False
    ) -> Iterator[Message]:
        """Send a message and yield the output until its report.

        If the code is `ours`, no typed keys are passed to it. A program may share the shell's process group.
        """
        keyboard = None if ours else self._keyboard
        make_ready(self._terminal, self._good_modes, self._keyboard is not None)
        self._link.typed.clear()
        gate_line = partial(self._driver.gate_line, self._turn)
        kind = (ours, shares_group)
        exchange = Exchange(self._link, self, message, self._turn, gate_line, timeout, keyboard, *kind)
        self._is_busy = True
        if keyboard is None:
            yield from exchange.run()
            return
        suspended: Done | None = None
        keyboard.take()
        try:
            for item in exchange.run():
                if isinstance(item, Done) and item.suspended:
                    suspended = item
                else:
                    yield item
        finally:
            keyboard.give_back()
        if suspended:
            self._link.reports.jobs = ""
            self._run_internal(self._driver.jobs, self._last)
            jobs = self._link.reports.jobs.lower()
            stopped = "stopped" in jobs or "suspended" in jobs
            yield suspended._replace(timed_out=False, suspended=stopped)

    # what an exchange needs ------------------------------------------------------------------------------

    def read_keys(self, keyboard: Keyboard) -> bytes:
        """Read the typed keys before the terminal is given them; returns b"" at their end."""
        return os.read(keyboard.fileno(), _KEYS_AT_ONCE)

    def resize(self) -> None:
        """Give the terminal the size of the operator's window."""
        if self._keyboard and (size := self._keyboard.size()) != self._size:
            self._size = size
            self._link.process.resize(*size)

    def is_told_to_end(self) -> bool:
        """Return whether a signal has told the whole run to end."""
        return count_end_signals() > self._end_signals

    def mark_shaken(self) -> None:
        """Note that the shell may still drop the next bytes that it is sent."""
        self._shaken = True

    def finish(self, report: Completion | None, exchange: Exchange) -> Done:
        """Return how a statement ended; there is no report if the shell is dead."""
        self._is_busy = False
        if report is None:
            self._death = describe_death(self._link.process, self._last.cwd, exchange)
            return self._death
        self._shaken = exchange.interrupted or exchange.timed_out or exchange.key_wait is not None
        self._last = report = mark_interrupted(report) if self._shaken else report
        return describe_end(report, exchange, self._connection.identify_folder(report.cwd))

    def close(self) -> None:
        """End the shell: hang up, as a closing terminal window does; kill it if it stays."""
        if not self._folder:
            return
        if self._keyboard:
            self._keyboard.give_back()
        self._link.close()
        self._connection.close()
        self._folder = ""


def _make_environ(given: Mapping[str, str], *, attended: bool) -> dict[str, str]:
    """Return the environment of the shell."""
    # if no terminal type is given, as in CI, fish would complain at every start
    return {"TERM": "dumb", **given, **({} if attended else PAGERS)}
