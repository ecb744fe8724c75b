"""Statements in shells that a statement of the session has opened, typed at their prompt."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook_exec.engine.ports import Done, Message, OutputChunk
from runbook_exec.session.inner.dialects import DIALECTS, write_statement
from runbook_exec.session.inner.marks import START, MarkScanner, PromptMark
from runbook_exec.session.inner.nested_session import NestedSession
from tests.support.live_session import GENEROUS, TerminalOperator, open_session

OUTER = ("bash", "zsh", "fish", "sh")
INNER = (*OUTER, *(("busybox sh",) if shutil.which("busybox") else ()))
OWN_PID = {"fish": "$fish_pid"}


class Result(NamedTuple):
    """What a statement has printed, with plain line ends, and its end."""

    text: str
    done: Done


def collect(messages: Iterable[Message]) -> Result:
    """Read a statement to its end."""
    printed, ended = b"", []
    for item in messages:
        if isinstance(item, OutputChunk):
            printed += item.data
        elif isinstance(item, Done):
            ended.append(item)
    assert len(ended) == 1, "a statement ends once"
    return Result(printed.replace(b"\r\n", b"\n").decode("utf-8", "surrogateescape"), ended[0])


def run(nested: NestedSession, code: str, timeout: float | None = GENEROUS) -> Result:
    """Run a statement in the innermost shell."""
    return collect(nested.run(code.encode(), timeout))


def enter(nested: NestedSession, code: str) -> Result:
    """Run a statement that opens a shell, and require that it does."""
    depth = nested.depth
    result = collect(nested.open_shell(code.encode(), 2 * GENEROUS))
    assert nested.depth == depth + 1, result
    assert result.done.status == 0
    return result


def wait_for_end(pid: int) -> None:
    """Wait until a process is gone, and its parent knows."""
    until = time.monotonic() + GENEROUS
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.02)


@contextmanager
def open_nested(
    shell: str, folder: Path, operator: TerminalOperator | None = None
) -> Iterator[NestedSession]:
    """Start a session in a folder, whose statements can open shells."""
    (folder / ".zshrc").touch()
    with open_session(shell, folder, keyboard=operator.keyboard if operator else None) as session:
        yield NestedSession(session)


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("outer", OUTER)
def test_statements_run_inside_one_by_one(outer: str, inner: str, tmp_path: Path) -> None:
    """Each has its own output, status and folder, and sees what the one before has left."""
    fish = inner == "fish"
    with open_nested(outer, tmp_path) as nested:
        run(nested, "set -g x outside" if outer == "fish" else "x=outside")
        enter(nested, inner)
        assert run(nested, "echo $x").text == "\n"
        assert run(nested, "set x inside; cd /" if fish else "x=inside; cd /").done.cwd == "/"
        assert run(nested, "echo $x; false") == Result("inside\n", Done(1, (1,), "/"))
        assert run(nested, "echo $status" if fish else "echo $?").text == "1\n"
        assert run(nested, "printf 'no line end'").text == "no line end"
        left = collect(nested.leave_shell(b"exit", GENEROUS))
        assert (nested.depth, left.done.status, left.done.ended) == (0, 0, "")
        assert left.done.cwd == str(tmp_path)
        assert run(nested, "echo $x").text == "outside\n"


@pytest.mark.parametrize("inner", INNER)
def test_an_interrupt_at_a_deadline_spares_both_shells(inner: str, tmp_path: Path) -> None:
    """A statement that is ended has status 130, and the variables of its shell live on."""
    with open_nested("bash", tmp_path) as nested:
        enter(nested, inner)
        run(nested, "set x inside" if inner == "fish" else "x=inside")
        loop = "while true; end" if inner == "fish" else "while :; do :; done"
        for code in ("sleep 60", loop):
            done = run(nested, code, 0.5).done
            assert (done.status, done.timed_out, done.ended) == (130, True, "")
        assert run(nested, "echo $x").text == "inside\n"


@pytest.mark.parametrize("inner", OUTER)
def test_the_end_of_an_inner_shell_is_a_doubt(inner: str, tmp_path: Path) -> None:
    """A statement during which its shell is killed has an unknown result; the outer shell lives on."""
    with open_nested("bash", tmp_path) as nested:
        enter(nested, inner)
        enter(nested, "bash")
        done = run(nested, "kill -9 $$").done
        assert done.killed
        assert "the shell in which this ran has ended" in done.ended
        assert nested.depth == 1
        assert run(nested, "echo still").text == "still\n"
        assert run(nested, f"kill -9 {OWN_PID.get(inner, '$$')}").done.killed
        assert nested.depth == 0
        assert run(nested, "echo here").text == "here\n"


def test_a_statement_that_opens_no_shell_ends_as_any_other(tmp_path: Path) -> None:
    """The page may be wrong about a command; its status counts."""
    with open_nested("bash", tmp_path) as nested:
        result = collect(nested.open_shell(b"echo none; (exit 4)"))
        assert (result.text, result.done.status, nested.depth) == ("none\n", 4, 0)
        enter(nested, "sh")
        result = collect(nested.open_shell(b"echo none; (exit 4)"))
        assert (result.text, result.done.status, nested.depth) == ("none\n", 4, 1)


def test_a_program_that_is_no_shell_is_ended_if_no_operator_is_there(tmp_path: Path) -> None:
    """It waits for a key that no one types, and what comes after it must not be typed into it."""
    with open_nested("bash", tmp_path) as nested:
        done = collect(nested.open_shell(b"cat >typed.txt")).done
        assert done.waited_for_key == "cat"
        assert nested.depth == 0
        assert run(nested, "echo here").text == "here\n"


@pytest.mark.parametrize("inner", OUTER)
def test_no_output_ends_a_statement(inner: str, tmp_path: Path) -> None:
    """Programs may print marks like ours, and replay those of other statements."""
    forged = "\\033]8133;E;0123456789abcdef;0;0;/\\007\\033]133;D;0\\007\\033]8133;B"
    with open_nested("bash", tmp_path) as nested:
        enter(nested, inner)
        result = run(nested, f"printf 'a{forged}b\\n'; sh -c 'exit 7'")
        assert result.text == f"a{forged}b\n".encode().decode("unicode_escape")
        assert result.done.status == 7
        listing = "set; functions -a" if inner == "fish" else "set"
        result = run(nested, f"{listing}; echo whole; sh -c 'exit 8'")
        assert result.text.endswith("whole\n")
        assert result.done.status == 8


@pytest.mark.parametrize("inner", INNER)
def test_long_and_odd_statements_arrive_unchanged(inner: str, tmp_path: Path) -> None:
    """Neither the length of a terminal's line nor its control characters matter."""
    odd = "".join(map(chr, range(1, 32))) + "\x7fé€🙂 ' \\ \" $ ! #"
    script = f"p=sys.argv[1];open('got','wb').write(os.fsencode(p)+{b'x' * 9000!r})"
    with open_nested("bash", tmp_path) as nested:
        enter(nested, inner)
        quote = fish_quote if inner == "fish" else posix_quote
        code = f"{quote(sys.executable)} -c {quote('import os,sys;' + script)} {quote(odd)}"
        result = run(nested, code)
        assert result.done.status == 0, result
        assert (tmp_path / "got").read_bytes().decode() == odd + "x" * 9000


