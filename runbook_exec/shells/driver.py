"""How each shell is driven: the text that makes it wait for one statement after the other.

A shell is started on a pseudo-terminal with a driver for a script. Statements reach it over a FIFO, never
through the terminal, and after each one a *gate* (a function of ours in the shell) reports on a second FIFO.
The driver is unrolled text, not a loop: a loop or a `source` around a statement would open a scope, lose
`set -l` variables, and let a stray `break` end the session.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

# the names of the files in a session's folder
CONTROL, REPORT, SNAPSHOT, DRIVER = "control", "report", "holdings", "driver"


@dataclass(frozen=True, slots=True)
class Completion:
    """What the gate says after a statement."""

    status: int
    pipestatus: tuple[int, ...]
    cwd: str
    options: str = ""  # `$-` of a POSIX shell; of fish "-" if it left the statement before its end
    turn: int | None = None  # which message it answers, where the shell was told


@dataclass(frozen=True, slots=True)
class Driver:
    """How one shell is driven.

    `folder` is the session's own, 0700, with the two FIFOs in it; its gate's reports begin with `token`,
    which nothing else has, so that nothing that a statement prints or writes can end it.
    """

    program: str
    clean: tuple[str, ...]  # options that leave the user's configuration out
    arguments: Callable[[str], tuple[str, ...]]  # folder -> what it is started with
    files: Callable[[str, str], Mapping[str, str]]  # folder, token -> the files it needs there
    start: Callable[[str, str], bytes]  # folder, token -> what is written to the control FIFO first
    message: Callable[[bytes, Completion, int], bytes]  # a statement, the report before it and the turn
    environ: Callable[[Mapping[str, str]], dict[str, str]]  # the environment it is started with
    read_line: str  # a statement in which the operator types a line, kept in `__runbook_line`
    send_line: str  # a statement that reports that line
    jobs: str  # a statement that reports the shell's stopped jobs
    settled: str  # a statement that reports that it is run, in this `turn`
    ends_in_gate: bool = True  # the last line of a message is the gate's, read when the statement has ended
    from_input: bool = False  # its standard input is the control FIFO; statements get the terminal back


_REPORT = re.compile(rb" (\d*)\n(\d+)\n([\d ]+)\n(\S*)\n(.*)", re.DOTALL)


def parse_completion(message: bytes, token: str) -> Completion | None:
    """A gate's report, or None for anything else that was written to the FIFO."""
    # whatever a statement wrote there without an end comes before it
    _, known, said = message.partition(token.encode())
    found = _REPORT.fullmatch(said) if known else None
    if not found:
        return None
    turn, status, pipestatus, options, cwd = found.groups()
    return Completion(
        int(status),
        tuple(int(part) for part in pipestatus.split()),
        cwd.decode("utf-8", "surrogateescape"),
        options.decode(),
        int(turn) if turn else None,
    )


def mark_interrupted(report: Completion) -> Completion:
    """The report of a statement that was interrupted: fish may cancel it and leave the status at 0."""
    if report.options == "-" and report.status == 0:
        return replace(report, status=130, pipestatus=(130,))
    return report


def carry_over_errexit(before: Completion, code: bytes, after: Completion) -> Completion:
    """The report with errexit kept on while the document has not turned it off itself.

    The gate turns it off, and a single command runs without it, so its absence then tells nothing.
    """
    if "e" not in before.options or "e" in after.options or _COMPOUND.search(code) or _NO_ERREXIT.match(code):
        return after
    return replace(after, options=after.options + "e")


# fish ------------------------------------------------------------------------------------------------------

_FISH_TURNS = 200  # statements before the text is sourced again, one level deeper


