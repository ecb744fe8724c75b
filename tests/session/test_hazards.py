"""Whatever a statement does to its shell, its end is told, truly, and the session lives on where it can."""

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
    """The events of a whole run of the program, nobody at the terminal."""
    page = folder / "page.md"
    page.write_text("# Page\n\n" + "".join(f"```{shell}\n{text}\n```\n\n" for text in statements))
    words = [sys.executable, "-m", "runbook_exec", str(page), "--yes", "--no-config", "--json", *more]
    environ = home_environment(folder) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(words, env=environ, cwd=folder, capture_output=True, timeout=60, check=False)
    return [json.loads(line) for line in ran.stdout.splitlines()]


# endings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_is_sent_twice(shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that comes just when the shell has been sent a statement does not make it run again."""
    with open_session(shell, tmp_path) as session:
        sent: list[int] = []
        write = os.write

        def signalled(fd: int, data: bytes) -> int:
            size = write(fd, data)
            if fd == session._link.control and not sent:
                sent.append(size)
                signal.raise_signal(signal.SIGINT)  # to this thread, as the program has no other
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
def test_fish_lives_on_after_what_would_leave_a_script(code: str, status: int, tmp_path: Path) -> None:
    """`exit`, `return` and a bare `break` are reported with their status, and variables are kept."""
    with open_session("fish", tmp_path) as session:
        run_statement(session, "set -g v kept")
        assert run_statement(session, code).status == status
        assert run_statement(session, "echo $v").text == "kept\n"


@pytest.mark.parametrize("shell", POSIX)
def test_exit_ends_the_shell_and_is_said(shell: str, tmp_path: Path) -> None:
    """`exit 3` ends bash, zsh and sh; every later statement says so and does not hang."""
    with open_session(shell, tmp_path) as session:
        done = run_statement(session, "exit 3").done
        assert (done.status, done.ended) == (3, "the shell ended with status 3")
        assert run_statement(session, "echo x").done.ended == "the shell ended with status 3"


def test_a_run_stops_where_the_shell_ended(tmp_path: Path) -> None:
    """The program reports the statement that ended the shell as the failure, and runs nothing after it."""
    events = program(tmp_path, "bash", "echo a", "exit 0", "echo never")
    finished = [event for event in events if event["event"] == "statement_finished"]
    assert [event["problem"] for event in finished] == ["", "the shell ended with status 0"]
    assert events[-1]["outcome"] == "failed"


@pytest.mark.parametrize(("shell", "status"), [("bash", 2), ("zsh", 4)])
def test_return_outside_a_function_is_reported(shell: str, status: int, tmp_path: Path) -> None:
    """bash refuses it, zsh takes it; both go on."""
    with open_session(shell, tmp_path) as session:
        assert run_statement(session, "return 4").status == status
        assert run_statement(session, "echo $?").text == f"{status}\n"


@pytest.mark.parametrize("shell", POSIX)
def test_a_bare_break_does_no_harm(shell: str, tmp_path: Path) -> None:
    """A `break` without a loop ends nothing of ours."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "break")
        assert run_statement(session, "echo on").text == "on\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_killed_shell_is_noticed_though_a_job_holds_the_terminal(shell: str, tmp_path: Path) -> None:
    """`kill -9` of the shell is its end, whoever still has the terminal open."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "sleep 1000 &")
        began = time.monotonic()
        done = run_statement(session, f"echo last; kill -9 {ITSELF[shell]}").done
        assert (done.status, done.ended) == (137, "the shell was killed by SIGKILL")
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_that_becomes_another_program_has_ended(shell: str, tmp_path: Path) -> None:
    """`exec true` ends with that program; what it printed before is told."""
    with open_session(shell, tmp_path) as session:
        ran = run_statement(session, "exec echo instead")
        assert (ran.text, ran.status) == ("instead\n", 0)
        assert ran.done.ended == "the shell ended with status 0"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_that_becomes_a_program_that_waits_can_be_timed_out(shell: str, tmp_path: Path) -> None:
    """`exec cat` reads the terminal for ever; the time-out ends it."""
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
def test_no_output_is_lost_or_told_late(shell: str, tmp_path: Path) -> None:
    """All that a statement printed comes before its end, a hundred times over."""
    with open_session(shell, tmp_path) as session:
        for number in range(100):
            code = f"printf '%s\\n' {number} x{number}"
            assert run_statement(session, code).text == f"{number}\nx{number}\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_text_that_looks_like_a_report_ends_nothing(
    shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither on the terminal nor on the channel itself can a statement tell of its own end."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
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
def test_what_a_background_job_prints_later_belongs_to_what_runs_then(shell: str, tmp_path: Path) -> None:
    """A statement that starts a job ends at once; the job's output comes when it comes."""
    with open_session(shell, tmp_path) as session:
        assert "late" not in run_statement(session, "sh -c 'sleep 0.3; echo late' &").text
        assert run_statement(session, "echo now").text == "now\n"
        assert "late\n" in run_statement(session, "sleep 0.6").text


