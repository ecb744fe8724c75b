"""The end of every statement is reported, and the session survives its effects if possible."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from runbook_exec.engine.ports import OutputChunk
from tests.support.live_session import (
    TerminalOperator,
    home_environment,
    open_session,
    run_statement,
    run_statements,
)
from tests.support.paths import REPOSITORY
from tests.support.shells import POSIX, SHELLS

ITSELF = {"fish": "$fish_pid", "bash": "$$", "zsh": "$$", "sh": "$$", "ash": "$$"}


def program(folder: Path, shell: str, *statements: str, more: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the events of a whole run of the program, without a person at the terminal."""
    page = folder / "page.md"
    page.write_text("# Page\n\n" + "".join(f"```{shell}\n{text}\n```\n\n" for text in statements))
    words = [sys.executable, "-m", "runbook_exec", str(page), "--yes", "--no-config", "--json", *more]
    environ = home_environment(folder) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(words, env=environ, cwd=folder, capture_output=True, timeout=60, check=False)
    return [json.loads(line) for line in ran.stdout.splitlines()]


# endings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_a_statement_is_never_sent_twice(shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that comes just after a statement was sent does not make it run again."""
    with open_session(shell, tmp_path) as session:
        sent: list[int] = []
        write = os.write

        def signalled(fd: int, data: bytes) -> int:
            size = write(fd, data)
            if fd == session._link.control and not sent:
                sent.append(size)
                signal.raise_signal(signal.SIGINT)  # to this thread, because the program has no other
            return size

        monkeypatch.setattr(os, "write", signalled)
        run_statement(session, "echo charged >>log; sleep 0.2")
        monkeypatch.undo()
        run_statement(session, "true")
    log = tmp_path / "log"
    assert sent
    # it may have been interrupted before it did anything
    assert not log.exists() or log.read_text().count("charged") <= 1


@pytest.mark.parametrize(
    ("code", "status"), [("exit 3", 3), ("return 4", 4), ("begin; exit 5; end", 5), ("break", 1)]
)
def test_fish_survives_statements_that_would_leave_a_script(code: str, status: int, tmp_path: Path) -> None:
    """`exit`, `return` and a bare `break` are reported with their status; variables are kept."""
    with open_session("fish", tmp_path) as session:
        run_statement(session, "set -g v kept")
        assert run_statement(session, code).status == status
        assert run_statement(session, "echo $v").text == "kept\n"


@pytest.mark.parametrize("shell", POSIX)
def test_exit_ends_the_shell_and_is_reported(shell: str, tmp_path: Path) -> None:
    """`exit 3` ends bash, zsh and sh; every later statement reports it and does not hang."""
    with open_session(shell, tmp_path) as session:
        done = run_statement(session, "exit 3").done
        assert (done.status, done.ended) == (3, "the shell ended with status 3")
        assert run_statement(session, "echo x").done.ended == "the shell ended with status 3"


def test_a_run_stops_at_the_statement_that_ended_the_shell(tmp_path: Path) -> None:
    """The program reports this statement as the failure, and runs nothing after it."""
    events = program(tmp_path, "bash", "echo a", "exit 0", "echo never")
    finished = [event for event in events if event["event"] == "statement_finished"]
    assert [event["problem"] for event in finished] == ["", "the shell ended with status 0"]
    assert events[-1]["outcome"] == "failed"


@pytest.mark.parametrize(("shell", "status"), [("bash", 2), ("zsh", 4)])
def test_return_outside_a_function_is_reported(shell: str, status: int, tmp_path: Path) -> None:
    """bash refuses it, zsh accepts it; both continue."""
    with open_session(shell, tmp_path) as session:
        assert run_statement(session, "return 4").status == status
        assert run_statement(session, "echo $?").text == f"{status}\n"


@pytest.mark.parametrize("shell", POSIX)
def test_a_bare_break_does_no_harm(shell: str, tmp_path: Path) -> None:
    """A `break` without a loop ends no loop of the driver."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "break")
        assert run_statement(session, "echo on").text == "on\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_killed_shell_is_noticed_while_a_job_has_the_terminal_open(shell: str, tmp_path: Path) -> None:
    """`kill -9` of the shell is its end."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "sleep 1000 &")
        began = time.monotonic()
        done = run_statement(session, f"echo last; kill -9 {ITSELF[shell]}").done
        assert (done.status, done.ended) == (137, "the shell was killed by SIGKILL")
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_that_becomes_another_program_has_ended(shell: str, tmp_path: Path) -> None:
    """`exec echo` ends the shell with that program, whose output is reported first."""
    with open_session(shell, tmp_path) as session:
        ran = run_statement(session, "exec echo instead")
        assert (ran.text, ran.status) == ("instead\n", 0)
        assert ran.done.ended == "the shell ended with status 0"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_that_becomes_a_program_that_waits_can_be_timed_out(shell: str, tmp_path: Path) -> None:
    """`exec cat` reads the terminal forever; the timeout ends it."""
    with open_session(shell, tmp_path) as session:
        done = run_statement(session, "exec cat", timeout=0.3).done
        assert done.timed_out
        assert done.ended