# The first `read` from the keyboard makes fish greet, and a new user's fish read every manual page there is
# in the background; a function and a variable of its own keep it from both.
_FISH_DRIVER = """\
status job-control full
function fish_greeting
end
set -g FISH_UNIT_TESTS_RUNNING 1
function __runbook_after
    set -g __runbook_statuses $status $pipestatus
    return $__runbook_statuses[1]
end
function __runbook_gate
    set -l __runbook_status $status $pipestatus
    if set -q __runbook_statuses
        builtin printf '{token} \\n%s\\n%s\\n\\n%s\\0' \
$__runbook_statuses[1] "$__runbook_statuses[2..-1]" $PWD >'{folder}/report'
        set -e __runbook_statuses
    else
        builtin printf '{token} \\n%s\\n%s\\n-\\n%s\\0' \
$__runbook_status[1] "$__runbook_status[2..-1]" $PWD >'{folder}/report'
    end
    builtin read --null --global __runbook_code <'{folder}/control'
    return $__runbook_status[1]
end
function __runbook_status
    return $argv[1]
end
"""


def _fish_environ(environ: Mapping[str, str]) -> dict[str, str]:
    # from 4.1 on fish asks the terminal questions at its start, and waits seconds where none answers
    features = ",".join(filter(None, (environ.get("fish_features"), "no-query-term")))
    return {**environ, "fish_features": features}


def _fish_files(folder: str, token: str) -> dict[str, str]:
    statement = "builtin eval $__runbook_code\n__runbook_gate\n" * _FISH_TURNS
    # `exit` and `return` leave the sourced text and come to the gate after it, so the shell lives on
    again = f"builtin source '{folder}/statement'\n__runbook_gate\n" * 50
    return {
        DRIVER: _FISH_DRIVER.format(folder=folder, token=token) + "__runbook_gate\n" + again,
        "again": "__runbook_gate\n" + again,
        "statement": statement + f"builtin source '{folder}/statement'\n",
    }


def _fish_arguments(folder: str) -> tuple[str, ...]:
    # ^C in a loop of builtins cancels everything down to the command line itself, which then goes on with
    # its next `-c`
    return (
        "-i",
        "-c",
        f"builtin source '{folder}/{DRIVER}'",
        *("-c", f"builtin source '{folder}/again'") * 40,
    )


def _fish_message(code: bytes, before: Completion, turn: int) -> bytes:
    code += b"\n__runbook_after\0"
    if len(before.pipestatus) < 2:
        return code
    stages = b" | ".join(b"__runbook_status %d" % status for status in before.pipestatus)
    negated = (before.pipestatus[-1] == 0) != (before.status == 0)
    return (b"not " if negated else b"") + stages + b"\n" + code


# bash, zsh and sh ------------------------------------------------------------------------------------------

# errexit is taken off between statements, as it would end the shell instead of the statement; a statement
# that holds more than one command gets it back for itself, so that it stops where the author meant it to.
# xtrace is taken off and given back, so that it traces the document's commands and none of ours.
# A gate may be called twice for a turn, as ^C makes a shell drop the rest of a line; once it has reported, it
# does so no more.
# What a prompt consists of is emptied, as a statement may set it (an activated venv) and these two print it.
_BASH_GATE = """\
__runbook_after() {{ __runbook_p="$? ${{PIPESTATUS[*]}}"; }}
__runbook_gate() {{ local s=$? o=$- p; p=${{__runbook_p-$s $s}}; s=${{p%% *}}
[[ ${{__runbook_t-}} == "$1${{2-}}" ]] && return "$s"
builtin unset __runbook_p PROMPT_COMMAND PS0; PS1='\\[\\]' PS2=; builtin set +ex; builtin jobs >/dev/null 2>&1
builtin printf '{token} %s\\n%s\\n%s\\n%s\\n%s\\0' "$1" "$s" "${{p#* }}" "$o" "$PWD" >'{folder}/report'
__runbook_t=$1; return "$s"; }}
__runbook_status() {{ return "$1"; }}
"""


