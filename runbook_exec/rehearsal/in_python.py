"""Stand-ins that are functions of a test: they run in its process, on the terminal and the files of who calls them."""

from __future__ import annotations

import json
import os
import shlex
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import yaml

from . import calling
from .findings import Document
from .rehearse import Options, Result, rehearse
from .transcript import is_transcript

_LONGEST = 1 << 16  # bytes that are read at once


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a stand-in: the words after its name, and the caller's folder, variables and streams."""

    name: str
    words: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str]
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO


StandIn = Callable[[Call], "int | str | None"]


class StandIns:
    """Functions in the place of programs, and rehearsals with them. Files are made in `folder`, which is there.

    `calls` are all calls so far, in the order in which they came.
    """

    def __init__(self, folder: Path) -> None:
        self.calls: list[Call] = []
        self._folder = folder
        self._functions: dict[str, StandIn] = {}
        self._failed: list[BaseException] = []

    def __call__(self, name: str) -> Callable[[StandIn], StandIn]:
        """A decorator: the function stands in for the program of this name.

        It returns the exit status, or None for 0, or what is printed on a line of its own.
        """

        def registered(function: StandIn) -> StandIn:
            self._functions[name] = function
            return function

        return registered

    def rehearse(self, page: str | os.PathLike[str], **settings: object) -> Result:
        """Rehearse a transcript, or a runbook whose stand-ins may be called in any way and order.

        For a runbook, `settings` are those of a transcript: `done={"5b": "run 214"}`. What a stand-in raises
        is raised here when the rehearsal is over.
        """
        path = Path(page).absolute()
        scripts = self._scripts()
        transcript = path if is_transcript(path) else self._transcript(path, settings)
        self._failed.clear()
        with ExitStack() as stack:
            options = Options(
                stand_ins=scripts,
                prepare=lambda folder: stack.enter_context(_Answering(folder, self._answer)),
            )
            result = rehearse(transcript, options)
        if self._failed:
            raise self._failed[0]
        if transcript != path:
            result = replace(result, runbook=Document(str(path), result.runbook.text))
        return result

    def _scripts(self) -> Path:
        """A folder with an executable for each stand-in."""
        folder = self._folder / "stand-ins"
        folder.mkdir(exist_ok=True)
        for name in self._functions:
            words = [sys.executable, "-I", "-S", str(Path(calling.__file__)), name]
            (folder / name).write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
            (folder / name).chmod(0o755)
        return folder

    def _transcript(self, page: Path, settings: Mapping[str, object]) -> Path:
        """A copy of the runbook with a transcript beside it that allows every call of a stand-in."""
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

    def _answer(self, name: str, request: Mapping[str, object], files: list[int]) -> int:
        """Have the function answer one call; its status."""
        stdin, stdout, stderr = (
            open(file, mode, encoding="utf-8", errors="surrogateescape", closefd=True)  # noqa: PTH123, SIM115
            for file, mode in zip(files, ("r", "w", "w"), strict=True)
        )
        with stdin, stdout, stderr:
            words, cwd, environment = request["words"], request["cwd"], request["environment"]
            call = Call(name, tuple(words), Path(str(cwd)), dict(environment), stdin, stdout, stderr)  # type: ignore
            self.calls.append(call)
            try:
                answer = self._functions[name](call)
            except BaseException as failure:  # noqa: BLE001 - it is raised where the test can see it
                self._failed.append(failure)
                traceback.print_exc(file=stderr)
                return 1
            if isinstance(answer, str):
                print(answer, file=stdout)
                return 0
            return answer or 0