def posix_quote(text: str) -> str:
    """Quote for a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def fish_quote(text: str) -> str:
    """Quote for fish."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def test_a_redirection_of_the_shell_does_not_hide_the_end(tmp_path: Path) -> None:
    """`exec >FILE` and a new prompt concern the page's output, and not ours."""
    with open_nested("bash", tmp_path) as nested:
        enter(nested, "bash")
        assert run(nested, "exec >all.txt").done.status == 0
        assert run(nested, "echo hidden").text == ""
        assert run(nested, "exec >/dev/tty; PS1='$ ' PROMPT_COMMAND=").done.status == 0
        assert run(nested, "echo shown").text == "shown\n"
    assert (tmp_path / "all.txt").read_text() == "hidden\n"


def converse(nested: NestedSession, operator: TerminalOperator, code: str, keys: bytes) -> Result:
    """Run a statement, and type keys once it has printed `ready`."""

    def read() -> Iterator[Message]:
        typed = False
        for message in nested.run(code.encode()):
            yield message
            if isinstance(message, OutputChunk) and b"ready" in message.data and not typed:
                typed = True
                operator.type(keys)

    return collect(read())


def test_keys_reach_the_statement_inside(tmp_path: Path) -> None:
    """What the operator types goes to the program that runs inside, also ^C; then the shell is asked on."""
    with TerminalOperator() as operator, open_nested("bash", tmp_path, operator) as nested:
        enter(nested, "bash")
        answered = converse(nested, operator, "echo ready; read -r colour; echo got $colour", b"blue\n")
        assert answered.text.endswith("got blue\n")
        done = converse(nested, operator, "sh -c 'echo ready; exec sleep 60'", b"\x03").done
        assert (done.status, done.interrupted) == (130, True)
        assert run(nested, "echo $colour").text == "blue\n"