# An error or ^C in a sourced file would end it in zsh; an always block takes both off.
# zsh gives a function's caller its xtrace back, so it is taken off before the next statement.
_ZSH_GATE = """\
__runbook_after() {{ __runbook_p="$? $pipestatus" }}
__runbook_gate() {{ builtin local s=$? o=$- p
(( ${{__runbook_i:-0}} && ! ${{+__runbook_p}} )) && s=130
p=${{__runbook_p-$s $s}} s=${{p%% *}}
[[ -n ${{1-}} && $1${{2-}} == ${{__runbook_t-}} ]] && return $s
builtin unset __runbook_p; builtin set +e; builtin jobs >/dev/null 2>&1
builtin printf '{token} %s\\n%s\\n%s\\n%s\\n%s\\0' "${{1-}}" "$s" "${{p#* }}" "$o" "$PWD" >|'{folder}/report'
__runbook_t=${{1-}}; return $s }}
__runbook_status() {{ return $1 }}
"""


_SH_GATE = """\
__runbook_after() {{ __runbook_p=$?; }}
__runbook_gate() {{ __runbook_s=$? __runbook_o=$-; __runbook_s=${{__runbook_p-$__runbook_s}}
case $1${{2-}} in "${{__runbook_t-}}") return "$__runbook_s";; esac
unset __runbook_p; PS1= PS2=; command set +ex; command jobs >/dev/null 2>&1
command printf '{token} %s\\n%s\\n%s\\n%s\\n%s\\0' "$1" \
"$__runbook_s" "$__runbook_s" "$__runbook_o" "$PWD" >'{folder}/report'
__runbook_t=$1; return "$__runbook_s"; }}
__runbook_status() {{ return "$1"; }}
"""


_NO_ERREXIT = re.compile(rb"\s*set\s+\+(?:\w*e|o\s+errexit)")

_COMPOUND = re.compile(rb"[\n;&|({]|\b(?:if|for|while|until|case)\b")


def build_gate_line(turn: int, again: bool = False) -> bytes:
    """What makes a POSIX shell report, `again` if it has; in a group, so that xtrace does not tell of it."""
    return b"{ __runbook_gate %d%b; } 2>/dev/null\n" % (turn, b" again" if again else b"")


def _posix_message(
    evaluate: bytes, then: bytes = b"", untrace: bytes = b""
) -> Callable[[bytes, Completion, int], bytes]:
    def message(code: bytes, before: Completion, turn: int) -> bytes:
        first, said = b"", b"__runbook_status %d" % before.status
        if len(before.pipestatus) > 1:
            said = b" | ".join(b"__runbook_status %d" % status for status in before.pipestatus)
            if (before.pipestatus[-1] == 0) != (before.status == 0):
                said = b"! " + said
        elif "x" not in before.options:
            said = b""
        if "x" in before.options:
            said = b"{ set -x; %b; } 2>/dev/null" % said
            first = untrace % before.status if untrace else b""
        if "e" in before.options and _COMPOUND.search(code):
            said += b"\nset -e"
        code = said + b"\n" * bool(said) + code + b"\n{ __runbook_after; } 2>/dev/null"
        quoted = b"'" + code.replace(b"'", b"'\\''") + b"'"
        # the gate stands on the same line, as a prompt may come before the next; after ^C the next is left
        gate = build_gate_line(turn)
        return first + evaluate + b" " + quoted + then + b"; " + gate + gate

    return message


def _start(setup: str, gate: str) -> Callable[[str, str], bytes]:
    # the FIFO is the shell's own script, read line by line: nothing has to be sourced, and an error that
    # throws the shell back to its prompt goes on with the next line, which is the gate
    return lambda folder, token: (
        (setup + gate.format(folder=folder, token=token)).encode() + build_gate_line(0)
    )


# bash -i with a script is interactive by halves: ^C in anything but a single command ends it. So its standard
# input is the FIFO, and each statement has the terminal there instead.
_BASH_START = """\
set +H +o history -m; unset MAILCHECK TMOUT PS0 PROMPT_COMMAND
PS1='\\[\\]' PS2=; export -n PS1; __runbook_tty=$(tty <&2)
"""


def _bash_files(folder: str, token: str) -> Mapping[str, str]:
    return {DRIVER: '[ -r ~/.bashrc ] && . ~/.bashrc 0<>"$(tty <&2)"\n' + _BASH_START}


