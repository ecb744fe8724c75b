"""Defines drivers: text that makes a shell run statements one by one and report on each.

A shell is started on a pseudo-terminal with a driver for a script. Statements reach it over a FIFO, never
through the terminal, and after each one a *gate* (a function of ours in the shell) reports on a second FIFO.
The driver is unrolled text, not a loop: a loop or a `source` around a statement would open a scope, lose
`set -l` variables, and let a stray `break` end the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..light_classes import NamedTuple

# The names of the files in a session's folder.
CONTROL, REPORT, SNAPSHOT, DRIVER = "control", "report", "holdings", "driver"

_SHORT = 3  # lines of a report of fish


def encode(code: str) -> bytes:
    """Return code as a shell gets it; the names of folders may contain any bytes."""
    return code.encode("utf-8", "surrogateescape")


class Completion(NamedTuple):
    """The report of the gate after a statement."""

    status: int
    pipestatus: tuple[int, ...]
    cwd: str
    # `$-` of a POSIX shell, with `<` if standard input is redirected and `D` if there may be a trap on DEBUG;
    # for fish "-" if it left the statement before its end
    options: str = ""
    turn: int | None = None  # the message that it answers, if the shell got its number


class Driver(NamedTuple):
    """The texts and arguments with which a session drives a shell.

    `folder` belongs to the session, has mode 0700 and holds the two FIFOs. Its path is quoted by `quote`,
    except for `arguments`. The reports of the gate begin with `token`. No statement knows it, so nothing that
    a statement prints or writes can end it.
    """

    clean: tuple[str, ...]  # options that leave the user's configuration out
    arguments: Callable[[str], tuple[str, ...]]  # folder -> the arguments of the shell
    files: Callable[[str, str], Mapping[str, str]]  # folder, token -> the files it needs there
    start: Callable[[str, str], bytes]  # folder, token -> the first bytes for the control FIFO
    message: Callable[[bytes, Completion, int], bytes]  # a statement, the report before it and the turn
    environ: Callable[[Mapping[str, str]], dict[str, str]]  # the environment it is started with
    read_line: str  # a statement in which the operator types a line, kept in `__runbook_line`
    send_line: str  # a statement that reports that line
    jobs: str  # a statement that reports the shell's stopped jobs
    settled: str  # a statement that reports its `turn`
    print_path: str  # a statement that writes `$PATH` into the file `path` of the folder
    exit: str  # a statement that ends the shell, with its traps and handlers
    configuration: str  # the files of the user that it reads at its start
    export: str  # a statement that sets the variable `{name}` of programs to the word `{value}`
    prepend_path: str  # a statement that puts the folder `{bin}` in front of `$PATH`
    # turn, whether it may have been lost -> the last line of a message, read when the statement has ended
    change_folder: str = "builtin cd --"  # before the word of a folder
    gate_line: Callable[[int, bool], bytes] = lambda turn, again: b""
    # the report before a statement, the statement, the report after it -> that report with errexit as it was
    carry_over: Callable[[Completion, bytes, Completion], Completion] = lambda before, code, after: after
    quote: Callable[[str], str] = lambda text: text.replace("'", r"'\''")  # a text within single quotes
    # the small program that a statement consists of, None for any other -> code that turns job control off
    # for it, or on; None if job control stays on, as it costs little in most shells
    control_jobs: Callable[[str | None], bytes] | None = None
    is_muted: bool = False  # it starts without a standard output, and takes the terminal for it in `start`
    from_input: bool = False  # its standard input is the control FIFO; statements get the terminal back


# Statements that a shell runs for its session, after the word that selects its builtin.
LINE_CODE = "printf 'line\\n%s\\0' \"$__runbook_line\" >'{folder}/report'"

JOBS_CODE = "printf 'jobs\\n%s\\0' \"$(cat '{folder}/jobs')\" >'{folder}/report'"

SETTLED_CODE = "printf 'settled\\n{turn}\\0' >'{folder}/report'"


def parse_completion(message: bytes, token: str) -> Completion | None:
    """Parse a report of the gate; return None for anything else that was written to the FIFO."""
    # a statement may have written an unfinished line to the FIFO before the report
    _, known, report = message.partition(token.encode())
    if not (known and report.startswith(b" ")):
        return None
    lines = report.split(b"\n", 2)
    if len(lines) < _SHORT:
        return None
    try:
        return _parse_short_report(*lines) if b" " in lines[1] else _parse_long_report(report)
    except ValueError:
        return None


def _parse_short_report(end: bytes, gate: bytes, cwd: bytes) -> Completion:
    """Return the report of fish: the turn and statuses of a statement that reached its end, or nothing; the
    statuses at the gate; the folder. Raises ValueError.
    """
    turn, *statuses = map(int, end.split()) if len(end) > 1 else (None,)
    if turn is None:
        statuses = [*map(int, gate.split())]
    status, *pipestatus = statuses
    return Completion(
        status,
        tuple(pipestatus),
        cwd.decode("utf-8", "surrogateescape"),
        "-" if turn is None else "",
        turn,
    )


def _parse_long_report(report: bytes) -> Completion:
    """Return the report of another shell: a line each for turn, status, statuses, options; the folder.

    Raises ValueError.
    """
    turn, status, pipestatus, options, cwd = report.split(b"\n", 4)
    return Completion(
        int(status),
        tuple(map(int, pipestatus.split())),
        cwd.decode("utf-8", "surrogateescape"),
        options.decode(),
        int(turn) if len(turn) > 1 else None,
    )


def drop_options(report: Completion) -> Completion:
    """Return the report without the options, which code of ours must run without.

    A redirected standard input is kept: the shell would forget it.
    """
    return report._replace(options="<" if "<" in report.options else "")


def mark_interrupted(report: Completion) -> Completion:
    """Return the report, with status 130 if the statement was cancelled.

    fish may cancel a statement after ^C and leave the status at 0.
    """
    if report.options == "-" and report.status == 0:
        return report._replace(status=130, pipestatus=(130,))
    return report
