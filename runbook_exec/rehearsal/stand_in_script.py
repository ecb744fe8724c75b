"""Stand-ins: one small shell script that says what it was called with, and does what it is told then.

A call costs the start of a `sh` and of a `mkfifo`, some 2 ms: a run has many, and an interpreter for each
would be most of its time.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from .transcript.model import ElidedLines, ExpectedCall, ExpectedPrompt, TypedLine
from .transcript.pattern import fill_pattern

# The call waits on a FIFO of its own, opened for both ways, so that neither side can be too early.
_SCRIPT = """\
#!{sh}
__runbook={calls}
[ -p "$__runbook/$$" ] || {mkfifo} -m 600 "$__runbook/$$" || exit 126
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
    """The text of every stand-in; `calls` is the folder that it tells its call in."""
    return _SCRIPT.format(
        sh=_find_program("sh"), mkfifo=_find_program("mkfifo"), calls=shlex.quote(str(calls)), fifo=FIFO
    )


def _find_program(name: str) -> str:
    return shutil.which(name, path="/bin:/usr/bin") or name


def refusal_script(message: str) -> str:
    """What a stand-in does that is called as nobody expects."""
    return f"printf '%s\\n' {shlex.quote(message)} >&2\nexit 127\n"


def input_script() -> str:
    """What a stand-in does whose standard input is to be looked at: it hands that over, and asks again."""
    taken = f'[ -t 0 ] || {_find_program("cat")} >"$__runbook_f.in"\n'  # from a terminal nobody would end it
    return ': >"$__runbook_f.in"\n' + taken + _AGAIN.format(what="input", reply="then")


def exec_script(command: Sequence[str]) -> str:
    """What a stand-in does that lets another program take its place, with the same arguments."""
    words = " ".join(word if word.startswith('"$') else shlex.quote(word) for word in command)
    return f'unset __runbook_go; exec {words} "$@"\n'


def answer_script(call: ExpectedCall, values: Mapping[str, str]) -> str:
    """What a stand-in does that the transcript answers."""
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
            # where the output goes elsewhere, a program asks on the terminal itself
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
