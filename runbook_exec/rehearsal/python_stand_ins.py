"""Provides stand-ins that are functions of a test and run in its process.

They use the caller's streams.
"""

from __future__ import annotations

import json
import os
import select
import shlex
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TextIO, cast

import yaml

from ..light_classes import dataclass, replace
from . import python_client as calling
from .findings import RehearsedDocument
from .rehearse import Options, RehearsalResult, rehearse
from .transcript.model import is_transcript

_LONGEST = 1 << 16  # bytes read at once


@dataclass(frozen=True, slots=True)
class StandInCall:
    """A call of a stand-in, with the caller's working directory, environment and streams."""

    name: str
    words: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str]
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO


StandIn = Callable[[StandInCall], "int | str | None"]


class StandIns:
    """Functions that replace programs, and rehearsals that use them.

    `folder` must exist; files are written to it. `calls` lists all calls so far, in order of arrival.
    """

    def __init__(self, folder: Path) -> None:
        self.calls: list[StandInCall] = []
        self._folder = folder
        self._functions: dict[str, StandIn] = {}
        self._failures: list[BaseException] = []

    def __call__(self, name: str) -> Callable[[StandIn], StandIn]:
        """Return a decorator that makes a function the stand-in for the program of this name.

        The function returns the exit status, None for 0, or a text to print as one line.
        """

        def register(function: StandIn) -> StandIn:
            self._functions[name] = function
            return function

        return register

    def rehearse(self, page: str | os.PathLike[str], **settings: object) -> RehearsalResult:
        """Rehearse a transcript, or a runbook that may call the stand-ins in any way and order.

        For a runbook, `settings` are those of a transcript: `done={"5b": "run 214"}`. Raises the first
        exception of a stand-in when the rehearsal is over.
        """
        path = Path(page).absolute()
        scripts = self._write_scripts()
        transcript = path if is_transcript(path) else self._write_transcript(path, settings)
        self._failures.clear()
        with ExitStack() as stack:

            def prepare(folder: Path) -> None:
                stack.enter_context(_FunctionServer(folder, self._answer))

            result = rehearse(transcript, Options(stand_ins=scripts, prepare=prepare))
        if self._failures:
            raise self._failures[0]
        if transcript != path:
            result = replace(result, runbook=RehearsedDocument(str(path), result.runbook.text))
        return result

    def _write_scripts(self) -> Path:
        """Write an executable for each stand-in, and return their folder."""
        folder = self._folder / "stand-ins"
        folder.mkdir(exist_ok=True)
        for name in self._functions:
            words = [sys.executable, "-I", "-S", str(Path(calling.__file__)), name]
            (folder / name).write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
            (folder / name).chmod(0o755)
        return folder

    def _write_transcript(self, page: Path, settings: Mapping[str, object]) -> Path:
        """Copy the runbook, and write a transcript beside it that allows every call of a stand-in."""
        folder = self._folder / "rehearsed"
        folder.mkdir(exist_ok=True)
        (folder / page.name).write_bytes(page.read_bytes())
        said = {name.replace("_", "-"): value for name, value in settings.items()}
        front = yaml.safe_dump({"rehearsal": said}, allow_unicode=True) if said else ""
        calls = "".join(f"# any number of times:\n$ {shlex.quote(name)} ...\n" for name in self._functions)
        transcript = folder / f"{page.stem}.rehearsal.md"
        matter = f"---\n{front}---\n\n" if front else ""
        transcript.write_text(f"{matter}```console\n{calls}```\n", encoding="utf-8")
        return transcript

    def _answer(self, call: StandInCall) -> int:
        """Call the function of a stand-in, and return the exit status."""
        self.calls.append(call)
        try:
            answer = self._functions[call.name](call)
        except BaseException as failure:  # noqa: BLE001 - `rehearse` raises it
            self._failures.append(failure)
            traceback.print_exc(file=call.stderr)
            return 1
        if isinstance(answer, str):
            print(answer, file=call.stdout)
            return 0
        return answer or 0


class _FunctionServer:
    """Answers the calls of a rehearsal, each in a thread of its own: one may wait for another.

    A caller waits for its answer: when the rehearsal is over, only calls of killed programs are still open.
    """

    def __init__(self, folder: Path, answer: Callable[[StandInCall], int]) -> None:
        self._answer = answer
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(folder / calling.SOCKET))
        self._socket.listen()
        self._over, self._waiting = socket.socketpair()
        self._thread = threading.Thread(target=self._accept, name="stand-ins", daemon=True)

    def __enter__(self) -> _FunctionServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.close()
        self._thread.join()
        self._waiting.close()
        self._socket.close()

    def _accept(self) -> None:
        while True:
            ready, _, _ = select.select([self._socket, self._waiting], [], [])
            if self._waiting in ready:
                break
            line, _ = self._socket.accept()
            threading.Thread(target=self._reply, args=(line,), name="stand-in", daemon=True).start()

    def _reply(self, line: socket.socket) -> None:
        with (
            suppress(OSError),
            line,
            ExitStack() as stack,
        ):  # the caller, or the reader of its output, may be gone
            _, files, _, _ = socket.recv_fds(line, 1, 3)
            stdin, stdout, stderr = (
                stack.enter_context(_open_stream(*each)) for each in zip(files, "rww", strict=True)
            )
            told = json.loads(b"".join(iter(lambda: line.recv(_LONGEST), b"")))
            words, cwd = tuple(told["words"]), Path(told["cwd"])
            status = self._answer(
                StandInCall(told["name"], words, cwd, told["environment"], stdin, stdout, stderr)
            )
            stdout.flush()
            stderr.flush()
            line.sendall(str(status).encode())


def _open_stream(file: int, mode: str) -> TextIO:
    return cast(TextIO, os.fdopen(file, mode, encoding="utf-8", errors="surrogateescape"))
