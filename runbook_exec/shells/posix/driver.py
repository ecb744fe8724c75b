"""The texts that drive bash, zsh and sh: their gates, and the statements that a session runs for itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from ..driver import CONTROL, DRIVER, JOBS_CODE, LINE_CODE, SETTLED_CODE, Completion, Driver

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


SH_GATE = """\
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


def make_start(setup: str, gate: str) -> Callable[[str, str], bytes]:
    """What is written to the control FIFO first, by folder and token: the setup, and the gate's functions."""
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


def carry_over_errexit(before: Completion, code: bytes, after: Completion) -> Completion:
    """The report with errexit kept on while the document has not turned it off itself.

    The gate turns it off, and a single command runs without it, so its absence then tells nothing.
    """
    if "e" not in before.options or "e" in after.options or _COMPOUND.search(code) or _NO_ERREXIT.match(code):
        return after
    return replace(after, options=after.options + "e")


def _list_jobs(builtin: str) -> str:
    # not in a command substitution: a subshell has no jobs in zsh and sh
    return f"{builtin} jobs >'{{folder}}/jobs'; {builtin} {JOBS_CODE}"


def _print_path(builtin: str, redirect: str = ">") -> str:
    return f"{builtin} printf '%s\\n' \"$PATH\" {redirect}'{{folder}}/path'"


_PREPEND_PATH = "PATH='{bin}':\"$PATH\"; export PATH; hash -r"


BASH_DRIVER = Driver(
    clean=("--norc",),
    arguments=lambda folder: ("--noediting", "--rcfile", f"{folder}/{DRIVER}", "-i"),
    environ=lambda environ: {**environ, "PS1": "\\[\\]", "PROMPT_COMMAND": ""},
    files=_bash_files,
    start=make_start(_BASH_START, _BASH_GATE),
    message=_posix_message(b"builtin eval", b' 0<>"$__runbook_tty"'),
    read_line="IFS= builtin read -e -r -p 'bash> ' __runbook_line",
    send_line="builtin " + LINE_CODE,
    jobs=_list_jobs("builtin"),
    settled="builtin " + SETTLED_CODE,
    from_input=True,
    print_path=_print_path("command"),
    prepend_path=_PREPEND_PATH,
    gate_line=build_gate_line,
    carry_over=carry_over_errexit,
)

ZSH_DRIVER = Driver(
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
    send_line="builtin " + LINE_CODE.replace(">'", ">|'"),
    jobs=_list_jobs("builtin").replace(">'", ">|'"),
    settled="builtin " + SETTLED_CODE.replace(">'", ">|'"),
    print_path=_print_path("builtin", ">|"),
    prepend_path=_PREPEND_PATH,
    gate_line=build_gate_line,
    carry_over=carry_over_errexit,
)

SH_DRIVER = Driver(
    clean=(),
    arguments=lambda folder: ("-i", f"{folder}/{CONTROL}"),
    environ=lambda environ: {**environ, "PS1": ""},  # it prompts before its script can say not to
    files=lambda folder, token: {},
    start=make_start("set -m; PS1= PS2=\n", SH_GATE),
    message=_posix_message(b"command eval"),
    read_line="command printf 'sh> '; IFS= read -r __runbook_line",
    send_line="command " + LINE_CODE,
    jobs=_list_jobs("command"),
    settled="command " + SETTLED_CODE,
    print_path=_print_path("command"),
    prepend_path=_PREPEND_PATH,
    gate_line=build_gate_line,
    carry_over=carry_over_errexit,
)
