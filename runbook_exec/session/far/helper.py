"""Runs a session for a near end that sends its requests in frames.

This module runs on the far host, with Python 3.9. Nothing of it is installed there: the near end sends it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from functools import partial
from pathlib import Path

from ...errors import Refused
from ...shells.live_shell import Done, Message, OutputChunk, Silence
from ...shells.registry import load_driver
from ...system.core_dumps import forbid_core_dumps
from ...system.signals import defer_interrupts, take_interrupt, watch_signals
from ...system.temporary_folders import remove_dead_folders
from ..pty_modes import ShellMissing
from ..session import Session
from .frames import (
    END,
    FAILURE,
    LINE,
    OUTPUT,
    QUIT,
    READY,
    RESULT,
    RUN,
    SILENCE,
    SNAPSHOT,
    START,
    WORD,
    FarFrame,
    pack,
    unpack,
)
from .wire import Wire

_LAST_WORDS = 3.0  # seconds in which the last frames must be written

_REPORTED = ("status", "pipestatus", "killed", "timed_out", "interrupted")  # for a run that is resumed

_OLD_REPORT = 30 * 86400.0  # seconds after which nobody asks for a report any more

_OLD_SESSION = 10.0  # seconds in which an earlier session of the same run must end


class _QuitNow(BaseException):
    """The near end has left: the shell is hung up on, whatever it runs."""


class FarKeyboard:
    """The keys and the window of the operator, who is at the near end."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def fileno(self) -> int:
        """Return the descriptor that keys are read from."""
        return self._wire.keys

    def take(self) -> None:
        """Do nothing: the near end has made the operator's terminal raw."""

    def give_back(self) -> None:
        """Do nothing: the near end restores the operator's terminal."""

    def size(self) -> tuple[int, int]:
        """Return the number of rows and of columns."""
        return self._wire.size


def main() -> None:
    """Serve one session over standard input and output; returns when it has ended."""
    forbid_core_dumps()
    remove_dead_folders()
    end_bridge = _leave_bridge()
    with contextlib.suppress(OSError):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    watch_signals(signal.SIGTERM)
    signal.signal(signal.SIGUSR1, _quit)
    main_thread = threading.main_thread().ident or 0
    wire = Wire(0, os.dup(1), end_bridge, partial(signal.pthread_kill, main_thread, signal.SIGUSR1))
    wire.on_interrupt = lambda ends: signal.pthread_kill(
        main_thread, signal.SIGTERM if ends else signal.SIGINT
    )
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    try:
        _serve(wire)
    except _QuitNow:
        pass
    except Exception as error:  # noqa: BLE001 - the near end shows it
        wire.send(FAILURE, pack({"kind": "crash", "message": f"{type(error).__name__}: {error}"}))
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    wire.flush(_LAST_WORDS)
    os._exit(0)  # the thread of the wire would be waited for


def _leave_bridge() -> Callable[[], None]:
    """Leave the process that ssh has started, which waits until the connection ends; return what ends it.

    The session runs in a new process, which outlives the connection.
    """
    waits, ends = os.pipe()
    if os.fork():
        os.close(ends)
        os.close(0)
        os.close(1)
        os.read(waits, 1)
        os._exit(0)
    os.close(waits)
    os.setsid()
    return partial(os.close, ends)


def _quit(number: int, frame: object) -> None:
    raise _QuitNow


def _serve(wire: Wire) -> None:
    """Do what the near end asks for, until it leaves."""
    first = wire.requests.get()
    if first.kind != START:
        return
    facts, _ = unpack(first.content)
    wire.begin(first.number)
    wire.patience = float(str(facts["patience"]))
    try:
        with contextlib.ExitStack() as stack:
            address = _claim_run(str(facts["run"]), wire, stack)
            session = stack.enter_context(_open_session(facts, wire))
            wire.send(READY, pack({"address": address, "pid": os.getpid(), "warning": _find_warning()}))
            session.hidden_input.on_word = lambda word: wire.send(
                WORD, word.encode("utf-8", "surrogateescape")
            )
            with defer_interrupts():
                _report(wire, session.start())
                while (request := wire.requests.get()).kind != QUIT:
                    take_interrupt()  # one that came too late for the request before
                    wire.begin(request.number)
                    _do(request, session, wire)
                    wire.finish()
            if wire.is_abandoned:
                _keep_report(f"{address}.report", wire.report.write_line())
    except ShellMissing as missing:
        wire.send(FAILURE, pack({"kind": "missing", "message": missing.name}))
    except Refused as refused:
        wire.send(FAILURE, pack({"kind": "refused", "message": str(refused)}))


def _open_session(facts: Mapping[str, object], wire: Wire) -> Session:
    wire.size = (int(str(facts["rows"])), int(str(facts["columns"])))
    more = facts["environ"]
    environ = dict(os.environ) if isinstance(more, dict) and not facts["alone"] else {}
    environ.update(more if isinstance(more, dict) else {})
    cwd = os.path.expanduser(str(facts["cwd"] or "~"))  # noqa: PTH111
    if not os.path.isdir(cwd):  # noqa: PTH112
        raise Refused(f"the folder `{cwd}` does not exist")
    shell = str(facts["shell"])
    load_driver(shell)
    keyboard = FarKeyboard(wire) if facts["attended"] else None
    return Session(shell, clean=bool(facts["clean"]), cwd=cwd, environ=environ, keyboard=keyboard)


