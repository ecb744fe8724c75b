"""Runs that are ordered on a host, with both Temporal servers: what is answered, killed and lost."""

from __future__ import annotations

import shutil
import signal

import pytest

from runbook_exec.engine.events import Answered, StatementFinished
from runbook_exec.journal.journal import read_journal
from tests.support.program import fish_page
from tests.support.team import Team, kill_leg, wait_until


@pytest.fixture
def team(either_team: Team) -> Team:
    """Hosts of which all is true with the test server and with a real one."""
    return either_team


def make_page(first: str, second: str) -> str:
    """Return a page of two steps; a person confirms the second."""
    return (
        f"# Page\n\n## Steps\n\n### One\n\n```fish\n{first}\n```\n\n### Two\n\n"
        f'<!-- runbook: confirm="Go on?" -->\n```fish\n{second}\n```\n'
    )


ASKING = make_page("echo one >>log", "echo two >>log")

# the second statement goes on until the test lets it
WAITING = "echo begun >>log; while not test -e go; sleep 0.05; end; echo two >>log"

GATED = fish_page("echo one >>log", WAITING, "echo three >>log")


def test_a_run_is_ordered_answered_and_done(team: Team) -> None:
    """A wrong answer changes nothing, a right one is in the journal with its name, and an id is used once."""
    team.program.write("page.md", ASKING)
    worker = team.start_worker()
    run = team.submit()
    shown = team.wait_for_question(run, "2.1  asks: Go on?")
    assert f"      echo two >>log\n  runbook-exec answer {run} run   (or skip, quit)\n" in shown
    wrong = team.run("answer", run, "again")
    assert (wrong.status, wrong.stdout) == (2, "")
    assert "expected one of `run`, `skip`, `quit`, got `again`" in wrong.stderr
    assert team.read_effects() == ["one"]
    assert team.run("answer", run, "run", "--by", "bob").status == 0
    team.wait_for_end(run)
    assert team.read_effects() == ["one", "two"]
    (answered,) = (
        e for e in team.program.read_events() if isinstance(e, Answered) and e.question == "confirm"
    )
    assert answered.by.startswith("bob via ")
    again = team.run("submit", "page.md", "--on", "indri", "--id", run)
    assert again.status == 2
    assert f"run `{run}` was ordered already" in again.stderr
    worker.send_signal(signal.SIGTERM)
    assert worker.wait() == 0


def test_an_untrusted_page_is_refused(team: Team) -> None:
    """The submitter reads why the host refused, and nothing ran."""
    team.program.write("page.md", ASKING)
    team.start_worker(env={"RUNBOOK_EXEC_TRUSTED": ""})
    done = team.run("submit", "page.md", "--on", "indri", "--wait")
    assert done.status == 2
    assert "page.md: its commands are not trusted on this machine yet; nothing was run" in done.stderr
    assert not team.log.exists()
    assert not any(team.program.runs.glob("*"))


def test_the_end_of_a_worker_ends_no_statement(team: Team) -> None:
    """Killed or told to end in a statement, a worker is followed by another, and nothing is in doubt."""
    team.program.write("page.md", GATED)
    first = team.start_worker()
    run = team.submit()
    team.wait_for_effect("begun")
    first.kill()
    first.wait()
    second = team.start_worker()
    log = team.program.folder / "worker-1.log"
    wait_until(lambda: f"run {run}: leg" in log.read_text(), "the second worker takes over")
    second.send_signal(signal.SIGTERM)
    assert second.wait() == 0
    team.start_worker()
    team.program.write("go", "")
    team.wait_for_end(run)
    assert team.read_effects() == ["one", "begun", "two", "three"]
    assert not any(e.doubt for e in team.program.read_events() if isinstance(e, StatementFinished))


def test_a_killed_statement_is_in_doubt(team: Team) -> None:
    """After the death of worker, leg and shell, a person says whether the statement happened."""
    team.program.write("page.md", GATED)
    worker = team.start_worker()
    run = team.submit()
    team.wait_for_effect("begun")
    worker.kill()
    worker.wait()
    kill_leg(team.program.runs.parent / "legs" / f"{run}.lock")
    team.start_worker()
    team.wait_for_question(run, "1.3  doubt")
    assert team.read_effects() == ["one", "begun"]
    assert team.run("answer", run, "done").status == 0
    team.wait_for_end(run)
    assert team.read_effects() == ["one", "begun", "two", "three"]


def test_a_frozen_worker_is_replaced(team: Team) -> None:
    """A second worker on the host takes over, and the first does nothing when it wakes."""
    team.program.write("page.md", GATED)
    frozen = team.start_worker("--host", "indri", "--pages", str(team.program.work))
    run = team.submit()
    control = team.start_worker("--control")
    team.wait_for_effect("begun")
    frozen.send_signal(signal.SIGSTOP)
    team.start_worker("--host", "indri", "--pages", str(team.program.work))
    second = team.program.folder / "worker-2.log"
    wait_until(lambda: f"run {run}: leg" in second.read_text(), "the second worker attaches")
    frozen.send_signal(signal.SIGCONT)
    team.program.write("go", "")
    team.wait_for_end(run)
    assert team.read_effects() == ["one", "begun", "two", "three"]
    assert frozen.poll() is None
    assert control.poll() is None


