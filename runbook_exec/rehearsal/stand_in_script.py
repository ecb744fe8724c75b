"""Writes the script of every stand-in, which reports its call and runs the reply.

It is a shell script because a run makes many calls, and starting `sh` and `mkfifo` is much faster than
starting a Python interpreter for each.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from .transcript.model import ElidedLines, ExpectedCall, ExpectedPrompt, TypedLine
from .transcript.pattern import fill_pattern

# The call waits on a FIFO of its own, opened for reading and writing: then neither side has to come first.
# Without /proc, GNU's mkfifo makes it and fails to set its mode. Its folder is private.
_SCRIPT = """\
#!{sh}
__runbook={calls}
[ -p "$__runbook/$$" ] || {mkfifo} -m 600 "$__runbook/$$" 2>/dev/null || [ -p "$__runbook/$$" ] || exit 126
printf '%s\\0' "${{0##*/}}" "$PWD" "$@" >"$__runbook/$$.call"
{{ echo "call $$" >"$__runbook/{fifo}"; read -r __runbook_go; }} <>"$__runbook/$$"
__runbook_f="$__runbook/$$" __runbook="$__runbook/{fifo}"
. "$__runbook_f.reply"
"""

_AGAIN = """{{ echo "{what} $$" >"$__runbook"; read -r __runbook_go; }} <>"$__runbook_f"
. "$__runbook_f.{reply}"
"""

FIFO = "calls"


def format_script(calls: Path) -> str:
    """Return the script of every stand-in; `calls` is the folder for its messages."""
    return _SCRIPT.format(
        sh=_find_program("sh"), mkfifo=_find_program("mkfifo"), calls=shlex.quote(str(calls)), fifo=FIFO
    )


def _find_program(name: str) -> str:
    return shutil.which(name, path="/bin:/usr/bin") or name


def refusal_script(message: str) -> str:
    """Return the script that refuses an unexpected call: it prints a message and exits 127."""
    return f"printf '%s\\n' {shlex.quote(message)} >&2\nexit 127\n"


def input_script() -> str:
    """Return the script that sends the stand-in's standard input, and then runs the next reply."""
    taken = (
        f'[ -t 0 ] || {_find_program("cat")} >"$__runbook_f.in"\n'  # input from a terminal would never end
    )
    return ': >"$__runbook_f.in"\n' + taken + _AGAIN.format(what="input", reply="then")


def exec_script(command: Sequence[str]) -> str:
    """Return the script that replaces the stand-in with another program.

    The program gets the same arguments.
    """
    words = " ".join(word if word.startswith('"$') else shlex.quote(word) for word in command)
    return f'unset __runbook_go; exec {words} "$@"\n'


def answer_script(call: ExpectedCall, values: Mapping[str, str]) -> str:
    """Return the script that prints the output below the call, and asks its questions."""
    lines: list[str] = []
    texts: list[str] = []
    stream = 1
    stty = _find_program("stty")

    def flush() -> None:
        if texts:
            lines.append(f"printf %s {shlex.quote(''.join(texts))}{' >&2' if stream == 2 else ''}")
            texts.clear()

    hidden = False
    for line, after in zip(call.lines, (*call.lines[1:], None), strict=bool(call.lines)):
        if isinstance(line, ElidedLines):
            continue
        if isinstance(line, ExpectedPrompt):
            flush()
            hidden = isinstance(after, TypedLine) and after.hidden
            lines += [f"{stty} -echo </dev/tty"] * hidden
            prompt = shlex.quote(fill_pattern(line.pattern, values))
            # a program whose output is redirected asks on the terminal itself
            lines.append(f"if [ -t 1 ]; then printf %s {prompt}; else printf %s {prompt} >/dev/tty; fi")
        elif isinstance(line, TypedLine):
            wanted = shlex.quote(fill_pattern(line.pattern, values))
            lines.append("IFS= read -r __runbook_line </dev/tty || __runbook_line=")
            lines += [f"{stty} echo </dev/tty"] * hidden
            lines.append(f'[ "$__runbook_line" = {wanted} ] || exit 127')
        else:
            if line.stream != stream:
                flush()
                stream = line.stream
            texts.append(fill_pattern(line.pattern, values) + "\n" * line.newline)
    flush()
    return "\n".join([*lines, f"exit {call.status}", ""])