# output ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_output_passes_byte_for_byte(shell: str, tmp_path: Path) -> None:
    """No final newline, CRLF, NUL, invalid UTF-8 and escape sequences: nothing is added or lost."""
    (tmp_path / "odd").write_bytes(b"a\r\nb\rc\0d\xff\xfe\xc3\x1b[31me\x1b]0;t\x07\nlast")
    with open_session(shell, tmp_path) as session:
        assert run_statement(session, "cat odd").raw == (tmp_path / "odd").read_bytes()
        assert run_statement(session, "cat odd odd").raw == (tmp_path / "odd").read_bytes() * 2


@pytest.mark.parametrize("shell", SHELLS)
def test_no_output_is_lost_or_late(shell: str, tmp_path: Path) -> None:
    """All output of a statement comes before its end, a hundred times in a row."""
    with open_session(shell, tmp_path) as session:
        for number in range(100):
            code = f"printf '%s\\n' {number} x{number}"
            assert run_statement(session, code).text == f"{number}\nx{number}\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_text_that_looks_like_a_report_ends_nothing(
    shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement cannot report its own end, neither on the terminal nor on the channel."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with open_session(shell, tmp_path) as session:
        (folder,) = tmp_path.glob("runbook-*")
        forged = "'gate%s\\n0\\n0\\n\\n/forged\\0' 1; printf ' 1\\n0\\n0\\n\\n/forged\\0'; printf 'torn'"
        aloud = run_statement(session, f"printf {forged}; sh -c 'exit 6'")
        assert (aloud.status, aloud.done.cwd) == (6, str(tmp_path))
        hidden = run_statement(
            session, f"sh -c \"printf {forged}\" >{folder}/report; sleep 0.1; echo on; sh -c 'exit 7'"
        )
        assert (hidden.text, hidden.status, hidden.done.cwd) == ("on\n", 7, str(tmp_path))
        assert run_statement(session, "echo next").text == "next\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_later_output_of_a_background_job_belongs_to_the_statement_that_runs_then(
    shell: str, tmp_path: Path
) -> None:
    """A statement that starts a job ends at once; the job's output comes when it is printed."""
    with open_session(shell, tmp_path) as session:
        assert "late" not in run_statement(session, "sh -c 'sleep 0.3; echo late' &").text
        assert run_statement(session, "echo now").text == "now\n"
        assert "late\n" in run_statement(session, "sleep 0.6").text


@pytest.mark.parametrize("shell", SHELLS)
def test_a_background_job_that_never_stops_printing_delays_nothing(shell: str, tmp_path: Path) -> None:
    """Statements end on time, although more output is always waiting."""
    with open_session(shell, tmp_path) as session:
        assert run_statement(session, "yes &").status == 0
        assert run_statement(session, "sleep 0.1; sh -c 'exit 3'").status == 3
        assert run_statement(session, f"kill {'$last_pid' if shell == 'fish' else '$!'}").status == 0


@pytest.mark.parametrize("shell", SHELLS)
def test_a_background_job_delays_nothing_at_an_operators_terminal(shell: str, tmp_path: Path) -> None:
    """A terminal that is full of the job's output does not hold up the next statement."""
    with TerminalOperator() as operator, open_session(shell, tmp_path, keyboard=operator.keyboard) as session:
        assert run_statement(session, "yes &").status == 0
        time.sleep(0.1)  # the terminal is full, and is not read
        assert run_statement(session, "sh -c 'exit 3'").status == 3
        assert run_statement(session, f"kill {'$last_pid' if shell == 'fish' else '$!'}").status == 0


def test_much_output_takes_little_memory(tmp_path: Path) -> None:
    """A run that prints 200 MB needs only a few MB more memory than one that prints a line."""
    small, large = (
        peak(tmp_path / name, f"yes {'x' * 98} | head -c {size}")
        for name, size in (("small", 100), ("large", 200_000_000))
    )
    assert large - small < 40 << 10, f"{small} KiB, then {large} KiB"


