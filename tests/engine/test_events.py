"""The journal of a run: its content and order, and reading a damaged one."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import stat
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import pytest

from runbook_exec.diagnostics.problem import Problem
from runbook_exec.document.parser import parse_runbook
from runbook_exec.engine.events import KINDS, Event, RunEnded, StatementFinished
from runbook_exec.engine.state import State, apply, carry_over, next_item
from runbook_exec.journal.event_lines import from_line, to_line
from runbook_exec.journal.journal import KEEP_OUTPUT, JournalError, read_journal
from runbook_exec.plan.builder import choose_procedure, make_plan
from runbook_exec.plan.model import ItemId, Plan
from runbook_exec.system.signals import hold_signals
from tests.support.program import COMMAND, Program, fish_page

PAGE = """# Page

## Steps

### 1. Mint

<!-- runbook: capture=user-id -->
```fish
echo u-1
```

### 2. By hand

Look at it.

### 3. Use

```fish
echo one <user-id> <api-token>
false
echo never
```
"""
OPTIONS = ("--yes", "--set", "api-token=correct-horse", "--done", "2")


def _plan(text: str) -> Plan:
    runbook = parse_runbook(text.encode(), "page.md")
    procedure = choose_procedure(runbook, None)
    assert not isinstance(procedure, Problem)
    plan = make_plan(runbook, procedure)
    assert isinstance(plan, Plan)
    return plan


def _folded(events: list[Event]) -> State:
    state = State()
    for event in events:
        state = apply(state, event)
    return state


def test_json_prints_the_journal(program: Program) -> None:
    """`--json` prints the lines of the journal and nothing else."""
    program.write("page.md", PAGE)
    ran = program.run("page.md", "--json", *OPTIONS)
    assert ran.status == 1
    assert ran.stderr.count("\n") == 1, "only that `--set` shows a secret to all users"
    assert ran.stdout.encode() == program.journal_path().read_bytes()


def test_events_are_in_order(program: Program) -> None:
    """They are numbered from 1, and each has its run and its place."""
    program.run_page(PAGE, *OPTIONS)
    events = program.read_events()
    told = [(event.event, getattr(event, "step", 0), getattr(event, "statement", 0)) for event in events]
    assert [each for each in told if each[0] != "output"] == [
        ("run_started", 0, 0),
        ("answered", 1, 1),
        ("statement_started", 1, 1),
        ("captured", 1, 1),
        ("statement_finished", 1, 1),
        ("answered", 2, 0),
        ("answered", 3, 1),
        ("statement_started", 3, 1),
        ("statement_finished", 3, 1),
        ("answered", 3, 2),
        ("statement_started", 3, 2),
        ("statement_finished", 3, 2),
        ("answered", 3, 2),
        ("run_ended", 0, 0),
    ]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert len({event.run for event in events}) == 1
    assert [event.time for event in events] == sorted(event.time for event in events)


def test_each_event_has_the_fields_of_its_kind(program: Program) -> None:
    """They include the document's digest, statuses and folders, and no secret."""
    program.run_page(PAGE, *OPTIONS)
    lines = program.journal_path().read_text().splitlines()
    told = [json.loads(line) for line in lines]
    for each in told:
        names = set(KINDS[each["event"]]._fields)
        names |= {"event", "previous", "journal", "mark", "seal"}
        assert set(each) <= names
    by_kind = {each["event"]: each for each in told}
    assert by_kind["run_started"]["digest"] == hashlib.sha256(PAGE.encode()).hexdigest()
    assert by_kind["run_started"]["values"] == {}
    assert (by_kind["run_started"]["anchor"], by_kind["run_started"]["shell"]) == ("steps", "fish")
    assert by_kind["captured"]["value"] == "u-1"
    finished = by_kind["statement_finished"]
    assert (finished["status"], finished["pipestatus"], finished["line"]) == (1, [1], 20)
    assert (finished["cwd"], finished["problem"]) == (str(program.work), "exited 1")
    assert (by_kind["run_ended"]["outcome"], by_kind["run_ended"]["reason"]) == ("failed", "exited 1")


def test_an_event_is_read_back_from_its_line(program: Program) -> None:
    """Every event of a run is the same after it was written and read."""
    program.run_page(PAGE, *OPTIONS)
    for event in program.read_events():
        assert from_line(to_line(event)) == event


def test_the_state_of_a_run_comes_from_its_journal(program: Program) -> None:
    """The state has the finished items, and the plan gives the next one."""
    program.run_page(PAGE, *OPTIONS)
    state = _folded(program.read_events())
    assert dict(state.done) == {
        ItemId(1, 1, 1): "ok",
        ItemId(2): "ok",
        ItemId(3, 1, 1): "ok",
        ItemId(3, 1, 2): "failed",
    }
    assert (state.doubt, state.outcome, state.statuses[ItemId(3, 1, 2)]) == (None, "failed", 1)
    item = next_item(_plan(PAGE), state)
    assert item is not None
    assert item.where == ItemId(3, 1, 2)


