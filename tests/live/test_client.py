"""A terminal that attaches to a run, and a server that is played by the test."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import pytest

from runbook_exec.live import frames
from runbook_exec.live.frames import FrameReader, WireFrame, encode_fields, encode_frame
from tests.support.program import Program
from tests.support.screen import ENTER, open_screen

_ATTACH = (
    "import sys\nfrom runbook_exec.live.client import TerminalClient, connect\n"
    "TerminalClient(connect(sys.argv[1]), 'bob', watch=False).follow()"
)


def receive(connection: socket.socket, reader: FrameReader) -> WireFrame:
    """Return the next frame of the terminal."""
    while True:
        for frame in reader.feed(connection.recv(4096)):
            return frame


@pytest.mark.parametrize("yours", [True, False])
def test_keys_at_the_first_screen_count_as_those_after_it(
    program: Program, tmp_path: Path, yours: bool
) -> None:
    """The screen comes before the word about who holds the keys; keys before the screen do not count."""
    address = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(30)
        listener.bind(address)
        listener.listen()
        command = [sys.executable, "-c", _ATTACH, address]
        with open_screen(command, program.work, program.environment({}), 80, 24) as shown:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(30)
                reader = FrameReader()
                assert receive(connection, reader).kind == frames.HELLO
                shown.type("x")
                time.sleep(0.5)  # so that the keys are there before the next frame
                connection.sendall(encode_frame(frames.OUTPUT, b"a question"))
                shown.wait("a question")
                shown.type(ENTER)
                time.sleep(0.5)
                state = {"holder": "eve", "yours": yours, "asks": "", "asking": False}
                connection.sendall(encode_fields(frames.STATE, state))
                if not yours:
                    shown.wait("eve has the keys")
                    connection.sendall(encode_fields(frames.STATE, {**state, "yours": True}))
                    shown.wait("you have the keys")
                    shown.type("z")
                assert receive(connection, reader).data == (b"\r" if yours else b"z")
                connection.sendall(encode_fields(frames.END, {"status": 0}))
                shown.wait_status()
