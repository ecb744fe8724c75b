"""Runs statements in a shell on another host: the near end of a far session."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

from ...shells.live_shell import Done, Keyboard, Message, OutputChunk, Silence
from ...system.signals import count_end_signals
from ..snapshot_reader import make_snapshot_request
from .far_request import HEARTBEAT, FarRequest, read_done
from .frames import (
    END,
    FAILURE,
    INTERRUPT,
    KEYS,
    LINE,
    OUTPUT,
    QUIT,
    READY,
    RESULT,
    RUN,
    SILENCE,
    SNAPSHOT,
    START,
    WINDOW,
    WORD,
    FarFrame,
    pack,
    unpack,
)
from .host_link import ConnectionCut, HostLink, HostLost, PythonMissing
from .reconnection import Destination, connect_again

_TICK = 0.25  # seconds between checks of the window's size

_KEYS_AT_ONCE = 4096  # bytes read at once from the keyboard

_SIZE = (24, 80)  # rows and columns of a terminal without an operator


class FarWords:
    """The words that are typed while the far terminal shows no keys; `on_word` is called with each."""

    def __init__(self) -> None:
        self.on_word: Callable[[str], None] = lambda word: None


class FarSession:
    """A shell on another host; it is used as a `Session` is.

    Its statements are run by a session at the far end, which lives on when the connection is lost. `environ`
    are variables in addition to those of the far host, or all of them if it is `alone`. `notice` shows the
    operator what happens to the connection.
    """

    def __init__(
        self,
        shell: str,
        destination: Destination,
        *,
        clean: bool = False,
        cwd: str | None = None,
        environ: Mapping[str, str] | None = None,
        alone: bool = False,
        keyboard: Keyboard | None = None,
        notice: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.shell = shell
        self.hidden_input = FarWords()
        self.on_sent: Callable[[], None] = lambda: None  # called when the host has been sent a statement
        self.on_wait: Callable[[], None] = lambda: None  # called after that
        self.find_seq: Callable[[], int] = lambda: 0  # returns the number of the run's last event
        self.lacks_python = False  # whether the host was reached, and has no Python for the far end
        self._destination = destination
        self._clean = clean
        self._environ = dict(environ or {})
        self._alone = alone
        self._keyboard = keyboard
        self._notice = notice
        self._link = HostLink(destination.host, shell, keyboard is not None)
        self._size = keyboard.size() if keyboard else _SIZE
        self._cwd = cwd or ""
        self._end_signals = count_end_signals()  # before this session
        self._death: Done | None = None
        self._is_started = False
        self._is_busy = False

    def __enter__(self) -> FarSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def cwd(self) -> str:
        """Return the shell's working directory after the last statement."""
        return self._cwd

    # statements ------------------------------------------------------------------------------------------

    def start(self) -> Iterator[Message]:
        """Connect, which may ask something, and start the shell; yield its output, then Done."""
        facts = {
            "shell": self.shell,
            "run": self._destination.run,
            "clean": self._clean,
            "cwd": self._cwd,
            "attended": self._keyboard is not None,
            "environ": self._environ,
            "alone": self._alone,
            "rows": self._size[0],
            "columns": self._size[1],
            "patience": self._destination.reconnect,
        }
        self._is_started = True
        try:
            for data in self._link.connect():
                yield OutputChunk(data)
        except HostLost as lost:
            self.lacks_python = isinstance(lost, PythonMissing)
            self._death = Done(255, (255,), self._cwd, ended=str(lost))
            yield self._death
            return
        yield from self._run_statement(START, pack(facts))

    def run(self, code: bytes, timeout: float | None = None) -> Iterator[Message]:
        """Run one statement; yield its output as it comes, and Done at the end.

        After `timeout` seconds the statement is interrupted as with ^C, and killed if it does not end then.
        """
        yield from self._run_statement(RUN, pack({"timeout": timeout, "seq": self.find_seq()}, code))

    def _run_statement(self, kind: bytes, content: bytes) -> Iterator[Message]:
        if self._death is None:
            result = yield from self._request(kind, content)
            if result is not None:
                done = read_done(result)
                self._cwd = done.cwd
                if done.ended:
                    self._death = done
                yield done
                return
        if self._death is not None:
            yield self._death._replace(timed_out=False, interrupted=False)
            self._death = self._death._replace(killed=False)  # only this statement is in doubt

    def ask_line(self) -> Generator[OutputChunk | Silence, None, str | None]:
        """Let the operator type a line at the shell's own prompt; return it, or None at the end."""
        result = yield from self._request(LINE, pack({}))
        line = unpack(result.content)[0]["line"] if result else None
        return line if isinstance(line, str) else None

    def end(self) -> Generator[OutputChunk | Silence, None, tuple[str, ...]]:
        """Let the shell exit by itself, and yield the output of its traps and handlers.

        Returns the commands of the jobs in the background that were ended with it.
        """
        if self._death or self._is_busy or not self._is_started:
            return ()
        result = yield from self._request(END, pack({}))
        jobs = unpack(result.content)[0]["jobs"] if result else []
        return tuple(map(str, jobs)) if isinstance(jobs, list) else ()

    def take_snapshot(self, redefined: Iterable[str] = ()) -> bytes:
        """Return the shell's variables and functions, as `shells.snapshot` reads them.

        Returns b"" if the shell is dead, or did not finish the snapshot.
        """
        request = make_snapshot_request(self.shell, redefined)
        content = pack(
            {"highest": request.highest_descriptor}, request.code.encode("utf-8", "surrogateescape")
        )
        asking = self._request(SNAPSHOT, content, ours=True)
        while True:
            try:
                next(asking)
            except StopIteration as end:
                result: FarFrame | None = end.value
                return unpack(result.content)[1] if result else b""

    # requests --------------------------------------------------------------------------------------------

    def _request(
        self, kind: bytes, content: bytes, *, ours: bool = False
    ) -> Generator[OutputChunk | Silence, None, FarFrame | None]:
        """Send a request, yield its output, and return its result; None if the host is lost.

        Keys and interrupts are passed on, but not to something of `ours`.
        """
        if self._death:
            return None
        keyboard = None if ours else self._keyboard
        request = FarRequest(self._link.send(kind, content), ours)
        self.on_sent()
        self.on_wait()
        if keyboard:
            keyboard.take()
        self._is_busy = True
        try:
            while True:
                try:
                    frames = self._wait(request, keyboard)
                except ConnectionCut:
                    yield from connect_again(
                        self._link, self._destination, request, keyboard, self._notice, self._interrupt
                    )
                    continue
                except KeyboardInterrupt:
                    self._interrupt(request)
                    continue
                for frame in frames:
                    if frame.kind in (RESULT, FAILURE):
                        self._is_busy = False
                        self._link.confirm()
                        return self._read_result(frame)
                    if (message := self._read_frame(frame)) is not None:
                        yield message
        except HostLost as lost:
            self._is_busy = False
            self._death = Done(255, (255,), self._cwd, killed=not ours, ended=str(lost))
            return None
        finally:
            if keyboard:
                keyboard.give_back()

    def _wait(self, request: FarRequest, keyboard: Keyboard | None) -> list[FarFrame]:
        """Wait a moment for frames; pass keys and the window's size on."""
        reads = keyboard.fileno() if keyboard and not request.at_end_of_keys else -1
        frames, typed = self._link.wait(_TICK, reads, interruptible=not request.ours)
        if typed:
            keys = os.read(reads, _KEYS_AT_ONCE)
            request.at_end_of_keys = not keys
            if keys:
                self._link.send(KEYS, pack({"for": request.number}, keys))
        if self._keyboard and (size := self._keyboard.size()) != self._size:
            self._size = size
            self._link.send(WINDOW, pack({"rows": size[0], "columns": size[1]}))
        if time.monotonic() > request.next_sign:
            request.next_sign = time.monotonic() + HEARTBEAT
            self._link.confirm()
        return frames

    def _interrupt(self, request: FarRequest) -> None:
        """Pass an interrupt on; raises KeyboardInterrupt at the second."""
        if request.is_interrupted:
            raise KeyboardInterrupt
        request.is_interrupted = True
        ends = count_end_signals() > self._end_signals
        self._link.send(INTERRUPT, pack({"for": request.number, "ends": ends}))

    def _read_frame(self, frame: FarFrame) -> OutputChunk | Silence | None:
        if frame.kind == OUTPUT:
            return OutputChunk(frame.content)
        if frame.kind == WORD:
            self.hidden_input.on_word(frame.content.decode("utf-8", "surrogateescape"))
            return None
        facts, _ = unpack(frame.content)
        if frame.kind == SILENCE:
            return Silence(float(str(facts["seconds"])))
        if frame.kind == READY:
            self._link.address = str(facts["address"])
            if warning := str(facts["warning"]):
                self._notice(f"{self._destination.host}: {warning}")
        return None

    def _read_result(self, frame: FarFrame) -> FarFrame:
        """Return the result of a request; raises HostLost if the far end has failed instead."""
        if frame.kind == RESULT:
            return frame
        facts, _ = unpack(frame.content)
        host, message = self._destination.host, str(facts["message"])
        if facts["kind"] == "missing":
            message = f"`{message}` is not installed there"
        self._link.cut()
        raise HostLost(f"cannot run a shell on `{host}`: {message}")

    def close(self) -> None:
        """End the shell: hang up, as a closing terminal window does."""
        if self._keyboard:
            self._keyboard.give_back()
        if self._is_started:
            self._is_started = False
            self._link.send(QUIT, b"")
            self._link.close()