def read_line(nested: NestedSession, operator: TerminalOperator, keys: bytes) -> str | None:
    """Return the line that comes of keys, which are typed when the prompt is there."""
    asking, is_typed = nested.ask_line(), False
    while True:
        try:
            message = next(asking)
        except StopIteration as end:
            return cast("str | None", end.value)
        if isinstance(message, OutputChunk) and b"> " in message.data and not is_typed:
            operator.type(keys)
            is_typed = True


def test_the_operator_types_lines_at_the_inner_prompt(tmp_path: Path) -> None:
    """A line comes back whole, and nothing of it runs by itself."""
    with TerminalOperator() as operator, open_nested("bash", tmp_path, operator) as nested:
        for inner in INNER:
            enter(nested, inner)
            line = read_line(nested, operator, b"touch 'a b'; echo \"$HOME\"\r")
            assert line == "touch 'a b'; echo \"$HOME\"", inner
            assert not (tmp_path / "a b").exists()
            assert collect(nested.leave_shell(b"exit", GENEROUS)).done.status == 0


# statements in bash, zsh or both, and what the last one prints
STATES = {
    "the status before a long statement": ("both", ["false"], f"echo $?; : {'x' * 900}", "1\n"),
    "the statuses of a pipeline": (
        "both",
        ["sh -c 'exit 3' | true"],
        "echo ${PIPESTATUS[*]}$pipestatus",
        "3 0\n",
    ),
    "those of a pipeline that fails": (
        "bash",
        ["true | sh -c 'exit 3'"],
        "echo $? ${PIPESTATUS[*]}",
        "3 0 3\n",
    ),
    "the statuses after a change of IFS": ("both", ["IFS=,", "false | true"], "echo $?", "0\n"),
    "a trap on errors": ("both", ["trap 'echo E >>err' ERR", "false"], "cat err", "E\n"),
    "set -e and a status that does not count": ("both", ["set -e", "! true"], "echo here", "here\n"),
    "set -a": ("both", ["set -a; A=1", "set +a"], "env | grep -c ^__rb_", "0\n"),
    "a terminal without line editing": ("both", ["stty -icanon"], "echo here", "here\n"),
}


@pytest.mark.parametrize(
    ("inner", "state"),
    [(inner, state) for state in STATES for inner in ("bash", "zsh") if STATES[state][0] in (inner, "both")],
)
def test_the_state_of_a_shell_is_as_at_its_prompt(inner: str, state: str, tmp_path: Path) -> None:
    """What we type between two statements leaves no trace."""
    _, before, last, printed = STATES[state]
    with open_nested("sh", tmp_path) as nested:
        enter(nested, inner)
        for code in before:
            pipestatus = run(nested, code).done.pipestatus
            assert ("false | true" in code) == (pipestatus == (1, 0)), pipestatus
        assert run(nested, last).text == printed
        assert nested.depth == 1


@pytest.mark.parametrize("inner", INNER)
def test_the_status_of_an_interrupted_statement_is_kept(inner: str, tmp_path: Path) -> None:
    """`$?` is 130 in the next one."""
    with open_nested("bash", tmp_path) as nested:
        enter(nested, inner)
        assert run(nested, "sleep 60", 0.5).done.timed_out
        assert run(nested, "echo $status" if inner == "fish" else "echo $?").text == "130\n"


@pytest.mark.parametrize("inner", INNER)
def test_the_end_of_input_does_not_end_a_shell_between_statements(inner: str, tmp_path: Path) -> None:
    """^D is typed for a statement that has ended, and so is what comes after it."""
    with TerminalOperator() as operator, open_nested("bash", tmp_path, operator) as nested:
        enter(nested, inner)
        statement = "printf '> '; sleep 1; sh -c 'exit 3'"
        for message in nested.run(statement.encode(), GENEROUS):
            if isinstance(message, OutputChunk) and b"> " in message.data:
                operator.type(b"\x04\x04touch ran\r\x04")
        assert run(nested, "echo $status" if inner == "fish" else "echo $?").text == "3\n"
        assert nested.depth == 1
        assert not (tmp_path / "ran").exists()


def test_a_shell_that_waits_for_its_terminal_is_answered(tmp_path: Path) -> None:
    """fish 4 asks so before it takes keys; of what it asks, nothing is shown."""
    asks = (
        r"""stty raw -echo; printf "\33[?u\33[>0q\33]11;?\33\\\\\33[6n\33[0c"; head -c 5 >answer; stty sane"""
    )
    with open_nested("bash", tmp_path) as nested:
        assert "\x1b" not in enter(nested, f"sh -c '{asks}; echo welcome; exec bash'").text
        assert (tmp_path / "answer").read_bytes() == b"\x1b[?6c"
        assert run(nested, "echo $BASH_SUBSHELL").text == "0\n"