def _do(request: FarFrame, session: Session, wire: Wire) -> None:
    """Do one request, and send its result."""
    facts, data = unpack(request.content)
    if request.kind == RUN:
        timeout = facts["timeout"]
        wire.report.note_start(int(str(facts["seq"])))
        _report(wire, session.run(data, None if timeout is None else float(str(timeout))))
    elif request.kind == SNAPSHOT:
        code = data.decode("utf-8", "surrogateescape")
        wire.send(RESULT, pack({}, session.read_snapshot(code, int(str(facts["highest"])))))
    elif request.kind == LINE:
        line = _report_all(wire, session.ask_line())
        known = {"line": None if line is None else str(line)}
        wire.send(RESULT, pack(known))
    elif request.kind == END:
        jobs = _report_all(wire, session.end())
        wire.send(RESULT, pack({"jobs": list(jobs) if isinstance(jobs, tuple) else []}))


def _report(wire: Wire, messages: Iterable[Message]) -> None:
    """Send the messages of a statement, and its end as the result."""
    for message in messages:
        if isinstance(message, Done):
            known = message._asdict()
            wire.report.note_end({name: known[name] for name in _REPORTED})
            wire.send(RESULT, pack(known))
        else:
            _send_message(wire, message)


def _report_all(wire: Wire, messages: Generator[OutputChunk | Silence, None, object]) -> object:
    """Send messages; return what their generator returns."""
    while True:
        try:
            _send_message(wire, next(messages))
        except StopIteration as end:
            return end.value


def _send_message(wire: Wire, message: OutputChunk | Silence) -> None:
    if isinstance(message, OutputChunk):
        wire.send(OUTPUT, message.data)
    else:
        wire.send(SILENCE, pack({"seconds": message.seconds}))


# one session of a run on a host ----------------------------------------------------------------------------


def _claim_run(run: str, wire: Wire, stack: contextlib.ExitStack) -> str:
    """End an earlier session of this run on this host, and listen for later connections.

    Two statements of one run never run at the same time here. Returns the path of the socket. Raises Refused.
    """
    folder = _open_folder()
    path = f"{folder}/{run}"
    for lock in Path(folder).glob("*.lock"):
        if str(lock) != f"{path}.lock" and (file := _lock_file(str(lock))) >= 0:
            _remove_files(str(lock).removesuffix(".lock"), str(lock))  # of a process that was killed
            os.close(file)
    until = time.monotonic() + _OLD_SESSION
    while _lock_file(f"{path}.lock") < 0:
        if time.monotonic() > until:
            raise Refused("an earlier session of this run is still there and does not end")
        _tell_to_quit(path)
        time.sleep(0.05)
        _open_folder()
    _remove_reports(folder, f"{path}.report")
    with contextlib.suppress(OSError):
        os.unlink(path)  # noqa: PTH108
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(4)
    stack.callback(_remove_files, path, f"{path}.lock")
    wire.listen(listener)
    return path


def _keep_report(path: str, line: bytes) -> None:
    """Keep the report on the last statement for a run that is resumed; it has no output in it."""
    with contextlib.suppress(OSError):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        os.write(file, line)
        os.close(file)


def _remove_reports(folder: str, path: str) -> None:
    """Remove the report of this run, and those that nobody has asked for in a long time."""
    for report in Path(folder).glob("*.report"):
        with contextlib.suppress(OSError):
            if str(report) == path or report.stat().st_mtime < time.time() - _OLD_REPORT:
                report.unlink()


def _lock_file(path: str) -> int:
    """Lock a file for the life of this process, and return its descriptor; -1 if another process has it."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:  # the last session here has removed the folder just now
        return -1
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.stat(path).st_ino == os.fstat(file).st_ino:  # noqa: PTH116
            return file
    except OSError:
        pass  # another process has it, or had it and has removed it just now
    os.close(file)
    return -1


def _open_folder() -> str:
    """Return the folder for the sockets of this user's sessions; raises Refused if it is not private."""
    folder = Path(tempfile.gettempdir(), f".runbook-exec-{os.geteuid()}")
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid() or state.st_mode & 0o077:
        raise Refused(f"`{folder}` is not a private folder of yours; remove it")
    return str(folder)


def _tell_to_quit(path: str) -> None:
    """Ask the session that has this socket to hang up on its shell."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1.0)
        client.connect(path)
        client.send(b"Q")
        client.recv(1)


def _remove_files(path: str, *paths: str) -> None:
    for each in (path, *paths):
        with contextlib.suppress(OSError):
            os.unlink(each)  # noqa: PTH108
    with contextlib.suppress(OSError):
        os.rmdir(os.path.dirname(path))  # noqa: PTH106, PTH120 - unless other sessions are there


def _find_warning() -> str:
    """Return why a session may not survive the loss of its connection; "" if it does."""
    if sys.platform != "linux":
        return ""
    try:
        with Path("/etc/systemd/logind.conf").open(encoding="utf-8") as file:
            kills = any(line.replace(" ", "").strip().lower() == "killuserprocesses=yes" for line in file)
    except (OSError, ValueError):
        return ""
    user = os.environ.get("USER", "")
    if not kills or (user and Path("/var/lib/systemd/linger", user).exists()):
        return ""
    return (
        "this host ends your programs when a connection is lost; `loginctl enable-linger` there prevents that"
    )
