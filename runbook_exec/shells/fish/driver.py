"""Provides the text that drives fish: its gate, and a session's own statements."""

from __future__ import annotations

from collections.abc import Mapping

from ..driver import DRIVER, JOBS_CODE, LINE_CODE, SETTLED_CODE, Completion, Driver

_FISH_TURNS = 200  # statements before the text is sourced again, one level deeper


# The first `read` from the keyboard makes fish print its greeting, and makes the fish of a new user read all
# manual pages in the background. A function and a variable of fish prevent both.
_FISH_DRIVER = """\
status job-control full
function fish_greeting
end
set -g FISH_UNIT_TESTS_RUNNING 1
function __runbook_gate
    builtin printf '{token} %s\\n%s\\n%s\\0' "$__runbook_end" "$status $pipestatus" "$PWD" >'{folder}/report'
    set -g __runbook_end
    builtin read --null --global __runbook_code <'{folder}/control'
end
function __runbook_status
    return $argv[1]
end
"""


# The text is used up. The message that was read last, and does not run, has the status before it.
_EXIT_AS_LAST = (
    "builtin string match -qr '(?m)^__runbook_status (?<__runbook_was>\\d+)' -- \"$__runbook_code\"; "
    "and builtin exit $__runbook_was"
)


def _fish_environ(environ: Mapping[str, str]) -> dict[str, str]:
    # from 4.1 on, fish queries the terminal at its start, and waits seconds if no answer comes
    features = ",".join(filter(None, (environ.get("fish_features"), "no-query-term")))
    return {**environ, "fish_features": features}


def _fish_files(folder: str, token: str) -> dict[str, str]:
    statement = "builtin eval $__runbook_code\n__runbook_gate\n" * _FISH_TURNS
    # `exit` and `return` leave the sourced text and reach the gate after it, so the shell continues
    again = f"builtin source '{folder}/statement'\n__runbook_gate\n" * 50
    return {
        DRIVER: _FISH_DRIVER.format(folder=folder, token=token) + "__runbook_gate\n" + again,
        "again": "__runbook_gate\n" + again,
        "statement": statement + f"builtin source '{folder}/statement'\n",
    }


def _quote(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _fish_arguments(folder: str) -> tuple[str, ...]:
    folder = _quote(folder)
    # ^C in a loop of builtins cancels everything down to the command line itself, which then continues with
    # its next `-c`
    return (
        "-i",
        "-c",
        f"builtin source '{folder}/{DRIVER}'",
        *("-c", f"builtin source '{folder}/again'") * 40,
        "-c",
        _EXIT_AS_LAST,
    )


def _control_jobs(program: str | None) -> bytes:
    """Return code that has fish start a small program as a script would: twice as fast as a job.

    It shares the process group of the shell then. A function of its name may do anything, and is a job.
    """
    if program is None:
        return b"builtin status job-control full\n"
    if "/" in program:
        return b"builtin status job-control none\n"
    return (
        b"if builtin functions -q %b; builtin status job-control full\n"
        b"else; builtin status job-control none; end\n" % program.encode()
    )


def _fish_message(code: bytes, before: Completion, turn: int) -> bytes:
    # `set` leaves the status as it is; if the statement does not reach its end, the gate reports no turn
    code += b"\nset -g __runbook_end %d $status $pipestatus\0" % turn
    if len(before.pipestatus) < 2:
        return b"__runbook_status %d\n%b" % (before.status, code) if before.status else code
    stages = b" | ".join(b"__runbook_status %d" % status for status in before.pipestatus)
    negated = (before.pipestatus[-1] == 0) != (before.status == 0)
    return (b"not " if negated else b"") + stages + b"\n" + code


FISH_DRIVER = Driver(
    clean=("--no-config",),
    arguments=_fish_arguments,
    environ=_fish_environ,
    files=_fish_files,
    start=lambda folder, token: b"",
    message=_fish_message,
    quote=_quote,
    read_line="builtin read --shell --global --prompt-str (set_color normal)'fish> ' __runbook_line",
    send_line="builtin " + LINE_CODE,
    jobs="builtin jobs >'{folder}/jobs'; builtin " + JOBS_CODE.replace("$(", "$(command "),
    settled="builtin " + SETTLED_CODE,
    print_path="builtin string join -- : $PATH >'{folder}/path'",
    # `exit` leaves only the text that is sourced; what would be sourced after it is emptied
    exit="function __runbook_gate; end; builtin printf '' >'{folder}/statement'; "
    "builtin printf '' >'{folder}/again'; builtin exit",
    configuration="`~/.config/fish`",
    export="set -gx {name} {value}",
    prepend_path="set -gx PATH '{bin}' $PATH",
    control_jobs=_control_jobs,
)
