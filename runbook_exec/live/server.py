"""Serves the terminal of a run to any number of terminals, and lets one of them type."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import termios
import time

from ..light_classes import NamedTuple
from ..system.peers import read_peer_user
from ..system.temporary_folders import TemporaryFolder
from . import frames
from .frames import FrameError, FrameReader, WireFrame, encode_fields, encode_frame
from .key_holder import KeyHolder
from .screen_history import ScreenHistory

_READ = 1 << 16  # bytes that are read at once

_QUEUE = 1 << 18  # bytes of output that wait for a terminal; then the run waits, too

_PATIENCE = 5.0  # seconds for which the run waits for a terminal that takes nothing; then it misses output

_TICK = 0.2  # seconds between two looks at the run

_LAST = 2.0  # seconds in which terminals may take the last output


class RunEnds(NamedTuple):
    """The ends of a run that the server holds."""

    pid: int
    terminal: int  # the master of the pseudo-terminal
    channel: socket.socket


class Client:
    """A terminal that is attached, or a program that sends an answer."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.reader = FrameReader()
        self.name = ""
        self.watches = True
        self.size = (24, 80)
        self.queue: list[bytes] = []
        self.waiting = 0  # bytes in the queue
        self._progress = time.monotonic()  # when it took something, or had nothing to take

    @property
    def is_behind(self) -> bool:
        """Return whether the run must wait for this terminal."""
        return self.waiting >= _QUEUE and time.monotonic() - self._progress < _PATIENCE

    def send(self, frame: bytes, *, is_output: bool = False) -> None:
        """Queue a frame; output is dropped if the terminal takes none for long."""
        if not self.queue:
            self._progress = time.monotonic()
        if not is_output or self.waiting < _QUEUE:
            self.queue.append(frame)
            self.waiting += len(frame)

    def flush(self) -> None:
        """Send what the connection takes now; raises OSError if it is closed."""
        while self.queue:
            try:
                sent = self.connection.send(self.queue[0])
            except BlockingIOError:
                return
            self.waiting -= sent
            self._progress = time.monotonic()
            self.queue[0] = self.queue[0][sent:]
            if not self.queue[0]:
                self.queue.pop(0)