@pytest.mark.parametrize("shell", SHELLS)
def test_a_background_job_that_never_stops_printing_holds_nothing_up(shell: str, tmp_path: Path) -> None:
    """Statements end when they end, though there is always something more to read."""
    with open_session(shell, tmp_path) as session:
        assert run_statement(session, "yes &").status == 0
        assert run_statement(session, "sleep 0.1; sh -c 'exit 3'").status == 3
        assert run_statement(session, f"kill {'$last_pid' if shell == 'fish' else '$!'}").status == 0


@pytest.mark.parametrize("shell", SHELLS)
def test_nor_does_it_where_a_person_looks_on(shell: str, tmp_path: Path) -> None:
    """What the terminal holds of its output when the next statement begins waits for nobody."""
    with TerminalOperator() as operator, open_session(shell, tmp_path, keyboard=operator.keyboard) as session:
        assert run_statement(session, "yes &").status == 0
        time.sleep(0.1)  # the terminal is full, and nobody reads
        assert run_statement(session, "sh -c 'exit 3'").status == 3
        assert run_statement(session, f"kill {'$last_pid' if shell == 'fish' else '$!'}").status == 0


def test_much_output_takes_little_memory(tmp_path: Path) -> None:
    """A run that prints 200 MB needs no more memory than one that prints a line, but for a few MB."""
    small, large = (
        peak(tmp_path / name, f"yes {'x' * 98} | head -c {size}")
        for name, size in (("small", 100), ("large", 200_000_000))
    )
    assert large - small < 40 << 10, f"{small} KiB, then {large} KiB"


def peak(folder: Path, statement: str) -> int:
    """KiB that a whole run of the program needed at most, as told by a small process that waited for it."""
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


# what would break a driver ---------------------------------------------------------------------------------

REDEFINED = ("echo", "read", "printf", "cd", "test", "true", "jobs", "kill", "sleep")


@pytest.mark.parametrize("shell", POSIX)
def test_functions_named_like_builtins_do_no_harm(shell: str, tmp_path: Path) -> None:
    """The driver calls builtins as builtins, and the document calls what it has defined."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "; ".join(f"{name}() {{ /bin/echo my {name}; }}" for name in REDEFINED))
        assert run_statement(session, "echo a; (exit 3)").done.pipestatus == (3,)
        assert run_statement(session, "read").text == "my read\n"


def test_functions_named_like_builtins_do_no_harm_in_fish(tmp_path: Path) -> None:
    """In fish too, `source` and `return` among them."""
    names = ("echo", "printf", "cd", "source", "true", "jobs", "kill", "fish_title")
    with open_session("fish", tmp_path) as session:
        for name in names:
            run_statement(session, f"function {name}; command echo my {name}; end")
        assert run_statement(session, "echo a; command sh -c 'exit 3'").done.pipestatus == (3,)
        assert run_statement(session, "source").text == "my source\n"


@pytest.mark.parametrize("shell", POSIX)
def test_output_sent_elsewhere_for_good_hides_no_ending(shell: str, tmp_path: Path) -> None:
    """After `exec >/dev/null` nothing is seen, but every status is, until it is taken back."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "exec >/dev/null 2>&1")
        ran = run_statement(session, "echo unseen; (exit 3)")
        assert (ran.text, ran.status) == ("", 3)
        run_statement(session, "exec >/dev/tty 2>&1")
        assert run_statement(session, "echo seen").text == "seen\n"


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_noexec_does_not_stall_the_session(shell: str, tmp_path: Path) -> None:
    """`set -n` is not taken by an interactive shell, at a prompt or here."""
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
def test_an_error_of_a_special_builtin_spares_the_shell(shell: str, tmp_path: Path) -> None:
    """A readonly variable assigned, a parameter that must be set: the statement fails alone."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "readonly v=1")
        for code in ("v=2; echo no", "echo ${nope:?gone}; echo no"):
            ran = run_statement(session, code)
            assert ran.status != 0
            assert "no\n" not in ran.text
        assert run_statement(session, "echo on").text == "on\n"


# many and large --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_five_hundred_statements_in_a_row(shell: str, tmp_path: Path) -> None:
    """Each finds what the one before left."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "set n 0" if shell == "fish" else "n=0")
        step = "set n (math $n + 1)" if shell == "fish" else "n=$((n + 1))"
        for _ in range(500):
            assert run_statement(session, step).status == 0
        assert run_statement(session, "echo $n").text == "500\n"


