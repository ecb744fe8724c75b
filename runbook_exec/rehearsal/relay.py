"""Runs a program, passes its output through, and reports that output afterwards.

It is started as a single file, without the package: `relay.py BASE FIFO WITHOUT MARK PROGRAM [ARGUMENT…]`.
The program gets the same standard input, terminal, process group and environment as without a relay,
except for the folder WITHOUT on its PATH. The relay ends with the same status or signal as the program.

If an output of the program goes to a pipe, the relay gives it a pipe of its own; if one goes to a terminal,
a terminal of its own. If both outputs go to one terminal and MARK is not empty, the program writes directly
to that terminal, between two marks for the reader of the terminal.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import stat
import struct
import sys
import termios
import time

MARK_PREFIX = "\x1b]7366;"  # an operating system command (OSC) that no terminal uses

_READ = 65536

_LOOK = 250  # milliseconds between looks whether the program has ended, where no descriptor tells

_FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


def main(base: str, fifo: str, without: str, mark: str, command: list[str]) -> None:
    """Run the command, write BASE.report for `parse_report`, and end as the command ended."""
    marked = mark if _shares_terminal() else ""
    ends: dict[int, tuple[int, int, bool]] = {} if marked else _open_ends()
    files = _find_output_files(ends)
    pid = base.rpartition("/")[2]
    if marked:
        _write(1, format_mark(marked, "begin", pid))
    child = _start_program(command, _program_path(without), ends)
    pieces = _pass_output(child, ends, mark, pid)
    _, status = os.waitpid(child, 0)
    pieces += [(time.monotonic(), stream, data) for stream, data in _read_output_files(files)]
    if marked:
        _write(1, format_mark(marked, "end", pid))
    shared = len(ends) == 2 and ends[1] == ends[2]
    _write_report(base, fifo, pieces, status, shared)
    _end_like(status)


def _start_program(command: list[str], path: str, ends: dict[int, tuple[int, int, bool]]) -> int:
    """Start the program and forward signals to it; return its process id."""
    # the terminal sends these to the program as well
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGQUIT)}
    child = os.fork()
    if child == 0:
        for number, handler in before.items():
            signal.signal(number, handler)
        _exec_program(command, path, ends)
    for forwarded in _FORWARDED:
        signal.signal(forwarded, lambda number, frame: os.kill(child, number))
    signal.signal(signal.SIGWINCH, lambda number, frame: _resize(ends))
    for inner in {inner for _, inner, _ in ends.values()}:
        os.close(inner)
    return child


def _pass_output(
    child: int, ends: dict[int, tuple[int, int, bool]], mark: str, pid: str
) -> list[tuple[float, int, bytes]]:
    """Pass the program's output on until it ends; return its pieces: time, stream, bytes."""
    pieces: list[tuple[float, int, bytes]] = []
    sources = {outer: stream for stream, (outer, _, _) in sorted(ends.items(), reverse=True)}

    def take(fd: int, waiting: bool = True) -> bool:
        if data := _read(fd, waiting):
            pieces.append((time.monotonic(), sources[fd], data))
            _pass_on(sources[fd], data, ends, mark, pid)
        return bool(data)

    def drop(fd: int) -> None:
        poll.unregister(fd)
        del sources[fd]

    ended = False
    poll = select.poll()
    alive = _open_end_descriptor(child) if sources else -1
    for fd in (*sources, *((alive,) if alive >= 0 else ())):
        poll.register(fd, select.POLLIN)
    while sources:
        for fd, _ in poll.poll(None if alive >= 0 else _LOOK):
            if fd == alive:
                ended = True
                poll.unregister(alive)
            elif not take(fd):
                drop(fd)
        ended = ended or (alive < 0 and _has_ended(child))
        if ended:
            # a terminal has no end of file while a program in the background still has it open
            for fd in [fd for fd, stream in sources.items() if ends[stream][2]]:
                while take(fd, waiting=False):
                    pass
                drop(fd)
    return pieces


def _open_end_descriptor(child: int) -> int:
    """Return a descriptor that is readable once the program has ended; -1 if the system has none."""
    if sys.platform == "linux":
        try:
            return os.pidfd_open(child)
        except OSError:  # an old kernel, or a container that forbids it
            pass
    return -1


def _has_ended(child: int) -> bool:
    """Return whether the program has ended; its status is left for `waitpid`."""
    if sys.platform == "darwin":  # Python has no `waitid` there; the outputs then end with their last program
        return False
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end_like(status: int) -> None:
    """End this process with the same status or signal as the program."""
    if os.WIFSIGNALED(status):
        by = os.WTERMSIG(status)
        if by != signal.SIGKILL:
            signal.signal(by, signal.SIG_DFL)
        os.kill(os.getpid(), by)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _open_ends() -> dict[int, tuple[int, int, bool]]:
    """Return for each output: our end, the program's end, and whether it is a terminal.

    Only outputs to pass on are included. Two outputs that go to one place share their ends.
    """
    ends: dict[int, tuple[int, int, bool]] = {}
    places: dict[tuple[int, int], tuple[int, int, bool]] = {}
    for stream in (1, 2):
        try:
            state = os.fstat(stream)
        except OSError:
            continue
        place = state.st_dev, state.st_ino
        if place not in places:
            if os.isatty(stream):
                outer, inner = os.openpty()
                modes = termios.tcgetattr(inner)
                modes[1] &= ~termios.OPOST  # the outer terminal does that
                termios.tcsetattr(inner, termios.TCSANOW, modes)
                places[place] = outer, inner, True
            elif stat.S_ISFIFO(state.st_mode):
                outer, inner = os.pipe()
                places[place] = outer, inner, False
            else:
                continue
        ends[stream] = places[place]
    _resize(ends)
    return ends