def test_a_cancelled_run_stops(team: Team) -> None:
    """Its statement gets ^C, its journal ends as stopped, and so does that of a run that waits."""
    team.program.write("page.md", GATED)
    team.start_worker()
    run = team.submit()
    team.wait_for_effect("begun")
    assert team.run("cancel", run).status == 0
    team.wait_for_end(run)
    assert team.read_effects() == ["one", "begun"]
    assert "stopped" in team.run("runs").stdout
    team.program.write("page.md", ASKING)
    run = team.submit()
    team.wait_for_question(run, "2.1  asks")
    assert team.run("cancel", run).status == 0
    team.wait_for_end(run)
    assert team.run("runs").stdout.count("stopped") == 2


def test_two_machines_with_one_name_are_told_apart(team: Team) -> None:
    """A run stays with the machine that has its journal, whichever asks for the next leg."""
    team.program.write("page.md", ASKING)
    team.start_worker("--control")
    right = team.start_worker("--host", "indri", "--pages", str(team.program.work))
    run = team.submit()
    team.wait_for_question(run, "2.1  asks")
    right.kill()
    right.wait()
    wrong = team.start_worker("--host", "indri", "--pages", str(team.program.work), home="other")
    assert team.run("answer", run, "run").status == 0
    told = team.program.folder / "worker-2.log"
    wait_until(lambda: "another machine with the name indri" in told.read_text(), "the wrong one refuses")
    assert team.read_effects() == ["one"]
    wrong.kill()
    wrong.wait()
    team.start_worker("--host", "indri", "--pages", str(team.program.work))
    team.wait_for_end(run)
    assert team.read_effects() == ["one", "two"]


@pytest.mark.parametrize("choice", ["again", "quit"])
def test_a_lost_journal_is_asked_about(team: Team, choice: str) -> None:
    """A host that was installed anew begins nothing by itself."""
    team.program.write("page.md", ASKING)
    team.start_worker()
    run = team.submit()
    team.wait_for_question(run, "2.1  asks")
    shutil.rmtree(team.program.runs)
    assert team.run("answer", run, "run").status == 0
    shown = team.wait_for_question(run, "6  lost: the journal on indri is gone")
    assert f"runbook-exec answer {run} again   (or quit)" in shown
    assert team.read_effects() == ["one"]
    assert team.run("answer", run, choice).status == 0
    if choice == "again":
        team.wait_for_question(run, "2.1  asks")
    else:
        team.wait_for_end(run)
    assert team.read_effects() == ["one"] * (2 if choice == "again" else 1)


def test_a_held_run_keeps_its_shell(team: Team) -> None:
    """With `--hold` an answer reaches the shell that asked, with its variables."""
    team.program.write("page.md", make_page("set x kept", "echo $x >>log"))
    team.start_worker()
    run = team.submit("--hold", "10m")
    team.wait_for_question(run, "2.1  asks")
    assert team.run("answer", run, "run").status == 0
    team.wait_for_end(run)
    assert team.read_effects() == ["kept"]
    events = list(read_journal(team.program.journal_path()))
    assert sum(event.event == "run_started" for event in events) == 1


def test_a_host_that_is_away_is_asked_about(team: Team) -> None:
    """After `--patience` a person decides whether to wait, and no other host runs the page."""
    team.program.write("page.md", ASKING)
    team.start_worker("--control")
    run = team.submit("--patience", "1s")
    shown = team.wait_for_question(run, "0  away: host indri was away for 1 s")
    assert f"runbook-exec answer {run} again   (or quit)" in shown
    team.start_worker()
    assert team.run("answer", run, "again").status == 0
    team.wait_for_question(run, "2.1  asks")


def test_a_waiting_run_gets_another_text(team: Team) -> None:
    """The host shows the change and asks first; a text that is skipped changes nothing, another one runs."""
    broken = fish_page("echo one >>log", "sh -c 'echo two >>log; false'", "echo three >>log")
    team.program.write("page.md", broken)
    team.start_worker()
    run = team.submit()
    team.wait_for_question(run, "1.2  failed")
    same = team.run("submit", "page.md", "--amend", run)
    assert (same.status, "its text is that which run" in same.stderr) == (2, True)
    team.program.write("page.md", broken.replace("two", "wrong"))
    sent = team.run("submit", "page.md", "--amend", run)
    assert "    -sh -c 'echo two >>log; false'\n    +sh -c 'echo wrong >>log; false'\n" in sent.stdout, (
        sent.output
    )
    team.wait_for_question(run, "-  changed")
    team.program.write("page.md", broken.replace("two", "other"))
    early = team.run("submit", "page.md", "--amend", run)
    assert (early.status, "asks `changed:-:1-" in early.stderr) == (2, True)
    assert team.run("answer", run, "skip").status == 0
    team.wait_for_question(run, "1.2  failed")
    team.program.write("page.md", broken.replace("; false", ""))
    assert team.run("submit", "page.md", "--amend", run).status == 0
    shown = team.wait_for_question(run, "-  changed")
    assert "      -sh -c 'echo two >>log; false'\n      +sh -c 'echo two >>log'\n" in shown
    assert f"runbook-exec answer {run} run   (or skip)" in shown
    assert team.run("answer", run, "run").status == 0
    team.wait_for_question(run, "1.2  failed")
    assert team.read_effects() == ["one", "two"]
    assert team.run("answer", run, "retry").status == 0
    team.wait_for_end(run)
    assert team.read_effects() == ["one", "two", "two", "three"]
    assert "succeeded" in team.run("runs").stdout
