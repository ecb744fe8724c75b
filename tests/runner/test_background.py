"""Statements that go on in the background: their shell, their output, their end with the run."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from runbook_exec.engine.attempts.background_events import BackgroundEnded, BackgroundOutput
from runbook_exec.engine.events import Output, StatementFinished
from tests.support.program import Program
from tests.support.shells import SHELLS

_PATIENCE = 30.0  # seconds

TICKS = "sh -c 'echo $$ >pid; echo up; while sleep 0.05; do echo tick; done'"


def page(serve: str, use: str, says: str = 'background until="up"', shell: str = "bash") -> str:
    """Return a page whose first step has the annotation, and whose second step comes after it."""
    first = f"<!-- runbook: {says} -->\n```{shell}\n{serve}\n```"
    return "\n\n".join(
        ("# Page", "## Procedure", "### 1. Serve", first, "### 2. Use", f"```{shell}\n{use}\n```\n")
    )


def wait_for_file(path: Path) -> str:
    """Wait until a file has text, and return it."""
    until = time.monotonic() + _PATIENCE
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < until, path
        time.sleep(0.02)
    return path.read_text()


def is_running(pid: int) -> bool:
    """Return whether a process runs, and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for_death(pid: int) -> None:
    """Wait until a process is gone."""
    until = time.monotonic() + _PATIENCE
    while is_running(pid):
        assert time.monotonic() < until, pid
        time.sleep(0.02)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_background_statement_sees_the_shell_and_prints_apart(program: Program, shell: str) -> None:
    """It has the variables and the folder of the run's shell; what it prints is in the journal alone."""
    (program.work / "sub").mkdir()
    sets = "set word hello" if shell == "fish" else "word=hello"
    serve = f"cd sub\n{sets}\nsh -c 'echo $$ >pid; echo up $0; sleep 0.3; echo later; sleep 60' $word"
    use = "sleep 0.6; echo used $word >used\nls"
    program.write("page.md", page(serve, use, shell=shell))
    done = program.run("page.md", "--yes")
    assert done.status == 0, done.output
    assert (program.work / "sub" / "used").read_text() == "used hello\n"
    events = program.read_events()
    (left,) = [each for each in events if isinstance(each, StatementFinished) and each.background]
    assert (left.status, left.problem) == (0, "")
    before = "".join(each.text for each in events if isinstance(each, Output) and each.step == 1)
    assert before.split() == ["up", "hello"]
    behind = "".join(each.text for each in events if isinstance(each, BackgroundOutput))
    assert behind.split() == ["later"]
    after = "".join(each.text for each in events if isinstance(each, Output) and each.step == 2)
    assert after.split() == ["pid", "used"]
    (ended,) = [each for each in events if isinstance(each, BackgroundEnded)]
    assert (ended.with_run, ended.problem) == (True, "")
    assert not is_running(int((program.work / "sub" / "pid").read_text()))
    assert "it printed last:\n       later" in done.stdout


def test_without_a_person_an_endless_statement_is_refused_before_anything_runs(program: Program) -> None:
    """The message names the command and its line; the last statement of a page may run for ever."""
    text = "# Page\n\n## Procedure\n\n```bash\ntouch made\ntail -f page.md\ntouch after\n```\n"
    done = program.run_page(text, "--yes")
    assert (done.status, done.stdout) == (2, "")
    assert "page.md:7: `tail -f` runs until it is ended, so nothing after it runs" in done.stderr
    assert "<!-- runbook: background -->" in done.stderr
    assert not (program.work / "made").exists()
    assert not list(program.runs.glob("*.jsonl"))
    limited = text.replace("```bash", "<!-- runbook: timeout=300ms allow-failure -->\n```bash")
    assert program.run_page(limited, "--yes", "--dry-run").status == 0


def test_a_statement_that_does_not_become_ready_is_ended(program: Program) -> None:
    """Its time is over before it has printed the text: it fails, and nothing of it is left."""
    done = program.run_page(page(TICKS, "touch used", 'background until="ready" timeout=500ms'), "--yes")
    assert (done.status, "output did not contain `ready` within 0.5 s, and was ended" in done.stdout) == (
        1,
        True,
    )
    assert not (program.work / "used").exists()
    assert not is_running(int((program.work / "pid").read_text()))


def test_a_statement_that_fails_at_once_fails(program: Program) -> None:
    """Its status and output are those of any other statement."""
    done = program.run_page(page("sh -c 'echo no port; exit 4'", "touch used", "background"), "--yes")
    assert (done.status, "exited 4" in done.stdout, "no port" in done.stdout) == (1, True, True)
    assert not (program.work / "used").exists()


def test_a_statement_that_fails_later_stops_the_run_before_the_next(program: Program) -> None:
    """The failure is that of its line, and what comes after does not run."""
    serve = "sh -c 'echo up; until test -e used; do sleep 0.05; done; echo broken; exit 3'"
    use = "touch used; sleep 1\ntouch too-far"
    done = program.run_page(
        page(serve, f"{{ {use.partition(chr(10))[0]}; }}\n{use.rpartition(chr(10))[2]}"), "--yes"
    )
    assert (done.status, "exited 3 in the background" in done.stdout) == (1, True), done.output
    assert (program.work / "used").exists()
    assert not (program.work / "too-far").exists()


def test_a_statement_that_ignores_sigterm_is_killed(program: Program) -> None:
    """The run ends, and so does the program."""
    serve = """sh -c 'trap "" TERM HUP INT; echo $$ >pid; echo up; while :; do sleep 0.1; done'"""
    done = program.run_page(page(serve, "true"), "--yes")
    assert done.status == 0, done.output
    assert not is_running(int((program.work / "pid").read_text()))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_the_program_ends_what_is_in_the_background(
    program: Program, number: signal.Signals
) -> None:
    """No orphan is left, not even after SIGKILL."""
    program.write("page.md", page(TICKS, "sh -c 'touch used; sleep 60'"))
    process = program.start("page.md", "--yes", "--no-input")
    wait_for_file(program.work / "pid")
    until = time.monotonic() + _PATIENCE
    while not (program.work / "used").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    os.kill(process.pid, number)
    process.wait()
    wait_for_death(int((program.work / "pid").read_text()))


def test_a_resumed_run_starts_it_again(program: Program) -> None:
    """It was ended with the run, and what comes next needs it."""
    ends = 'trap "rm alive; exit" TERM'
    serve = f"sh -c 'echo x >>starts; touch alive; {ends}; echo up; while :; do sleep 0.05; done'"
    program.write("page.md", page(serve, "test -e alive && test -e fixed"))
    assert program.run("page.md", "--yes").status == 1
    assert not (program.work / "alive").exists()
    (program.work / "fixed").touch()
    done = program.run("resume", "--yes", "--no-input")
    assert done.status == 0, done.output
    assert (program.work / "starts").read_text().count("x") == 2


def test_its_output_is_masked(program: Program) -> None:
    """A secret that it prints is in no event and on no screen."""
    serve = "sh -c 'echo up; sleep 0.2; echo the token is <api-token>, here; sleep 60'"
    program.write("page.md", page(serve, "sleep 0.8"))
    done = program.run("page.md", "--yes", "--set", "api-token=correct-horse-9")
    assert done.status == 0, done.output
    assert "the token is" in done.stdout
    assert b"correct-horse-9" not in program.read_all_files() + done.output.encode()


def test_show_and_dry_run_and_trust_know_it(program: Program) -> None:
    """They say that it goes on in the background, and that is part of what is trusted."""
    text = page("tail -f page.md", "true", 'background until="Page"')
    program.write("page.md", text)
    assert "tail -f page.md  (in the background)" in program.run("show", "page.md").stdout
    assert "in the background: once it has printed `Page`" in program.run("page.md", "--dry-run").stdout
    nowhere = {"RUNBOOK_EXEC_TRUSTED": None}
    assert "in the background" in program.run("trust", "page.md", "--yes", env=nowhere).output
    program.write("page.md", text.replace(" until", " retry=1 until"))
    assert program.run("page.md", "--yes", env=nowhere).status == 3
    program.write("page.md", page("tail -f page.md", "true", "timeout=9s"))
    assert "warning: `tail -f` runs until it is ended" in program.run("show", "page.md").stdout


def test_on_another_host_nothing_goes_to_the_background(program: Program) -> None:
    """Without a person the page is refused before a connection is made."""
    done = program.run_page(page("tail -f page.md", "true", "background host=web1"), "--yes")
    assert (done.status, done.stdout) == (2, "")
    assert "page.md:9: `background` works only on this machine, and in the page's own shell" in done.stderr


def test_in_another_shell_nothing_goes_to_the_background(program: Program) -> None:
    """Without a person the page is refused before that shell is opened."""
    text = "# P\n\n## Steps\n\n```bash\nbash\n```\n\n<!-- runbook: background -->\n```bash\nsleep 9\n```\n"
    done = program.run_page(text + "\n```bash\nexit\n```\n", "--yes")
    assert (done.status, done.stdout) == (2, ""), done.output
    assert "page.md:11: `background` works only on this machine, and in the page's own shell" in done.stderr
