"""Attaches this terminal to a run: shows its output, and passes the keys while it holds them."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping

from ..errors import Refused, reason
from ..system.peers import read_peer_user
from ..system.screen_modes import ScreenModes
from ..system.tty import OperatorTty
from ..text.ansi import escape_unprintable
from ..text.display import clip, pad
from . import frames
from .frames import FrameError, FrameReader, WireFrame, encode_fields, encode_frame

_PREFIX = 0x1D  # ^]

_TICK = 0.25  # seconds between checks of the window's size

_READ = 1 << 16  # bytes

_HELP = "^] d leaves, ^] t asks for the keys, ^] h hands them back, ^] y gives them, ^] n keeps them"

_COMMANDS = {
    b"t": frames.ASK,
    b"h": frames.RELEASE,
    b"y": frames.GRANT,
    b"n": frames.REFUSE,
}


def connect(address: str) -> socket.socket:
    """Return a connection to the server of a run; raises Refused if there is none of this user."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
    except OSError as error:
        raise Refused(f"cannot reach the run at `{address}`: {reason(error)}") from None
    if read_peer_user(connection) != os.getuid():
        raise Refused(f"`{address}` belongs to another user; only the user of a run attaches to it")
    return connection


def send_answer(address: str, fields: Mapping[str, object]) -> None:
    """Answer the question that a run asks now; raises Refused with what the run says against it."""
    with connect(address) as connection:
        connection.sendall(encode_fields(frames.ANSWER, fields))
        reader = FrameReader()
        while data := connection.recv(_READ):
            for frame in reader.feed(data):
                if frame.kind == frames.REPLY:
                    if problem := frame.fields().get("problem"):
                        raise Refused(str(problem))
                    return
    raise Refused("the run has ended before it took the answer")


class TerminalClient:
    """This terminal, attached to a run."""

    def __init__(self, connection: socket.socket, name: str, *, watch: bool) -> None:
        self._connection = connection
        self._name = name
        self._watch = watch
        self._tty = OperatorTty(0, 1)
        self._modes = ScreenModes()
        self._reader = FrameReader()
        self._state: Mapping[str, object] = {}
        self._after_prefix = False
        self._early: bytes | None = None  # typed at the screen before it was known who holds the keys
        self.status: int | None = None  # the exit status of the run once it has ended

    def follow(self) -> int | None:
        """Show the run until it ends, and return its exit status; None if the person has left before."""
        size = self._tty.size()
        hello = {"name": self._name, "watch": self._watch, "rows": size[0], "columns": size[1]}
        self._connection.sendall(encode_fields(frames.HELLO, hello))
        self._tty.take()
        try:
            self._pass_on(size)
        except KeyboardInterrupt:  # the window is closed, or this process is told to end
            pass
        finally:
            os.write(1, self._modes.restore())
            self._tty.give_back()
        return self.status

    def _pass_on(self, size: tuple[int, int]) -> None:
        poll = select.poll()
        poll.register(0, select.POLLIN)
        poll.register(self._connection.fileno(), select.POLLIN)
        while self.status is None:
            ready = dict(poll.poll(_TICK * 1000))
            if self._tty.size() != size:
                size = self._tty.size()
                self._connection.sendall(encode_fields(frames.SIZE, {"rows": size[0], "columns": size[1]}))
            if self._connection.fileno() in ready:
                data = self._connection.recv(_READ)
                if not data:
                    return
                try:
                    for frame in self._reader.feed(data):
                        self._show(frame)
                except FrameError:
                    return
            if 0 in ready:
                keys = os.read(0, 4096)
                if not keys or not self._take_keys(keys):
                    return

    def _show(self, frame: WireFrame) -> None:
        match frame.kind:
            case frames.OUTPUT:
                self._early = self._early or b""
                self._modes.follow(frame.data)
                _write(frame.data)
            case frames.STATE:
                self._tell_state(frame.fields())
            case frames.END:
                self.status = int(str(frame.fields()["status"]))
            case _:
                pass

    def _tell_state(self, state: Mapping[str, object]) -> None:
        """Say what has changed: who holds the keys, and who asks for them."""
        before, self._state = self._state, state
        if state == before:
            return
        if state["yours"] and self._early:
            self._connection.sendall(encode_frame(frames.KEYS, self._early))
        self._early = None
        holder = escape_unprintable(str(state["holder"]))
        if state["yours"]:
            if not before.get("yours") and before:
                self._say(f"you have the keys · {_HELP}")
            if before.get("asks") and not state["asks"]:
                self._say("you keep the keys")
            if state["asks"] and state["asks"] != before.get("asks"):
                asks = escape_unprintable(str(state["asks"]))
                self._say(f"{asks} asks for the keys · ^] y gives them, ^] n keeps them")
        elif state["asking"]:
            self._say(f"{holder} has the keys and is asked for them; you watch · ^] d leaves")
        elif before.get("asking"):
            self._say(f"{holder} keeps the keys; you watch · ^] t asks again, ^] d leaves")
        elif holder != before.get("holder") or before.get("yours"):
            who = f"{holder} has the keys" if holder else "no terminal has the keys"
            self._say(f"{who}; you watch · {'' if self._watch else '^] t asks for them, '}^] d leaves")

    def _take_keys(self, keys: bytes) -> bool:
        """Pass the keys on, or do what those after the prefix say; return False if the person leaves."""
        typed = b""
        for number in keys:
            key = bytes((number,))
            if self._after_prefix:
                self._after_prefix = False
                if number == _PREFIX:
                    typed += key
                elif key == b"d":
                    return False
                elif key in _COMMANDS:
                    self._connection.sendall(encode_frame(_COMMANDS[key]))
                else:
                    self._say(_HELP)
            elif number == _PREFIX:
                self._after_prefix = True
            else:
                typed += key
        if typed and self._state.get("yours"):
            self._connection.sendall(encode_frame(frames.KEYS, typed))
        elif self._early is not None and not self._state:
            self._early += typed
        return True

    def _say(self, text: str) -> None:
        """Write a line of ours over the top of the screen; the cursor stays where the run has left it."""
        columns = self._tty.size()[1]
        line = clip(f" runbook-exec: {text}", columns)
        _write(f"\x1b7\x1b[1;1H\x1b[7m{pad(line, columns)}\x1b[0m\x1b8".encode())


def wait_for_end(connection: socket.socket, pid: int) -> int:
    """Wait for the end of a run without showing it, and return its exit status.

    `pid` is its server, which gets the signal that tells this process to end.
    """
    reader = FrameReader()
    while True:
        try:
            data = connection.recv(_READ)
        except KeyboardInterrupt:
            os.kill(pid, signal.SIGTERM)
            continue
        if not data:
            return 1
        for frame in reader.feed(data):
            if frame.kind == frames.END:
                return int(json.loads(frame.data)["status"])


def _write(data: bytes) -> None:
    while data:
        try:
            data = data[os.write(1, data) :]
        except BlockingIOError:
            select.select([], [1], [])
    sys.stdout.flush()