class TerminalServer:
    """Passes output to every terminal and keys from the one that holds them, until the run ends."""

    def __init__(self, folder: TemporaryFolder, listener: socket.socket, run: RunEnds) -> None:
        self._folder = folder
        self._listener = listener
        self._run = run
        self._clients: dict[int, Client] = {}
        self._keys = KeyHolder()
        self._history = ScreenHistory()
        self._channel_text = b""
        self._asks = False  # whether the run asks a question now
        self._told_holder: str | None = None
        self._typed = b""  # keys that the run's terminal has not taken yet

    def serve(self) -> None:
        """Serve until the run has ended and its last output was passed on."""
        listener, run = self._listener, self._run
        for each in (listener, run.channel):
            each.setblocking(False)
        os.set_blocking(run.terminal, False)
        signal.signal(signal.SIGTERM, lambda number, frame: os.kill(run.pid, number))
        status = None
        while status is None:
            self._take_turn(_TICK)
            status = _find_exit_status(run.pid)
        until = time.monotonic() + _LAST + _PATIENCE
        while self._read_terminal() and time.monotonic() < until:
            self._take_turn(0.01)
        end = encode_fields(frames.END, {"status": status})
        for client in self._clients.values():
            client.send(end)
        until = time.monotonic() + _LAST
        while any(client.queue for client in self._clients.values()) and time.monotonic() < until:
            self._flush_clients()
            time.sleep(0.01)
        self._folder.remove()

    def _take_turn(self, seconds: float) -> None:
        run = self._run
        poll = select.poll()
        for fd in (self._listener.fileno(), run.channel.fileno()):
            poll.register(fd, select.POLLIN)
        wanted = (0 if self._is_behind() else select.POLLIN) | (select.POLLOUT if self._typed else 0)
        poll.register(run.terminal, wanted)
        for fd, client in self._clients.items():
            poll.register(fd, select.POLLIN | (select.POLLOUT if client.queue else 0))
        ready = dict(poll.poll(seconds * 1000))
        if ready.get(run.terminal, 0) & select.POLLHUP:
            time.sleep(0.02)  # the run's terminal has hung up, and the run is about to end
        if self._listener.fileno() in ready:
            self._accept()
        self._read_terminal()
        self._write_typed()
        if run.channel.fileno() in ready:
            self._read_channel()
        for fd in [fd for fd in ready if fd in self._clients]:
            self._read_client(fd)
        self._flush_clients()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            if read_peer_user(connection) != os.getuid():
                connection.close()
                return
            connection.setblocking(False)
            self._clients[connection.fileno()] = Client(connection)

    def _read_terminal(self) -> bool:
        """Pass output on; return whether more may come at once."""
        while not self._is_behind():
            try:
                data = os.read(self._run.terminal, _READ)
            except OSError:  # nothing to read, or the run's end of the terminal is closed
                return False
            if not data:
                return False
            self._history.add(data)
            frame = encode_frame(frames.OUTPUT, data)
            for client in self._clients.values():
                if client.name:
                    client.send(frame, is_output=True)
        return True

    def _is_behind(self) -> bool:
        """Return whether the run must wait, as for any terminal that shows its output more slowly."""
        return any(client.is_behind for client in self._clients.values())

    def _write_typed(self) -> None:
        with contextlib.suppress(OSError):
            while self._typed:
                self._typed = self._typed[os.write(self._run.terminal, self._typed[:1024]) :]

    def _read_client(self, fd: int) -> None:
        client = self._clients[fd]
        try:
            data = client.connection.recv(_READ)
            if not data:
                self._drop(fd)
                return
            for frame in client.reader.feed(data):
                self._act_on(fd, client, frame)
        except BlockingIOError:
            return
        except (OSError, FrameError, ValueError, KeyError, TypeError):
            self._drop(fd)

    def _act_on(self, fd: int, client: Client, frame: WireFrame) -> None:
        holds = fd == self._keys.holder
        match frame.kind:
            case frames.HELLO:
                fields = frame.fields()
                client.name, client.watches = str(fields["name"]), bool(fields["watch"])
                client.size = _read_size(fields)
                client.send(encode_frame(frames.OUTPUT, self._history.render()), is_output=True)
                if not client.watches:
                    self._keys.ask(fd)
                self._tell_roles()
                self._redraw()
            case frames.KEYS if holds:
                self._typed += frame.data
                self._write_typed()
            case frames.SIZE:
                client.size = _read_size(frame.fields())
                if holds:
                    self._resize(*client.size)
            case frames.ASK if not client.watches:
                self._keys.ask(fd)
                self._tell_roles()
            case frames.GRANT | frames.REFUSE | frames.RELEASE if holds:
                acts = {frames.GRANT: self._keys.grant, frames.REFUSE: self._keys.refuse}
                acts.get(frame.kind, self._keys.release)(fd)
                self._tell_roles()
                self._redraw()
            case frames.ANSWER:
                self._pass_answer(fd, client, frame)
            case _:
                pass

    def _pass_answer(self, fd: int, client: Client, frame: WireFrame) -> None:
        """Pass an answer to the run if it asks a question; the run checks the answer and replies."""
        fields = frame.fields()
        if not self._asks:
            client.send(encode_fields(frames.REPLY, {"problem": "the run asks no question now"}))
            return
        self._send_to_run({"answer": fields, "client": fd})

    def _drop(self, fd: int) -> None:
        self._clients.pop(fd).connection.close()
        self._keys.leave(fd)
        self._tell_roles()

    def _tell_roles(self) -> None:
        """Tell each terminal and the run who holds the keys, and give the run that terminal's size."""
        holder = self._clients.get(self._keys.holder) if self._keys.holder is not None else None
        name = holder.name if holder else ""
        asks = next((self._clients[fd].name for fd in self._keys.asking), "")
        for fd, client in self._clients.items():
            if client.name:
                yours = fd == self._keys.holder
                state = {
                    "holder": name,
                    "yours": yours,
                    "asks": asks if yours else "",
                    "asking": fd in self._keys.asking,
                }
                client.send(encode_fields(frames.STATE, state))
        if name != self._told_holder:
            self._told_holder = name
            self._send_to_run({"holder": name})
        if holder:
            self._resize(*holder.size)

    def _send_to_run(self, message: dict[str, object]) -> None:
        with contextlib.suppress(OSError):
            self._run.channel.send(json.dumps(message).encode() + b"\n")

    def _read_channel(self) -> None:
        try:
            data = self._run.channel.recv(_READ)
        except OSError:
            return
        *lines, self._channel_text = (self._channel_text + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "asks" in message:
                self._asks = bool(message["asks"])
            elif (client := self._clients.get(message.get("client", -1))) is not None:
                client.send(encode_fields(frames.REPLY, {"problem": message["problem"]}))

    def _flush_clients(self) -> None:
        for fd, client in list(self._clients.items()):
            try:
                client.flush()
            except OSError:
                self._drop(fd)

    def _resize(self, rows: int, columns: int) -> None:
        with contextlib.suppress(OSError):
            size = struct.pack("HHHH", rows, columns, 0, 0)
            fcntl.ioctl(self._run.terminal, termios.TIOCSWINSZ, size)

    def _redraw(self) -> None:
        """Have the program in the run's terminal paint its screen again."""
        holder = self._clients.get(self._keys.holder) if self._keys.holder is not None else None
        rows, columns = holder.size if holder else (24, 80)
        self._resize(rows, columns - 1)
        self._resize(rows, columns)


def _read_size(fields: dict[str, object]) -> tuple[int, int]:
    rows, columns = int(str(fields["rows"])), int(str(fields["columns"]))
    return max(1, min(rows, 1000)), max(2, min(columns, 2000))


def _find_exit_status(pid: int) -> int | None:
    """Return the exit status of the run if it has ended; 1 if a signal has killed it."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        return None
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 1