def test_thousands_of_statements_overflow_nothing_in_fish(tmp_path: Path) -> None:
    """The text that drives fish is read again, a level deeper, whenever it is used up."""
    with open_session("fish", tmp_path) as session:
        for number in range(3000):
            assert run_statement(session, f"set -l v {number}").status == 0
        assert run_statement(session, "echo $v").text == "2999\n"


def test_leaving_fish_again_and_again_comes_to_an_end_that_is_said(tmp_path: Path) -> None:
    """`exit` sixty times in a row is fine, and thousands of them end the shell rather than hang."""
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
def test_a_statement_of_a_megabyte(shell: str, tmp_path: Path) -> None:
    """Far more than fits in the channel at once, or in the arguments of a program."""
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
def test_a_stubborn_program_is_ended_after_its_time(
    shell: str, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not end when interrupted is terminated, and then killed; the shell lives on."""
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
def test_a_busy_shell_is_interrupted_after_its_time(shell: str, what: str, tmp_path: Path) -> None:
    """Whatever keeps the shell, it ends as with ^C, nothing after it runs, and variables are kept."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "set v kept" if shell == "fish" else "v=kept")
        ran = run_statement(session, BUSY[what][shell != "fish"], timeout=0.3)
        assert (ran.done.timed_out, ran.status, ran.done.ended) == (True, 130, "")
        assert "after" not in ran.text
        assert run_statement(session, "echo $v").text == "kept\n"


@pytest.mark.parametrize("shell", POSIX)
def test_a_read_that_nobody_answers_is_timed_out(shell: str, tmp_path: Path) -> None:
    """A builtin that waits for the keyboard is interrupted, not the shell."""
    with open_session(shell, tmp_path) as session:
        assert run_statement(session, "read -r answer; echo after", timeout=0.3).status == 130
        assert run_statement(session, "echo on").text == "on\n"


def test_a_time_out_is_told_by_the_program(tmp_path: Path) -> None:
    """The journal and the summary say that time ran out, and the run fails."""
    events = program(tmp_path, "fish", "sleep 30", more=["--timeout", "0.3s"])
    finished = [event for event in events if event["event"] == "statement_finished"]
    assert "0.3 s" in finished[0]["problem"]
    assert events[-1]["outcome"] == "failed"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_session_can_be_left_in_the_middle_of_a_statement(shell: str, tmp_path: Path) -> None:
    """An exception while a program prints ends the shell and the program, soon."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "true")
        for item in session.run(b"sh -c 'echo $$; sleep 1000; true'"):
            if isinstance(item, OutputChunk):
                pid = int(item.data)
                break
    until = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.01)
    assert time.monotonic() < until


@pytest.mark.parametrize(
    ("shell", "lines"),
    [*((shell, 1500) for shell in ("fish", "bash", "zsh", "sh")), ("sh", 12_000), ("bash", 12_000)],
)
def test_an_interrupt_at_any_moment_is_for_one_statement(shell: str, lines: int, tmp_path: Path) -> None:
    """Nothing of a long statement is run as if it were commands, and what is run after it is whole."""
    script = REPOSITORY / "tests" / "support" / "interrupting.py"
    command = [sys.executable, str(script), shell, str(lines), "10"]
    environ = home_environment(tmp_path) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run(
        command, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False
    )
    assert (said.stdout, said.stderr) == ("0 wrong after some interrupts\n", "")
