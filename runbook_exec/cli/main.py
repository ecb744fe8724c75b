"""Runs the program: arguments in, exit status out. No other module imports it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from ..errors import Refused
from ..system.gc_pause import pause_gc, skip_final_gc
from .commands import COMMANDS, load_command
from .exit_status import FAILED, INTERRUPTED, REFUSED

# As in `typing`, which this module does without: `--version` would load it for nothing else.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from .commands import Command


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    skip_final_gc()
    with pause_gc():  # imported modules are never collected
        command, arguments = parse_arguments(sys.argv[1:] if argv is None else argv)
    for wanted in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(wanted) != signal.SIG_IGN:  # `nohup` ignores SIGHUP, and we leave that
            signal.signal(wanted, _end)
    for stream in (1, 2):
        try:
            os.set_blocking(stream, True)  # some programs start us with pipes that do not block
        except OSError:  # the stream is closed; the first output will report that
            continue
    try:
        return command.run(arguments)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # the reader of our output is gone; Python would report that again when it flushes at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # noqa: BLE001 - the operator gets a sentence and no traceback
        from .crash_report import write_crash_report  # only a bug of ours needs it

        print(write_crash_report(error, dict(os.environ)), file=sys.stderr)
        return FAILED


def parse_arguments(argv: Sequence[str]) -> tuple[Command, argparse.Namespace]:
    """Return the command and its arguments; exits with 2 and a message if they are wrong.

    Without a command's name, the words are those of `run`.
    """
    name, words = (argv[0], argv[1:]) if argv and argv[0] in COMMANDS else ("", argv)
    command = load_command(name or "run")
    return command, command.parse_arguments(name, words)


def _end(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt
