"""Helpers for tests of the live session: real shells, results, a person at a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runbook_exec.engine.ports import Done, LiveShell, OutputChunk
from runbook_exec.session.connections.base import Connection
from runbook_exec.session.inner.holding_session import HoldingSession
from runbook_exec.session.session import Session
from runbook_exec.system.tty import OperatorTty

GENEROUS = 30.0  # seconds after which a statement that has not ended is a failure


@dataclass(frozen=True)
class StatementResult:
    """The output of a statement, with plain line ends, and its end."""

    raw: bytes
    done: Done

    @property
    def text(self) -> str:
        return self.raw.replace(b"\r\n", b"\n").decode("utf-8", "surrogateescape")

    @property
    def status(self) -> int:
        return self.done.status


def home_environment(folder: Path) -> dict[str, str]:
    """Return an environment with a home folder that has no configuration, and is ready for fish."""
    (folder / "data/fish/generated_completions").mkdir(parents=True, exist_ok=True)
    wanted = {"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8", "HOME": str(folder)}
    wanted["RUNBOOK_EXEC_TRUSTED"] = str(folder)
    return wanted | {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("CONFIG", "DATA", "STATE")}


@contextmanager
def open_session(
    shell: str,
    folder: Path,
    *,
    clean: bool = True,
    keyboard: OperatorTty | None = None,
    connection: Connection | None = None,
) -> Iterator[HoldingSession]:
    """Start a session in a folder of its own."""
    environ = home_environment(folder)
    with HoldingSession(
        shell, clean=clean, cwd=str(folder), environ=environ, keyboard=keyboard, connection=connection
    ) as session:
        assert next(item for item in session.start() if isinstance(item, Done)).ended == ""
        yield session


def run_statement(session: LiveShell, code: str | bytes, timeout: float | None = GENEROUS) -> StatementResult:
    """Run one statement to its end."""
    printed, ended = b"", []
    for item in session.run(code.encode() if isinstance(code, str) else code, timeout):
        if isinstance(item, OutputChunk):
            printed += item.data
        elif isinstance(item, Done):
            ended.append(item)
    assert len(ended) == 1, "a statement ends once"
    return StatementResult(printed, ended[0])


class TerminalOperator:
    """A person at a terminal: its keys come from `type`, its size from `resize`."""

    def __init__(self, rows: int = 30, columns: int = 100) -> None:
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.keyboard = OperatorTty(self.slave, self.slave)

    def __enter__(self) -> TerminalOperator:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.master)
        os.close(self.slave)

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def modes(self) -> list[object]:
        return list(termios.tcgetattr(self.slave))

    def converse(
        self,
        session: Session,
        code: str,
        *turns: tuple[bytes, bytes | Callable[[], None]],
        pause: float = 0.0,
    ) -> StatementResult:
        """Run a statement; after it has printed a turn's text and `pause` seconds, type its keys."""
        waiting, printed, seen = list(turns), b"", 0
        until = time.monotonic() + GENEROUS
        for item in session.run(code.encode()):
            if isinstance(item, OutputChunk):
                printed += item.data
            elif isinstance(item, Done):
                assert not waiting, f"never printed {waiting[0][0]!r}: {printed!r}"
                return StatementResult(printed, item)
            if waiting and waiting[0][0] in printed[seen:]:
                seen = len(printed)
                time.sleep(pause)
                keys = waiting.pop(0)[1]
                keys() if callable(keys) else self.type(keys)
            assert time.monotonic() < until, f"no end after {printed!r}"
        raise AssertionError("a statement ends")


def run_statements(session: Session, codes: Sequence[str]) -> list[str]:
    """Return the output of each statement, together with output that an earlier one left behind."""
    return [run_statement(session, code).text for code in codes]
