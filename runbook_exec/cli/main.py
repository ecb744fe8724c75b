"""Runs the program: arguments in, exit status out. No other module imports it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from ..errors import Refused
from ..system.gc_pause import resume_gc, skip_final_gc, stop_gc
from ..system.streams import tolerate_lost_errors
from .commands import COMMANDS, COMPLETE, load_command
from .exit_status import DONE, FAILED, INTERRUPTED, REFUSED
from .output import install_printable_streams

# As in `typing`, which this module does without: `--version` would load it for nothing else.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from .commands import Command


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    skip_final_gc()
    _open_missing_streams()
    tolerate_lost_errors()
    _accept_signals()
    install_printable_streams()
    try:
        status = _run_command(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()  # here, where an error can be reported
        return status
    except Refused as refused:
        print(_format_error(str(refused)), file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # the reader of our output is gone; Python would report that again when it flushes at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # noqa: BLE001 - the operator gets a sentence and no traceback
        return _report_failure(error)


def _format_error(message: str) -> str:
    """Return the message with the word `error`, unless its first line is of a page and has it."""
    return message if " error: " in message.partition("\n")[0] else f"error: {message}"


def _run_command(argv: Sequence[str]) -> int:
    """Run what the arguments ask for; returns the exit status."""
    try:
        stop_gc()  # imported modules are never collected
        try:
            command, arguments = parse_arguments(argv)
        finally:
            resume_gc()
    except SystemExit as end:  # the help, the version or a wrong argument was printed
        return end.code if isinstance(end.code, int) else DONE
    for wanted in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(wanted) != signal.SIG_IGN:  # `nohup` ignores SIGHUP, and we leave that
            signal.signal(wanted, _end)
    for stream in (1, 2):
        try:
            os.set_blocking(stream, True)  # some programs start us with pipes that do not block
        except OSError:  # the stream is closed; the first output will report that
            continue
    return command.run(arguments)


def parse_arguments(argv: Sequence[str]) -> tuple[Command, argparse.Namespace]:
    """Return the command and its arguments; exits with 2 and a message if they are wrong.

    Without a command's name, the words are those of `run`.
    """
    is_command = bool(argv) and (argv[0] in COMMANDS or argv[0] == COMPLETE)
    name, words = (argv[0], argv[1:]) if is_command else ("", argv)
    command = load_command(name or "run")
    return command, command.parse_arguments(name, words)


def _open_missing_streams() -> None:
    """Open nothing in the place of closed standard streams: a file of ours would take their number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            setattr(sys, name, os.fdopen(number, mode))


def _report_failure(error: Exception) -> int:
    from .crash_report import report_failure  # only something that goes wrong needs it

    return report_failure(error)


def _accept_signals() -> None:
    """Accept signals again that the calling program has blocked, and the ends of our children."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def _end(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt
