"""Provides the drivers of bash, zsh and sh: gates, and a session's own statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...text.lazy_pattern import LazyPattern
from ..driver import CONTROL, DRIVER, JOBS_CODE, LINE_CODE, SETTLED_CODE, Completion, Driver, encode
from .statuses import write_pipeline

# errexit is off between statements, because it would end the shell instead of the statement. A statement of
# several commands gets it back for itself, and stops where its author meant it to.
# xtrace is turned off and on again: it traces the commands of the page and none of ours.
# A gate can be called twice for a turn, because ^C makes a shell drop the rest of a line; it reports once.
# The prompt variables are emptied: a statement may set them (an activated venv), and these shells print them.
_BASH_GATE = """\
__runbook_after() {{ __runbook_p="$? ${{PIPESTATUS[@]}}" __runbook_u=$1
if [[ ! /dev/fd/0 -ef $__runbook_tty && ! /dev/fd/0 -ef /dev/tty ]]; then __runbook_i='<'; exec 250<&0
elif [[ ${{__runbook_i-}} ]]; then __runbook_i=; exec 250<&-; fi; }}
__runbook_gate() {{ local s=$? o=$-${{__runbook_i-}} p; p=${{__runbook_p-$s $s}}; s=${{p%% *}}
[[ ${{__runbook_t-}} == "$1${{2-}}" ]] && return "$s"
builtin unset __runbook_p PROMPT_COMMAND PS0; PS1='\\[\\]' PS2=
builtin set +exv; builtin jobs >/dev/null 2>&1
builtin printf '{token} %s\\n%s\\n%s\\n%s\\n%s\\0' "$1" "$s" "${{p#* }}" "$o" "$PWD" >'{folder}/report'
__runbook_t=$1; return "$s"; }}
__runbook_status() {{ return "$1"; }}
"""


# An error or ^C in a sourced file would end it in zsh; an always block clears both.
# zsh restores xtrace when a function returns, so it is turned off again before the next statement.
_ZSH_GATE = """\
__runbook_after() {{ __runbook_p="$? ${{(j: :)pipestatus}}" __runbook_u=$1 }}
__runbook_gate() {{ builtin local s=$? o=$- p
(( ${{__runbook_i:-0}} && ! ${{+__runbook_p}} )) && s=130
p=${{__runbook_p-$s $s}} s=${{p%% *}}
[[ -n ${{1-}} && $1${{2-}} == ${{__runbook_t-}} ]] && return $s
builtin unset __runbook_p; builtin set +ev; builtin jobs >/dev/null 2>&1
builtin printf '{token} %s\\n%s\\n%s\\n%s\\n%s\\0' "${{1-}}" "$s" "${{p#* }}" "$o" "$PWD" >|'{folder}/report'
__runbook_t=${{1-}}; return $s }}
__runbook_status() {{ return $1 }}
"""


SH_GATE = """\
__runbook_after() {{ __runbook_p=$? __runbook_u=$1; }}
__runbook_gate() {{ __runbook_s=$? __runbook_o=$-; __runbook_s=${{__runbook_p-$__runbook_s}}
case $1${{2-}} in "${{__runbook_t-}}") return "$__runbook_s";; esac
unset __runbook_p; PS1= PS2=; command set +exv; command jobs >/dev/null 2>&1
command printf '{token} %s\\n%s\\n%s\\n%s\\n%s\\0' "$1" \
"$__runbook_s" "$__runbook_s" "$__runbook_o" "$PWD" >'{folder}/report'
__runbook_t=$1; return "$__runbook_s"; }}
__runbook_status() {{ return "$1"; }}
"""


_NO_ERREXIT = LazyPattern(rb"\s*set\s+\+(?:\w*e|o\s+errexit)")

_COMPOUND = LazyPattern(rb"[\n;&|({]|\b(?:if|for|while|until|case)\b")


def build_gate_line(turn: int, again: bool = False) -> bytes:
    """Return the line that makes a POSIX shell report, `again` if needed.

    A group hides it from xtrace. A failed status before `&&` does not run a trap on ERR again.
    """
    return b"{ __runbook_gate %d%b && :; } 2>/dev/null\n" % (turn, b" again" if again else b"")


def _restore_status(before: Completion) -> bytes:
    """Return commands that restore the statuses before a statement, without a trap on ERR."""
    if len(before.pipestatus) < 2:
        return b"__runbook_status %d" % before.status + b" && :" * (before.status > 0)
    return write_pipeline(before.status, before.pipestatus, b"__runbook_status %d")


def _build_prefix(before: Completion, uses_last: bool, traps: bool, flags: bytes) -> bytes:
    """Return the lines before a statement that restore what it can see of the statements before it.

    `uses_last` is whether it uses `$_`.
    """
    restored = b"".join(b"set -%c; " % flag for flag in flags if chr(flag) in before.options)
    if "<" in before.options:
        restored += b"exec 0<&250; "
    if traps:
        restored += b'builtin eval "${__runbook_d-}"; '
    if uses_last:
        restored += b': "${__runbook_u-}"; '
    if not restored and len(before.pipestatus) < 2:
        return b""
    status = _restore_status(before)
    if uses_last and len(before.pipestatus) < 2:
        status = b'__runbook_status %d "${__runbook_u-}"' % before.status
    if not restored:
        return status
    # one line, which the shell has read before it begins to print its input, in a group that hides the trace
    return b"{ %b%b; } %b2>/dev/null" % (restored, status, b">/dev/null " if traps else b"")


# A trap on DEBUG runs before the driver's commands too. It is taken away between two statements.
_END_TRAP = b"; __runbook_d=$(builtin trap -p DEBUG); builtin trap - DEBUG; } >/dev/null 2>&1"


def _posix_message(
    evaluate: bytes, then: bytes = b"", untrace: bytes = b"", padding: bytes = b"", has_traps: bool = False
) -> Callable[[bytes, Completion, int], bytes]:
    def message(code: bytes, before: Completion, turn: int) -> bytes:
        traps = has_traps and _traps_commands(before, code)
        first = untrace % before.status if untrace and "x" in before.options else b""
        # zsh would print the driver's lines after `set -v`
        prefix = _build_prefix(before, b"$_" in code or b"${_" in code, traps, b"x" if untrace else b"xv")
        if "e" in before.options and _COMPOUND.search(code):
            prefix += b"\nset -e"
        end = b'\n{ __runbook_after "$_"' + (_END_TRAP if traps else b"; } 2>/dev/null")
        if untrace and not (b"-x" in code or b"xtrace" in code or "x" in before.options):
            end = b'\n__runbook_after "$_" 2>/dev/null'  # a group empties `$_` in zsh
        code = prefix + b"\n" * bool(prefix) + code + end
        quoted = b"'" + code.replace(b"'", b"'\\''") + b"'"
        # the gate is on the same line, because a prompt can come before the next; after ^C that one is left
        gate = build_gate_line(turn)
        return first + evaluate + b" " + quoted + then + padding + b"; " + gate + gate

    return message


def _traps_commands(before: Completion, code: bytes) -> bool:
    """Return whether a trap on DEBUG may be set before or in a statement."""
    return "D" in before.options or b"DEBUG" in code


def make_start(setup: str, gate: str) -> Callable[[str, str], bytes]:
    """Return a driver's `start`, which writes the setup and the gate to the control FIFO."""
    # the FIFO is the script of the shell, which reads it line by line: nothing has to be sourced, and after
    # an error that returns to the prompt the shell continues with the next line, which is the gate
    return lambda folder, token: encode(setup + gate.format(folder=folder, token=token)) + build_gate_line(0)


# `bash -i` with a script is only half interactive: ^C in anything but a single command ends it. Therefore its
# standard input is the FIFO, and each statement gets the terminal instead.
_BASH_START = """\
set +H +o history -m; unset MAILCHECK TMOUT PS0 PROMPT_COMMAND
PS1='\\[\\]' PS2=; export -n PS1; __runbook_tty=$(tty <&2)
"""


# A configuration can make variables read-only that would print a prompt or end an idle shell (TMOUT). Then
# another bash takes its place, with everything but these. It goes through a pipe, because it may contain
# secrets, which must not be written to a disk.
_BASH_RESTART = """\
if [[ $(builtin declare -p PS0 PS1 PS2 TMOUT PROMPT_COMMAND 2>/dev/null) =~ 'declare -'[a-zA-Z]*r ]] &&
command mkfifo -m 600 '{folder}/again'; then ({{
builtin declare -p | command grep -vE '^declare -[a-zA-Z]*r[a-zA-Z]* (PS[012]|TMOUT|PROMPT_COMMAND)='
builtin declare -f; builtin alias -p; builtin set +o; builtin trap -p
builtin shopt -p | command grep -v expand_aliases  # a subshell turns it off
}} >'{folder}/again' 2>/dev/null &)
builtin exec "$BASH" --noediting --rcfile '{folder}/restart' -i
fi
"""


def _bash_files(folder: str, token: str) -> Mapping[str, str]:
    restart = _BASH_RESTART.format(folder=folder)
    again = f"'{folder}/again'"
    return {
        DRIVER: f'[ -r ~/.bashrc ] && . ~/.bashrc 0<>"$(tty <&2)"\n{restart}{_BASH_START}',
        "restart": f"builtin source {again} 2>/dev/null; command rm -f {again}\n{_BASH_START}",
    }


def _zsh_files(folder: str, token: str) -> Mapping[str, str]:
    gate = "{ __runbook_gate; __runbook_i=$?; builtin set +xv; __runbook_status $__runbook_i } 2>/dev/null\n"
    # `return` leaves the sourced FIFO, and ^C leaves it if nothing runs
    again = f"{{ . '{folder}/{CONTROL}' }} always {{ TRY_BLOCK_ERROR=0 TRY_BLOCK_INTERRUPT=0 }}\n{gate}" * 100
    return {
        DRIVER: "set -m; typeset +r PS1 PS2 TMOUT 2>/dev/null; PS1= PS2=\n"
        + _ZSH_GATE.format(folder=folder, token=token)
        + gate
        + again
    }


def carry_over_errexit(before: Completion, code: bytes, after: Completion) -> Completion:
    """Return the report with errexit still on if the page has not turned it off itself.

    It also notes whether there may be a trap on DEBUG.

    The gate turns it off, and a single command runs without it, so its absence means nothing then.
    """
    if _traps_commands(before, code) and "D" not in after.options:
        after = after._replace(options=after.options + "D")
    if "e" not in before.options or "e" in after.options or _COMPOUND.search(code) or _NO_ERREXIT.match(code):
        return after
    return after._replace(options=after.options + "e")


def _list_jobs(builtin: str) -> str:
    # not in a command substitution: a subshell has no jobs in zsh and sh
    return f"{builtin} jobs -l >'{{folder}}/jobs'; {builtin} {JOBS_CODE}"


def _print_path(builtin: str, redirect: str = ">") -> str:
    return f"{builtin} printf '%s\\n' \"$PATH\" {redirect}'{{folder}}/path'"


_EXPORT = "export {name}={value}"

_PREPEND_PATH = "PATH='{bin}':\"$PATH\"; export PATH; hash -r"


# bash keeps up to 1,024 bytes that it has read and not parsed, and after ^C it runs the rest of them. With so
# many blanks after the statement, a shell that has read all but the last line has parsed the statement.
_BASH_BLOCK = b" " * 1024

BASH_DRIVER = Driver(
    clean=("--norc",),
    arguments=lambda folder: ("--noediting", "--rcfile", f"{folder}/{DRIVER}", "-i"),
    environ=lambda environ: {**environ, "PS1": "\\[\\]", "PROMPT_COMMAND": ""},
    files=_bash_files,
    start=make_start(_BASH_START, _BASH_GATE),
    message=_posix_message(b"builtin eval", b' 0<>"$__runbook_tty"', padding=_BASH_BLOCK, has_traps=True),
    # all lines of a pasted text
    read_line="IFS= builtin read -e -r -d $'\\r' -p 'bash> ' __runbook_line",
    send_line="builtin " + LINE_CODE,
    jobs=_list_jobs("builtin"),
    settled="builtin " + SETTLED_CODE,
    from_input=True,
    print_path=_print_path("command"),
    exit="builtin exit 2>/dev/null\nbuiltin exit 2>/dev/null",  # the first only warns if jobs are stopped
    configuration="`~/.bashrc`",
    export=_EXPORT,
    prepend_path=_PREPEND_PATH,
    gate_line=build_gate_line,
    carry_over=carry_over_errexit,
)

ZSH_DRIVER = Driver(
    change_folder="builtin cd -q --",
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
    exit="__runbook_i=$?; builtin unsetopt check_jobs hup; builtin exit $__runbook_i",
    configuration="`~/.zshrc`",
    export=_EXPORT,
    prepend_path=_PREPEND_PATH,
    gate_line=build_gate_line,
    carry_over=carry_over_errexit,
)

SH_DRIVER = Driver(
    change_folder="command cd --",
    clean=(),
    arguments=lambda folder: ("-i", f"{folder}/{CONTROL}"),
    environ=lambda environ: {**environ, "PS1": ""},  # it prints a prompt before its script can empty it
    files=lambda folder, token: {},
    start=make_start("set -m; PS1= PS2=\n", SH_GATE),
    message=_posix_message(b"command eval"),
    read_line="command printf 'sh> '; IFS= read -r __runbook_line",
    send_line="command " + LINE_CODE,
    jobs=_list_jobs("command"),
    settled="command " + SETTLED_CODE,
    print_path=_print_path("command"),
    exit="exit\nexit",
    configuration="`$ENV`",
    export=_EXPORT,
    prepend_path=_PREPEND_PATH,
    gate_line=build_gate_line,
    carry_over=carry_over_errexit,
)

# Without a trap, ash leaves a loop of builtins right out of its signal handler. With glibc, as on Debian, it
# can then wait forever for a lock of its own output, at its own prompt too. A trap runs between two commands,
# and an error in it returns to the prompt. The gate reports the status that is set here.
_INTERRUPT = '__runbook_p=130; { : "${__runbook_unset?}"; } 2>/dev/null'

ASH_DRIVER = SH_DRIVER._replace(
    # it prints a banner on its standard output before it reads anything
    is_muted=True,
    start=make_start(f"exec >&2; trap '{_INTERRUPT}' INT; set -m; PS1= PS2=\n", SH_GATE),
    read_line="command printf 'ash> '; IFS= read -r __runbook_line",
)