EDITS = {
    "unchanged": (PAGE, 2, "false"),
    "inserted before": (PAGE.replace("echo one", "echo zero\necho one"), 1, "echo zero"),
    "inserted at the failure": (PAGE.replace("false\n", "true\nfalse\n"), 2, "true"),
    "removed before": (PAGE.replace("echo one <user-id> <api-token>\n", ""), 1, "false"),
    "the failed one changed": (PAGE.replace("false\n", "true\n"), 2, "true"),
    "the failed one removed": (PAGE.replace("false\n", ""), 2, "echo never"),
    "a step inserted before": (
        PAGE.replace("### 3.", "### 2b. New\n\n```fish\ntrue\n```\n\n### 3."),
        1,
        "true",
    ),
    "what follows changed": (PAGE.replace("echo never", "echo after all"), 2, "false"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_progress_is_kept_when_the_document_is_edited(edit: str, program: Program) -> None:
    """Finished statements stay finished if their text moves; what was put above them comes next."""
    text, number, expected = EDITS[edit]
    program.run_page(PAGE, *OPTIONS)
    new = _plan(text)
    item = next_item(new, carry_over(_folded(program.read_events()), _plan(PAGE), new))
    assert item is not None
    assert item.statement is not None
    assert (item.statement.text, item.where.statement) == (expected, number)


def test_a_doubt_moves_with_its_statement() -> None:
    """A statement that may have run is found again in the edited document."""
    state, old = State(doubt=ItemId(3, 1, 2)), _plan(PAGE)
    assert carry_over(state, old, _plan(EDITS["inserted before"][0])).doubt == ItemId(3, 1, 3)
    assert carry_over(state, old, _plan(EDITS["the failed one removed"][0])).doubt is None


def test_a_run_killed_in_a_statement_is_in_doubt(program: Program) -> None:
    """After SIGKILL the journal has the start of the statement, and not its end."""
    program.write("page.md", fish_page("echo before", "true; sh -c 'touch started; exec sleep 60'"))
    with program.start("page.md", "--yes") as running:
        try:
            _wait_for(program.work / "started")
        finally:
            os.kill(running.pid, signal.SIGKILL)
    events = program.read_events()
    assert events[-1].event == "statement_started"
    state = _folded(events)
    assert (state.doubt, state.outcome) == (ItemId(1, 2, 3), None)
    assert dict(state.done) == {ItemId(1, 1, 1): "ok", ItemId(1, 2, 2): "ok"}


@pytest.mark.parametrize("wanted", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_run(wanted: signal.Signals, program: Program) -> None:
    """The statement is interrupted, its end and the run's are journaled, and the status is 130."""
    program.write("page.md", fish_page("sh -c 'sleep 0.1; touch started; exec sleep 60'", "touch never"))
    with program.start("page.md", "--yes") as running:
        _wait_for(program.work / "started")
        os.kill(running.pid, wanted)
        assert running.wait(20) == 130
    ended = program.read_events()[-1]
    assert isinstance(ended, RunEnded)
    assert ended.outcome == "stopped"
    assert not (program.work / "never").exists()


@pytest.mark.parametrize("wanted", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_statement_that_ignores_a_signal_is_the_last(wanted: signal.Signals, program: Program) -> None:
    """It may still succeed; the statement after it does not start."""
    trap = "sh -c 'trap \"touch trapped\" INT; touch started; while test ! -e told; do sleep 0.01; done'"
    program.write("page.md", fish_page(trap, "touch never"))
    with program.start("page.md", "--yes") as running:
        _wait_for(program.work / "started")
        os.kill(running.pid, wanted)
        _wait_for(program.work / "trapped")
        (program.work / "told").touch()
        assert running.wait(20) == 130
    finished, _, ended = program.read_events()[-3:]
    assert isinstance(finished, StatementFinished)
    assert finished.status in (0, 130)  # fish, or its program, decides the effect of ^C
    assert isinstance(ended, RunEnded)
    assert ended.outcome == "stopped"
    assert not (program.work / "never").exists()


def test_a_critical_section_is_completed_before_a_signal_counts() -> None:
    """A signal waits for the end of the block, and is not lost."""
    done: list[str] = []

    def write_down() -> None:
        with hold_signals():
            signal.raise_signal(signal.SIGINT)
            done.append("written")
        done.append("not reached")

    with pytest.raises(KeyboardInterrupt):
        write_down()
    assert done == ["written"]


def test_an_ignored_signal_stays_ignored(program: Program) -> None:
    """A run begun with `nohup` continues after its terminal is closed."""
    program.write("page.md", fish_page("touch started; while test ! -e told; sleep 0.01; end", "touch done"))
    command = ["nohup", *COMMAND, "page.md", "--yes"]
    environment, quiet = program.environment(), subprocess.DEVNULL
    with subprocess.Popen(command, cwd=program.work, env=environment, stdout=quiet, stderr=quiet) as running:
        _wait_for(program.work / "started")
        os.kill(running.pid, signal.SIGHUP)
        (program.work / "told").touch()
        assert running.wait(20) == 0
    assert (program.work / "done").exists()


def _wait_for(path: Path) -> None:
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until, f"{path.name} did not come"
        time.sleep(0.01)


def test_the_journal_is_private(program: Program) -> None:
    """Other users can neither read the file nor enter its folder."""
    program.run_page(fish_page("true"), "--yes")
    journal = program.journal_path()
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.parent.stat().st_mode) == 0o700


def test_lines_of_a_journal_are_a_chain(program: Program) -> None:
    """Each line has the hash of the line before; the first has that of the run's name."""
    program.run_page(PAGE, *OPTIONS)
    lines = program.journal_path().read_bytes().splitlines()
    for before, line in pairwise(lines):
        assert json.loads(line)["previous"] == hashlib.sha256(before).hexdigest()


def test_a_torn_last_line_is_ignored(program: Program) -> None:
    """A machine that dies during a write leaves such a line."""
    program.run_page(PAGE, *OPTIONS)
    journal = program.journal_path()
    whole = program.read_events()
    journal.write_bytes(journal.read_bytes()[:-20])
    assert list(read_journal(journal)) == whole[:-1]


@pytest.mark.parametrize("damage", ["changed", "removed", "swapped", "no JSON", "no event", "blank"])
def test_a_damaged_line_is_reported_with_its_number(damage: str, program: Program) -> None:
    """This includes lines that are changed, removed, swapped or no events."""
    program.run_page(PAGE, *OPTIONS)
    journal = program.journal_path()
    lines = journal.read_bytes().splitlines(keepends=True)
    number = 4
    match damage:
        case "changed":
            lines[2] = lines[2].replace(b"echo u-1", b"echo u-2")
        case "removed":
            del lines[3]
        case "swapped":
            lines[3], lines[4] = lines[4], lines[3]
        case "no JSON":
            lines[3] = lines[3][:10] + b"\n"
        case "no event":
            lines[3] = b'{"event":"party"}\n'
        case "blank":
            lines[3] = b"\n"
    journal.write_bytes(b"".join(lines))
    with pytest.raises(JournalError, match=rf"{journal.name}:{number}: "):
        list(read_journal(journal))


def test_only_the_beginning_of_long_output_is_journaled(program: Program) -> None:
    """The journal keeps a statement's first million characters, and has a note about the rest."""
    ran = program.run_page(fish_page("head -c 3000000 /dev/zero | tr '\\\\0' x", "echo after"), "--yes")
    assert ran.stdout.count("x") > 3_000_000 - 1
    kept = "".join(getattr(event, "text", "") for event in program.read_events() if event.event == "output")
    assert kept.count("x") == KEEP_OUTPUT
    assert "not kept in the journal" in kept
    assert "after\n" in kept


def test_json_prints_only_journaled_output(program: Program) -> None:
    """Of long output, `--json` prints the lines that the journal keeps."""
    ran = program.run_page(fish_page("head -c 3000000 /dev/zero | tr '\\0' x"), "--yes", "--json")
    assert ran.stdout.encode() == program.journal_path().read_bytes()


def test_without_a_place_for_its_journal_nothing_runs(program: Program) -> None:
    """The state folder cannot be made; one line has the reason."""
    program.write("taken", "a file\n")
    ran = program.run_page(
        fish_page("touch made"), "--yes", env={"XDG_STATE_HOME": str(program.work / "taken")}
    )
    assert (ran.status, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"error: cannot write the journal `{program.work}/taken/runbook-exec/runs/")
    assert ran.stderr.endswith("`: not a directory; set XDG_STATE_HOME to a folder that you can write to\n")
    assert not (program.work / "made").exists()


def test_a_full_disk_stops_the_run(program: Program) -> None:
    """It stops before the next statement, with the reason, when the journal cannot be written."""
    program.write("page.md", fish_page("echo one", "string repeat -n 90000 x", "touch made"))

    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))

    done = subprocess.run(
        [*COMMAND, "page.md", "--yes"],
        cwd=program.work,
        env=program.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=small,
        start_new_session=True,
    )
    assert done.returncode == 1
    assert "the run has stopped before the next statement" in done.stdout + done.stderr
    assert "cannot write the journal" in done.stdout + done.stderr
    assert not (program.work / "made").exists()