def peak(folder: Path, statement: str) -> int:
    """Return the peak memory of a whole run of the program in KiB.

    A small process that waits for the program measures it.
    """
    folder.mkdir()
    (folder / "page.md").write_text(f"```bash\n{statement}\n```\n")
    watch = (
        "import resource, subprocess, sys\n"
        "ran = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=False)\n"
        "print(ran.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    run_it = [sys.executable, "-m", "runbook_exec", "page.md", "--yes", "--no-input", "--no-config"]
    environ = home_environment(folder) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run(
        [sys.executable, "-c", watch, *run_it], env=environ, cwd=folder, capture_output=True, check=True
    )
    status, size = map(int, told.stdout.split())
    assert status == 0
    return size


# statements that could break a driver ----------------------------------------------------------------------

REDEFINED = ("echo", "read", "printf", "cd", "test", "true", "jobs", "kill", "sleep")


@pytest.mark.parametrize("shell", POSIX)
def test_functions_named_like_builtins_do_no_harm(shell: str, tmp_path: Path) -> None:
    """The driver calls builtins as builtins, and the document calls its own functions."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "; ".join(f"{name}() {{ /bin/echo my {name}; }}" for name in REDEFINED))
        assert run_statement(session, "echo a; (exit 3)").done.pipestatus == (3,)
        assert run_statement(session, "read").text == "my read\n"


def test_functions_named_like_builtins_do_no_harm_in_fish(tmp_path: Path) -> None:
    """This includes `source` in fish."""
    names = ("echo", "printf", "cd", "source", "true", "jobs", "kill", "fish_title")
    with open_session("fish", tmp_path) as session:
        for name in names:
            run_statement(session, f"function {name}; command echo my {name}; end")
        assert run_statement(session, "echo a; command sh -c 'exit 3'").done.pipestatus == (3,)
        assert run_statement(session, "source").text == "my source\n"


@pytest.mark.parametrize("shell", POSIX)
def test_a_permanent_redirection_hides_no_status(shell: str, tmp_path: Path) -> None:
    """After `exec >/dev/null` no output is seen, but every status is, until it is undone."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "exec >/dev/null 2>&1")
        ran = run_statement(session, "echo unseen; (exit 3)")
        assert (ran.text, ran.status) == ("", 3)
        run_statement(session, "exec >/dev/tty 2>&1")
        assert run_statement(session, "echo seen").text == "seen\n"


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_noexec_does_not_stall_the_session(shell: str, tmp_path: Path) -> None:
    """An interactive shell ignores `set -n`, here as at a prompt."""
    with open_session(shell, tmp_path) as session:
        assert run_statements(session, ["set -n", "echo on"])[1] == "on\n"


@pytest.mark.parametrize("shell", POSIX)
def test_text_that_does_not_parse_is_an_error_of_its_statement(shell: str, tmp_path: Path) -> None:
    """A syntax error that was not found beforehand ends the statement, not the shell."""
    with open_session(shell, tmp_path) as session:
        for code in ("if", "echo $(", "echo 'a", "}", "fi", "(", "cat <<E\nx"):
            done = run_statement(session, code).done
            assert (done.ended, done.status != 0 or "<<" in code) == ("", True), code
        assert run_statement(session, "echo on").text == "on\n"


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_an_error_of_a_special_builtin_does_not_end_the_shell(shell: str, tmp_path: Path) -> None:
    """Assigning a readonly variable, or requiring an unset one, fails only the statement."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "readonly v=1")
        for code in ("v=2; echo no", "echo ${nope:?gone}; echo no"):
            ran = run_statement(session, code)
            assert ran.status != 0
            assert "no\n" not in ran.text
        assert run_statement(session, "echo on").text == "on\n"


# many statements and large ones ----------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_five_hundred_statements_run_in_a_row(shell: str, tmp_path: Path) -> None:
    """Each statement sees the variables of the one before."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "set n 0" if shell == "fish" else "n=0")
        step = "set n (math $n + 1)" if shell == "fish" else "n=$((n + 1))"
        for _ in range(500):
            assert run_statement(session, step).status == 0
        assert run_statement(session, "echo $n").text == "500\n"


def test_thousands_of_statements_overflow_no_stack_in_fish(tmp_path: Path) -> None:
    """fish sources the driver again, one level deeper, each time it reaches the driver's end."""
    with open_session("fish", tmp_path) as session:
        for number in range(3000):
            assert run_statement(session, f"set -l v {number}").status == 0
        assert run_statement(session, "echo $v").text == "2999\n"


def test_fish_that_exits_thousands_of_times_ends_with_a_report(tmp_path: Path) -> None:
    """`exit` sixty times in a row does no harm; thousands of them end the shell without a hang."""
    with open_session("fish", tmp_path) as session:
        assert [run_statement(session, "exit 3").done.ended for _ in range(60)] == [""] * 60
        assert run_statement(session, "echo $status").text == "3\n"
        ended = ""
        for _ in range(5000):
            ended = run_statement(session, "exit 3").done.ended
            if ended:
                break
        assert ended == "the shell ended with status 3"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_statement_of_a_megabyte_runs(shell: str, tmp_path: Path) -> None:
    """It is much larger than the channel's capacity, or the limit of a program's arguments."""
    lines = "\n".join(f"true '{number:06} \\\\ {'x' * 80}'" for number in range(11_000))
    with open_session(shell, tmp_path) as session:
        assert run_statement(session, f"{lines}\necho end").text == "end\n"
        assert run_statement(session, "echo next").text == "next\n"


# timeouts --------------------------------------------------------------------------------------------------

STUBBORN = {
    "ignores ^C": ("sh -c 'trap \"\" INT; sleep 30; sleep 30'", 143),
    "ignores ^C and SIGTERM": ("sh -c 'trap \"\" INT TERM; sleep 30; sleep 30'", 137),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("how", STUBBORN)
def test_a_stubborn_program_is_ended_after_its_timeout(
    shell: str, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that survives an interrupt is terminated, and then killed; the shell survives."""
    monkeypatch.setattr("runbook_exec.session.termination._PATIENCE", 0.3)
    code, status = STUBBORN[how]
    with open_session(shell, tmp_path) as session:
        done = run_statement(session, code, timeout=0.3).done
        assert (done.timed_out, done.status, done.ended) == (True, status, "")
        assert run_statement(session, "echo on").text == "on\n"


BUSY = {
    "a loop of builtins": ("while true; end", "while :; do :; done"),
    "a loop of programs": ("while true; sleep 0.05; end", "while :; do sleep 0.05; done"),
    "a program in a list": ("sleep 30; echo after", "sleep 30; echo after"),
    "a pipeline": ("sleep 30 | cat", "sleep 30 | cat"),
    "a command substitution": ("echo (sleep 30)", "echo $(sleep 30)"),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("what", BUSY)
def test_a_busy_shell_is_interrupted_after_its_timeout(shell: str, what: str, tmp_path: Path) -> None:
    """It ends as with ^C, nothing after it runs, and variables are kept."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "set v kept" if shell == "fish" else "v=kept")
        ran = run_statement(session, BUSY[what][shell != "fish"], timeout=0.3)
        assert (ran.done.timed_out, ran.status, ran.done.ended) == (True, 130, "")
        assert "after" not in ran.text
        assert run_statement(session, "echo $v").text == "kept\n"


@pytest.mark.parametrize("shell", POSIX)
def test_a_read_without_an_answer_is_timed_out(shell: str, tmp_path: Path) -> None:
    """A builtin that waits for the keyboard is interrupted, not the shell."""
    with open_session(shell, tmp_path) as session:
        assert run_statement(session, "read -r answer; echo after", timeout=0.3).status == 130
        assert run_statement(session, "echo on").text == "on\n"


def test_a_timeout_is_reported(tmp_path: Path) -> None:
    """The journal and the summary report the timeout, and the run fails."""
    events = program(tmp_path, "fish", "sleep 30", more=["--timeout", "0.3s"])
    finished = [event for event in events if event["event"] == "statement_finished"]
    assert "0.3 s" in finished[0]["problem"]
    assert events[-1]["outcome"] == "failed"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_session_can_be_left_in_the_middle_of_a_statement(shell: str, tmp_path: Path) -> None:
    """An exception while a program prints soon ends the shell and the program."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "true")
        for item in session.run(b"sh -c 'echo $$; sleep 1000; true'"):
            if isinstance(item, OutputChunk):
                pid = int(item.data)
                break
    until = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.01)
    assert time.monotonic() < until


@pytest.mark.parametrize(
    ("shell", "lines"),
    [*((shell, 1500) for shell in ("fish", "bash", "zsh", "sh")), ("sh", 12_000), ("bash", 12_000)],
)
def test_an_interrupt_at_any_moment_affects_one_statement(shell: str, lines: int, tmp_path: Path) -> None:
    """No part of a long statement runs as a command, and the next statement runs completely."""
    script = REPOSITORY / "tests" / "support" / "interrupting.py"
    command = [sys.executable, str(script), shell, str(lines), "10"]
    environ = home_environment(tmp_path) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run(
        command, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False
    )
    assert (said.stdout, said.stderr) == ("0 wrong after some interrupts\n", "")