def _zsh_files(folder: str, token: str) -> Mapping[str, str]:
    gate = "{ __runbook_gate; __runbook_i=$?; builtin set +x; __runbook_status $__runbook_i } 2>/dev/null\n"
    # `return` leaves the sourced FIFO, and so does ^C that comes when nothing runs
    again = f"{{ . '{folder}/{CONTROL}' }} always {{ TRY_BLOCK_ERROR=0 TRY_BLOCK_INTERRUPT=0 }}\n{gate}" * 100
    return {DRIVER: "set -m; PS1= PS2=\n" + _ZSH_GATE.format(folder=folder, token=token) + gate + again}


_LINE = "printf 'line\\n%s\\0' \"$__runbook_line\" >'{folder}/report'"

_SETTLED = "printf 'settled\\n{turn}\\0' >'{folder}/report'"

_JOBS = "printf 'jobs\\n%s\\0' \"$(cat '{folder}/jobs')\" >'{folder}/report'"


def _list_jobs(builtin: str) -> str:
    # not in a command substitution: a subshell has no jobs in zsh and sh
    return f"{builtin} jobs >'{{folder}}/jobs'; {builtin} {_JOBS}"


DRIVES: Mapping[str, Driver] = {
    "fish": Driver(
        program="fish",
        ends_in_gate=False,
        clean=("--no-config",),
        arguments=_fish_arguments,
        environ=_fish_environ,
        files=_fish_files,
        start=lambda folder, token: b"",
        message=_fish_message,
        read_line="builtin read --shell --global --prompt-str (set_color normal)'fish> ' __runbook_line",
        send_line="builtin " + _LINE,
        jobs="builtin jobs >'{folder}/jobs'; builtin " + _JOBS.replace("$(", "$(command "),
        settled="builtin " + _SETTLED,
    ),
    "bash": Driver(
        program="bash",
        clean=("--norc",),
        arguments=lambda folder: ("--noediting", "--rcfile", f"{folder}/{DRIVER}", "-i"),
        environ=lambda environ: {**environ, "PS1": "\\[\\]", "PROMPT_COMMAND": ""},
        files=_bash_files,
        start=_start(_BASH_START, _BASH_GATE),
        message=_posix_message(b"builtin eval", b' 0<>"$__runbook_tty"'),
        read_line="IFS= builtin read -e -r -p 'bash> ' __runbook_line",
        send_line="builtin " + _LINE,
        jobs=_list_jobs("builtin"),
        settled="builtin " + _SETTLED,
        from_input=True,
    ),
    "zsh": Driver(
        program="zsh",
        clean=("-f",),
        arguments=lambda folder: ("-i", f"{folder}/{DRIVER}"),
        environ=dict,
        files=_zsh_files,
        start=lambda folder, token: b"",
        message=_posix_message(
            b"{ builtin eval",
            b" } always { { __runbook_i=$TRY_BLOCK_INTERRUPT "
            b"TRY_BLOCK_ERROR=0 TRY_BLOCK_INTERRUPT=0 } 2>/dev/null }",
            untrace=b"{ builtin set +x; __runbook_status %d } 2>/dev/null\n",
        ),
        read_line="__runbook_line=; builtin vared -e -p 'zsh> ' __runbook_line",
        send_line="builtin " + _LINE.replace(">'", ">|'"),
        jobs=_list_jobs("builtin").replace(">'", ">|'"),
        settled="builtin " + _SETTLED.replace(">'", ">|'"),
    ),
    "sh": Driver(
        program="sh",
        clean=(),
        arguments=lambda folder: ("-i", f"{folder}/{CONTROL}"),
        environ=lambda environ: {**environ, "PS1": ""},  # it prompts before its script can say not to
        files=lambda folder, token: {},
        start=_start("set -m; PS1= PS2=\n", _SH_GATE),
        message=_posix_message(b"command eval"),
        read_line="command printf 'sh> '; IFS= read -r __runbook_line",
        send_line="command " + _LINE,
        jobs=_list_jobs("command"),
        settled="command " + _SETTLED,
    ),
}
