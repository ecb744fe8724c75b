"""Keys of the operator reach the program that runs; the terminal is restored afterwards."""

from __future__ import annotations

import fcntl
import os
import shlex
import signal
import subprocess
import sys
import termios
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from runbook_exec.engine.ports import OutputChunk
from runbook_exec.session.session import Session
from runbook_exec.system.screen_modes import ScreenModes
from tests.support.live_session import (
    GENEROUS,
    TerminalOperator,
    home_environment,
    open_session,
    run_statement,
)
from tests.support.shells import ASH, SHELLS

PYTHON = shlex.quote(sys.executable)

LOOPS = {
    "a program": ("echo go; sleep 30", "echo go; sleep 30"),
    "a program in a list": ("echo go; sleep 30; echo after", "echo go; sleep 30; echo after"),
    "a loop of builtins": ("echo go; while true; end", "echo go; while :; do :; done"),
    "a loop of programs": ("echo go; while sleep 0.5; end", "echo go; while sleep 0.5; do :; done"),
    "a function": (
        "function f; while true; end; end; echo go; f; echo after",
        "f() { while :; do :; done; }; echo go; f; echo after",
    ),
    "a pipeline": ("echo go; sleep 30 | cat", "echo go; sleep 30 | cat"),
    "a command substitution": ("echo go; echo (sleep 30)", "echo go; echo $(sleep 30)"),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("what", LOOPS)
def test_an_interrupt_ends_only_the_statement(shell: str, what: str, tmp_path: Path) -> None:
    """^C ends it with 130, nothing after it runs, and the shell keeps its variables."""
    with TerminalOperator() as operator, open_session(shell, tmp_path, keyboard=operator.keyboard) as session:
        run_statement(session, "set v kept" if shell == "fish" else "v=kept")
        ran = operator.converse(session, LOOPS[what][shell != "fish"], (b"go", b"\x03"), pause=0.1)
        assert (ran.done.interrupted, ran.status, ran.done.ended) == (True, 130, "")
        assert "after" not in ran.text
        assert run_statement(session, "echo $v").text == "kept\n"


def test_a_paste_that_is_not_read_yet_delays_nothing(tmp_path: Path) -> None:
    """It waits while silence and output are reported; then the program gets all of it."""
    pasted = b"p" * 100_000
    code = b"sh -c 'stty raw -echo; echo go; sleep 1; echo out; head -c 100000 | tr -d q | wc -c'"
    seen: list[str] = []
    with (
        TerminalOperator() as operator,
        open_session("fish", tmp_path, keyboard=operator.keyboard) as session,
    ):

        def paste() -> None:
            for at in range(0, len(pasted), 1000):
                operator.type(pasted[at : at + 1000])

        for item in session.run(code, GENEROUS):
            seen.append(item.data.decode() if isinstance(item, OutputChunk) else type(item).__name__)
            if seen == ["go\n"]:
                threading.Thread(target=paste, daemon=True).start()
    assert seen[1] == "Silence"
    assert "".join(text for text in seen if text != "Silence").split() == ["go", "out", "100000", "Done"]


@pytest.mark.parametrize("modes", ["sane", "-icanon"])
@pytest.mark.parametrize("shell", SHELLS)
def test_an_interrupt_after_an_unread_paste_ends_the_program(shell: str, modes: str, tmp_path: Path) -> None:
    """^C ends it although much was pasted before; the next statement gets nothing of the paste."""
    pasted = b"p" * 100_000
    with TerminalOperator() as operator, open_session(shell, tmp_path, keyboard=operator.keyboard) as session:

        def paste() -> None:
            for at in range(0, len(pasted), 1000):
                operator.type(pasted[at : at + 1000])
            operator.type(b"\x03")

        code = f"sh -c 'stty {modes} -echo; echo go; exec sleep 30'"
        ran = operator.converse(session, code, (b"go", threading.Thread(target=paste, daemon=True).start))
        assert (ran.done.interrupted, ran.status, ran.done.ended) == (True, 130, "")
        ran = operator.converse(session, "sh -c 'stty -echo; echo go; head -n 1'", (b"go", b"mine\n"))
        assert ran.text == "go\nmine\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_program_may_handle_an_interrupt_and_continue(shell: str, tmp_path: Path) -> None:
    """^C goes to the program, which decides its meaning."""
    code = "sh -c 'trap \"echo caught\" INT; echo go; sleep 0.4; echo on; exit 5'"
    with TerminalOperator() as operator, open_session(shell, tmp_path, keyboard=operator.keyboard) as session:
        ran = operator.converse(session, code, (b"go", b"\x03"), pause=0.1)
        assert (ran.text, ran.status) == ("go\n^Ccaught\non\n", 5)
        assert ran.done.interrupted


def test_a_trap_of_bash_itself_runs(tmp_path: Path) -> None:
    """A document may set the effect of ^C in bash, for one statement or for all later ones."""
    with (
        TerminalOperator() as operator,
        open_session("bash", tmp_path, keyboard=operator.keyboard) as session,
    ):
        run_statement(session, "trap 'echo caught' INT")
        ran = operator.converse(session, "echo go; for i in 1 2 3; do read -t 0.2 x; done", (b"go", b"\x03"))
        assert "caught\n" in ran.text
        assert run_statement(session, "trap - INT; echo on").text == "on\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_suspended_program_can_be_continued(shell: str, tmp_path: Path) -> None:
    """^Z stops the program, and is reported differently from an end; `fg` continues it."""
    (tmp_path / "count").write_text("echo go\nsleep 0.4\necho finished\n")
    with TerminalOperator() as operator, open_session(shell, tmp_path, keyboard=operator.keyboard) as session:
        ran = operator.converse(session, "sh ./count", (b"go", b"\x1a"), pause=0.2)
        assert ran.done.suspended
        assert "finished" not in ran.text
        ran = run_statement(session, "fg")
        assert "finished\n" in ran.text
        assert (ran.status, ran.done.suspended) == (0, False)


@pytest.mark.parametrize("shell", SHELLS)
def test_typed_lines_are_echoed_and_read(shell: str, tmp_path: Path) -> None:
    """Lines, control characters that edit the line, and ^D work as at any terminal."""
    with TerminalOperator() as operator, open_session(shell, tmp_path, keyboard=operator.keyboard) as session:
        ran = operator.converse(session, "echo go; cat", (b"go", b"helxx\x7f\x7flo\r"), (b"\nhello", b"\x04"))
        assert ran.raw.startswith(b"go\r\nhelxx\b \b\b \blo\r\nhello\r\n")
        assert ran.status == 0


@pytest.mark.parametrize("shell", SHELLS)
def test_single_keys_reach_a_program_that_reads_them_raw(shell: str, tmp_path: Path) -> None:
    """This includes arrows, ^C and ^Z, if the program asks for them."""
    code = (
        "import sys, tty, os; tty.setraw(0); print('go', flush=True)\n"
        "got = b''\nwhile len(got) < 5: got += os.read(0, 9)\nprint(got)"
    )
    (tmp_path / "keys.py").write_text(code)
    with TerminalOperator() as operator, open_session(shell, tmp_path, keyboard=operator.keyboard) as session:
        ran = operator.converse(session, f"{PYTHON} keys.py", (b"go", b"\x1b[A\x03\x1a"))
        assert "b'\\x1b[A\\x03\\x1a'" in ran.text


@pytest.mark.parametrize("shell", SHELLS)
def test_a_hidden_answer_is_not_echoed(shell: str, tmp_path: Path) -> None:
    """An answer that getpass reads is not on the screen."""
    (tmp_path / "ask.py").write_text("import getpass\nprint(len(getpass.getpass('word? ')))\n")
    with TerminalOperator() as operator, open_session(shell, tmp_path, keyboard=operator.keyboard) as session:
        ran = operator.converse(session, f"{PYTHON} ask.py", (b"word?", b"open-sesame\r"))
        assert ran.text == "word? \n11\n"


@pytest.mark.parametrize(
    ("shell", "code"),
    [
        ("fish", 'read -s -P "word? " x; string length $x'),
        ("bash", "read -rsp 'word? ' x; echo ${#x}"),
        ("zsh", "read -rs 'x?word? '; echo ${#x}"),
        pytest.param("ash", "read -rsp 'word? ' x; echo ${#x}", marks=ASH.marks),
    ],
)
def test_a_shells_own_hidden_answer_is_not_echoed(shell: str, code: str, tmp_path: Path) -> None:
    """`read -s` hides it too."""
    with TerminalOperator() as operator, open_session(shell, tmp_path, keyboard=operator.keyboard) as session:
        ran = operator.converse(session, code, (b"word?", b"open-sesame\r"), pause=0.1)
        assert "sesame" not in ran.text
        assert "11\n" in ran.text


@pytest.mark.parametrize("shell", SHELLS)
def test_unread_keys_are_discarded(shell: str, tmp_path: Path) -> None:
    """Keys that one statement did not read answer no later question."""
    with TerminalOperator() as operator, open_session(shell, tmp_path, keyboard=operator.keyboard) as session:
        operator.converse(session, "echo go; sleep 0.3", (b"go", b"yes\ryes\r"))
        operator.type(b"yes\r")
        assert run_statement(session, "timeout 0.3 cat").text == ""
        assert run_statement(session, "true; timeout 0.3 cat").status == 124


@pytest.mark.parametrize("shell", SHELLS)
def test_a_running_program_gets_a_new_window_size(shell: str, tmp_path: Path) -> None:
    """A program starts in the operator's size, and gets a new size at once."""
    (tmp_path / "size.py").write_text(
        "import os, signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])\n"
        "print(*os.get_terminal_size(0), flush=True)\n"
        "signal.sigwait([signal.SIGWINCH])\nprint(*os.get_terminal_size(0))\n"
    )
    code = f"{PYTHON} size.py"
    with (
        TerminalOperator(31, 101) as operator,
        open_session(shell, tmp_path, keyboard=operator.keyboard) as session,
    ):
        ran = operator.converse(session, code, (b"101 31", lambda: operator.resize(40, 120)))
        assert ran.text == "101 31\n120 40\n"


def read_line(session: Session) -> str | None:
    """Return the line that is typed at the session's own prompt."""
    asking = session.ask_line()
    while True:
        try:
            next(asking)
        except StopIteration as end:
            return cast("str | None", end.value)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_line_can_be_typed_at_the_shells_own_prompt(shell: str, tmp_path: Path) -> None:
    """The line is returned, not run; the status and the options of the shell are unchanged."""
    with TerminalOperator() as operator, open_session(shell, tmp_path, keyboard=operator.keyboard) as session:
        run_statement(session, "sh -c 'exit 3'")
        typing = threading.Timer(0.3, operator.type, [b"echo 'a  b' \\n\r"])
        typing.start()
        line = read_line(session)
        typing.join()
        assert line == "echo 'a  b' \\n"
        assert run_statement(session, "echo $status" if shell == "fish" else "echo $?").text == "3\n"


@pytest.mark.parametrize("shell", ["fish", "bash", "zsh"])
def test_all_lines_of_a_pasted_text_are_one_line_of_the_prompt(shell: str, tmp_path: Path) -> None:
    """A terminal marks what is pasted, and these shells ask for that."""
    with TerminalOperator() as operator, open_session(shell, tmp_path, keyboard=operator.keyboard) as session:
        typing = threading.Timer(0.5, operator.type, [b"\x1b[200~echo a\recho b\x1b[201~\r"])
        typing.start()
        line = read_line(session)
        typing.join()
        assert line == "echo a\necho b"


def test_the_first_read_of_a_new_users_fish_only_reads(tmp_path: Path) -> None:
    """It prints no greeting, and parses no manual pages in the background."""
    with TerminalOperator() as operator:
        environ = home_environment(tmp_path)
        (tmp_path / "data/fish/generated_completions").rmdir()
        with opened_as_new(tmp_path, operator, environ) as printed:
            assert b"Welcome" not in printed
    assert not (tmp_path / "data/fish/generated_completions").exists()


@contextmanager
def opened_as_new(folder: Path, operator: TerminalOperator, environ: dict[str, str]) -> Iterator[bytes]:
    """Yield the output of a fish that starts for the first time, and reads a line."""
    from runbook_exec.session.session import Session

    with Session("fish", environ=environ, cwd=str(folder), keyboard=operator.keyboard) as session:
        assert not [item for item in session.start() if isinstance(item, OutputChunk)]
        ran = operator.converse(session, "read -P 'name? ' x; echo got $x", (b"name?", b"me\r"), pause=0.1)
        assert "got me\n" in ran.text
        yield ran.raw


# the operator's terminal -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_the_terminal_is_restored_between_statements(shell: str, tmp_path: Path) -> None:
    """It is also restored after ^C, after a program in raw mode, and at the end."""
    with TerminalOperator() as operator:
        found = operator.modes()
        with open_session(shell, tmp_path, keyboard=operator.keyboard) as session:
            assert operator.modes() == found
            for code in ("true", "stty raw -echo", "sh -c 'kill -9 $$'"):
                run_statement(session, code)
                assert operator.modes() == found
            operator.converse(session, "echo go; sleep 30", (b"go", b"\x03"), pause=0.2)
            assert operator.modes() == found
            for _ in session.run(b"echo go; sleep 30"):
                assert operator.modes() != found
                break
        assert operator.modes() == found


PAGE = """\
# Page

```fish
echo one
sh -c 'echo going; sleep 2; echo gone'
sh -c 'exit 9'
```
"""


class Watched:
    """A run of the program by a person at a terminal."""

    def __init__(self, folder: Path, page: str, *options: str) -> None:
        (folder / "page.md").write_text(page)
        self.operator = TerminalOperator()
        os.set_blocking(self.operator.master, False)
        self.found = self.operator.modes()
        self.seen = b""
        self.program = subprocess.Popen(
            [sys.executable, "-m", "runbook_exec", "page.md", "--no-config", *options],
            stdin=self.operator.slave,
            stdout=self.operator.slave,
            stderr=self.operator.slave,
            env=home_environment(folder) | {"PYTHONPATH": os.pathsep.join(sys.path)},
            cwd=folder,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_: object) -> None:
        self.program.kill()
        self.program.wait()
        self.operator.__exit__()

    def until(self, text: bytes) -> None:
        """Read the output until it has a text."""
        until = time.monotonic() + GENEROUS
        while text not in self.seen and time.monotonic() < until:
            self._look()
        assert text in self.seen, self.seen.decode("utf-8", "replace")

    def end(self) -> int:
        """Read the output until the program has ended, and return its exit status."""
        until = time.monotonic() + GENEROUS
        while (status := self.program.poll()) is None and time.monotonic() < until:
            self._look()
        self._look()
        assert status is not None, self.seen.decode("utf-8", "replace")
        return status

    def _look(self) -> None:
        try:
            self.seen += os.read(self.operator.master, 65536)
        except BlockingIOError:
            time.sleep(0.01)


def test_a_successful_run_restores_the_terminal(tmp_path: Path) -> None:
    """Its programs changed the modes, and switched features on by escape sequences."""
    page = "```fish\nstty raw -echo\nprintf '\\e[?1049h\\e[?25l\\e[?1000h\\e[31m'\n```\n"
    with Watched(tmp_path, page, "--yes") as watched:
        assert watched.end() == 0
        assert watched.operator.modes() == watched.found
        for code in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[0m"):
            assert code in watched.seen


def test_a_failed_run_restores_the_terminal(tmp_path: Path) -> None:
    """The operator leaves the failure with q."""
    with Watched(tmp_path, "```fish\nsh -c 'exit 9'\n```\n", "--yes") as watched:
        watched.until(b"9")
        time.sleep(0.5)
        watched.operator.type(b"q")
        assert watched.end() == 1
        assert watched.operator.modes() == watched.found


@pytest.mark.parametrize("moment", ["setraw", "tcsetattr"])
def test_a_signal_at_the_worst_moment_still_restores_the_terminal(
    moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal comes while the terminal is taken, or given back."""
    with TerminalOperator() as operator:
        found = operator.modes()
        module = {"setraw": tty, "tcsetattr": termios}[moment]
        change = getattr(module, moment)

        def signalled(*arguments: object) -> None:
            if moment == "setraw":
                change(*arguments)
            signal.raise_signal(signal.SIGINT)
            if moment == "tcsetattr":
                change(*arguments)

        if moment == "tcsetattr":
            operator.keyboard.take()
        with monkeypatch.context() as patched:
            patched.setattr(module, moment, signalled)
            with pytest.raises(KeyboardInterrupt):
                operator.keyboard.take() if moment == "setraw" else operator.keyboard.give_back()
        operator.keyboard.give_back()
        assert operator.modes() == found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_run_that_a_signal_ends_restores_the_terminal(number: int, tmp_path: Path) -> None:
    """A signal in the middle of a statement ends the run with 130, and the running program."""
    with Watched(tmp_path, PAGE, "--yes") as watched:
        watched.until(b"going\r\n")
        watched.program.send_signal(number)
        if number == signal.SIGINT:
            watched.until(b"interrupted")
            time.sleep(0.5)
            watched.operator.type(b"q")
        assert watched.end() == 130
        assert watched.operator.modes() == watched.found
        assert b"gone\r\n" not in watched.seen


def test_a_run_whose_shell_dies_restores_the_terminal(tmp_path: Path) -> None:
    """A killed shell ends the run as a failure."""
    with Watched(tmp_path, "```fish\necho going; kill -9 $fish_pid\n```\n", "--yes") as watched:
        watched.until(b"going")
        time.sleep(0.5)
        watched.operator.type(b"q")
        assert watched.end() == 1
        assert watched.operator.modes() == watched.found


# modes of the screen ---------------------------------------------------------------------------------------


def test_only_modes_that_a_program_left_on_are_switched_off() -> None:
    """This does not depend on the pieces in which the output arrives."""
    text = b"\x1b[?1049h\x1b[?25l\x1b[?1000;1006h\x1b[?2004h\x1b[?2004l text \x1b[?7l"
    for cut in range(len(text)):
        modes = ScreenModes()
        modes.follow(text[:cut])
        modes.follow(text[cut:])
        assert modes.in_alternate_screen
        codes = modes.restore()
        assert sorted(codes.split(b"\x1b[")[1:]) == sorted(
            [b"?1049l", b"?25h", b"?1000l", b"?1006l", b"?7h", b"0m"]
        )
        assert modes.restore() == b""


def test_a_screen_without_open_modes_needs_no_repair() -> None:
    """After plain text, or modes that were switched back, only the colours are reset."""
    modes = ScreenModes()
    modes.follow(b"plain text\r\n")
    assert modes.restore() == b""
    modes.follow(b"\x1b[?1049h\x1b[?25l ... \x1b[?25h\x1b[?1049l")
    assert modes.restore() == b"\x1b[0m"