def _resize(ends: dict[int, tuple[int, int, bool]]) -> None:
    for stream, (outer, _, terminal) in ends.items():
        if terminal:
            size = fcntl.ioctl(stream, termios.TIOCGWINSZ, struct.pack("4H", 0, 0, 0, 0))
            fcntl.ioctl(outer, termios.TIOCSWINSZ, size)


def format_mark(mark: str, kind: str, pid: str) -> bytes:
    """Return the mark on the terminal where the output of a program begins or ends."""
    return f"{MARK_PREFIX}{mark};{kind};{pid}\x07".encode()


def _pass_on(stream: int, data: bytes, ends: dict[int, tuple[int, int, bool]], mark: str, pid: str) -> None:
    """Write output to its stream; between marks on a terminal, where others print as well."""
    if mark and ends[stream][2]:
        data = format_mark(mark, "begin", pid) + data + format_mark(mark, "end", pid)
    _write(stream, data)


def _shares_terminal() -> bool:
    try:
        return os.isatty(1) and os.isatty(2) and os.path.samestat(os.fstat(1), os.fstat(2))
    except OSError:
        return False


def _program_path(without: str) -> str:
    """Return the PATH of the program: ours without the folder of stand-ins."""
    folders = os.environ.get("PATH", os.defpath).split(":")
    if without in folders:
        folders.remove(without)
    return ":".join(folders)


def _exec_program(command: list[str], path: str, ends: dict[int, tuple[int, int, bool]]) -> None:
    for stream, (_, inner, _) in ends.items():
        os.dup2(inner, stream)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them
        signal.signal(number, signal.SIG_DFL)
    environment = {**os.environ, "PATH": path} if "PATH" in os.environ else dict(os.environ)
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606 - no shell needed
    except OSError as error:
        os.write(2, f"{command[0]}: {os.strerror(error.errno or 0)}\n".encode())
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)


def _read(fd: int, waiting: bool = True) -> bytes:
    if not waiting and not select.select([fd], [], [], 0)[0]:
        return b""
    try:
        return os.read(fd, _READ)
    except OSError:  # a terminal that no process has open any more
        return b""


def _write(stream: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(stream, view) :]
        except BrokenPipeError:  # the reader has gone: end as the program would have ended
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGPIPE)


def _find_output_files(ends: dict[int, tuple[int, int, bool]]) -> dict[int, int]:
    """Return the outputs that go into files, each with the offset of its beginning.

    The offset is where the program begins to write.
    """
    found: dict[int, int] = {}
    for stream in (1, 2) if sys.platform == "linux" else ():  # other systems cannot open it for reading
        try:
            state = os.fstat(stream)
        except OSError:
            continue
        if stream not in ends and stat.S_ISREG(state.st_mode):
            appends = fcntl.fcntl(stream, fcntl.F_GETFL) & os.O_APPEND
            found[stream] = state.st_size if appends else os.lseek(stream, 0, os.SEEK_CUR)
    return found


def _read_output_files(files: dict[int, int]) -> list[tuple[int, bytes]]:
    result = []
    for stream, start in files.items():
        fd = os.open(f"/proc/self/fd/{stream}", os.O_RDONLY)
        result.append((stream, os.pread(fd, os.fstat(fd).st_size - start, start)))
        os.close(fd)
    return [(stream, data) for stream, data in result if data]


def _write_report(
    base: str, fifo: str, pieces: list[tuple[float, int, bytes]], status: int, shared: bool
) -> None:
    """Write the report, and wait until the server has read it."""
    fd = os.open(f"{base}.report", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    code = os.waitstatus_to_exitcode(status)
    _write(fd, b"%d\n" % code)
    for moment, stream, data in pieces:
        _write(fd, b"%.6f %d %d\n" % (moment, 0 if shared else stream, len(data)) + data)
    os.close(fd)
    waiting = os.open(base, os.O_RDWR)
    server = os.open(fifo, os.O_WRONLY)
    os.write(server, b"report %s\n" % base.rpartition("/")[2].encode())
    os.close(server)
    os.read(waiting, 1)


def parse_report(data: bytes) -> tuple[int, list[tuple[float, int, bytes]]]:
    """Return the exit status in BASE.report, and the output of the program.

    The status is as a shell gives it. The output is in pieces: the time, the stream, and the bytes. The
    stream is 1 or 2, and 0 where both go to one place.
    """
    code, _, rest = data.partition(b"\n")
    pieces = []
    while rest:
        head, _, rest = rest.partition(b"\n")
        moment, stream, size = head.split()
        pieces.append((float(moment), int(stream), rest[: int(size)]))
        rest = rest[int(size) :]
    status = int(code)  # negative if a signal ended it
    return status if status >= 0 else 128 - status, pieces


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:])