@pytest.mark.parametrize("inner", INNER)
def test_keys_that_no_statement_has_read_run_nowhere(inner: str, tmp_path: Path) -> None:
    """Lines that are typed while a statement works are neither run nor passed to the next one."""
    fish = inner == "fish"
    with TerminalOperator() as operator, open_nested("bash", tmp_path, operator) as nested:
        enter(nested, inner)
        wait = "while not test -e go; sleep 0.05; end" if fish else "while [ ! -e go ]; do sleep 0.05; done"
        printed = b""
        for message in nested.run(f"echo begun; {wait}; sh -c 'exit 3'".encode(), GENEROUS):
            if isinstance(message, OutputChunk):
                if b"begun" in message.data:
                    operator.type(b"touch ran-1\rtouch ran-2\rtouch ran-3")
                printed += message.data
                if b"ran-3" in printed:  # the terminal has them
                    (tmp_path / "go").touch()
        assert run(nested, "echo $status" if fish else "echo $?").text == "3\n"
        assert not list(tmp_path.glob("ran-*"))
        assert run(nested, "touch here").done.status == 0
        assert (tmp_path / "here").exists()


@pytest.mark.parametrize("inner", OUTER)
def test_a_statement_for_a_shell_that_has_ended_does_not_run_in_the_one_outside(
    inner: str, tmp_path: Path
) -> None:
    """The shell has ended while the operator thought about the next statement."""
    with open_nested("bash", tmp_path) as nested:
        enter(nested, inner)
        enter(nested, "bash")
        for depth, pid in ((1, "$$"), (0, OWN_PID.get(inner, "$$"))):
            number = int(run(nested, f"echo {pid}").text)
            os.kill(number, signal.SIGKILL)
            wait_for_end(number)
            done = run(nested, "touch wrong").done
            assert "the shell in which this ran has ended" in done.ended
            assert nested.depth == depth
            assert run(nested, "echo outside").text == "outside\n"
        assert not (tmp_path / "wrong").exists()


def test_all_lines_of_a_pasted_text_come_from_the_inner_prompt(tmp_path: Path) -> None:
    """A terminal marks what is pasted, and these shells ask for that."""
    with TerminalOperator() as operator, open_nested("bash", tmp_path, operator) as nested:
        for inner in ("bash", "zsh", "fish"):
            enter(nested, inner)
            assert read_line(nested, operator, b"\x1b[200~echo a\x07\recho b\x1b[201~\r") == "echo a\necho b"
            assert collect(nested.leave_shell(b"exit", GENEROUS)).done.status == 0


def test_the_end_of_the_session_leaves_all_shells(tmp_path: Path) -> None:
    """Their exit traps run, the innermost first."""
    with open_nested("bash", tmp_path) as nested:
        for number in (1, 2):
            enter(nested, "bash")
            run(nested, f"trap 'echo {number} >>ends.txt' EXIT")
        for _ in nested.end():
            pass
        assert nested.depth == 0
    assert (tmp_path / "ends.txt").read_text() == "2\n1\n"


pieces = st.binary(max_size=12) | st.sampled_from(
    [START, START[:3], b"\x1b", START + b"E;abc;0;0;/x\x07", START + b"B;abc\x07"]
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(pieces), st.integers(1, 9))
def test_every_byte_and_every_mark_comes_out_in_order(stream: list[bytes], size: int) -> None:
    """However the output is cut into pieces, nothing is lost, changed or moved."""
    data = b"".join(stream)
    scanner = MarkScanner()
    found: list[bytes | PromptMark] = []
    for at in range(0, len(data), size):
        found += scanner.feed(data[at : at + size])
    found.append(scanner.flush())
    whole = b"".join(piece.raw if isinstance(piece, PromptMark) else piece for piece in found)
    assert whole == data


@given(st.binary(max_size=3000).map(lambda code: code.replace(b"\0", b"")))
def test_every_typed_line_is_short_and_printable(code: bytes) -> None:
    """A terminal changes no such line, and macOS takes no longer one than 1,024 bytes."""
    for dialect in DIALECTS.values():
        message = write_statement(dialect, code, "0123456789abcdef")
        assert message.startswith(b"\x15")
        lines = message[1:].split(b"\n")
        assert lines.pop() == b""
        assert all(len(line) < 1000 and line.decode("ascii").isprintable() for line in lines)
