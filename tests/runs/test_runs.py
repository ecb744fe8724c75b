"""`runbook-exec runs`: the list of runs, the facts of one, and the removal of old runs."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import time
from datetime import datetime
from pathlib import Path

import pytest

from runbook_exec.text.moments import parse_moment
from tests.support.program import Program, ProgramResult, fish_page

STEPS = """---
title: Three steps
---

## Procedure

### 1. Look

```fish
echo looking
```

### 2. Tell them

Somebody must know.

### 3. Do it

<!-- runbook: capture=its-id -->
```fish
echo id-7
```

```fish
test -e <its-id>
echo never
```
"""


def _journals(program: Program) -> list[Path]:
    return sorted(program.runs.glob("*.jsonl"))


def _ids(ran: ProgramResult) -> list[str]:
    assert ran.status == 0
    return [line.split()[0] for line in ran.stdout.splitlines()[1:]]


def _three(program: Program) -> list[str]:
    """Make three runs and return them, newest first: failed, waiting, succeeded."""
    program.run_page(fish_page("true"), "--yes")
    program.write("steps.md", STEPS)
    program.run("steps.md", "--yes")
    program.run("steps.md", "--yes", "--done", "2")
    return _ids(program.run("runs"))


def test_runs_are_listed_newest_first(program: Program) -> None:
    """Each line has the id, the beginning, the outcome, the duration and the document."""
    _three(program)
    header, *rows = program.run("runs").stdout.splitlines()
    assert header.split() == ["run", "began", "outcome", "took", "document"]
    assert [(row.split()[3], row.split()[-1]) for row in rows] == [
        ("failed", "steps.md#procedure"),
        ("waiting", "steps.md#procedure"),
        ("succeeded", "page.md#steps"),
    ]
    began = [datetime.fromisoformat(" ".join(row.split()[1:3])) for row in rows]
    assert began == sorted(began, reverse=True)
    assert all(abs((datetime.now() - each).total_seconds()) < 300 for each in began)


def test_runs_can_be_filtered(program: Program) -> None:
    """By a part of the document's path, by outcome, and by day."""
    failed, waiting, succeeded = _three(program)
    assert _ids(program.run("runs", "--document", "steps")) == [failed, waiting]
    assert _ids(program.run("runs", "--document", "./page.md")) == [succeeded]
    assert _ids(program.run("runs", "--outcome", "waiting")) == [waiting]
    assert _ids(program.run("runs", "--since", "1h", "--until", "2999-01-01")) == [failed, waiting, succeeded]
    assert _ids(program.run("runs", "--until", datetime.now().astimezone().date().isoformat())) != []
    ran = program.run("runs", "--until", "2020-01-01")
    assert (ran.status, ran.stdout, ran.stderr) == (0, "", "no run matches\n")
    ran = program.run("runs", "--since", "yesterday")
    assert ran.status == 2
    assert ran.stderr.startswith("error: `--since`: expected a day such as `2026-11-24`")


def test_runs_are_listed_as_json(program: Program) -> None:
    """The JSON has all that the list has, and the paths of the journals."""
    _three(program)
    told = json.loads(program.run("runs", "--json", "--document", "steps.md").stdout)
    assert [each["outcome"] for each in told] == ["failed", "waiting"]
    first = told[0]
    assert Path(first["journal"]) in _journals(program)
    assert first["document"] == str(program.work / "steps.md")
    assert (first["anchor"], first["reason"]) == ("procedure", "exited 1")
    assert json.loads(program.run("runs", "--json", "--outcome", "stopped").stdout) == []


def test_an_empty_list_creates_nothing(program: Program) -> None:
    """A message says that no run exists."""
    assert program.run("runs").stderr == "there is no run yet\n"
    ran = program.run("runs", "show")
    assert (ran.status, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: there is no run yet: ")
    assert not program.runs.exists()


def test_a_run_is_named_by_the_beginning_of_its_id(program: Program) -> None:
    """Also by a path; the default is the newest. No match and several matches are refused."""
    program.run_page(fish_page("true"), "--yes")
    (first,) = _journals(program)
    content = first.read_bytes()
    for name in ("aa000001", "aa000002", "ab000003"):
        first.with_name(f"2020-01-01T000000-{name}.jsonl").write_bytes(content)
    assert program.run("runs", "show", "ab").status == 0
    ran = program.run("runs", "show", "aa")
    assert ran.status == 2
    assert ran.stderr == "error: `aa` is the beginning of 2 runs: aa000001, aa000002\n"
    ran = program.run("runs", "show", "nothing")
    assert ran.stderr.startswith("error: no run's id begins with `nothing`; the newest is `")
    assert ran.stderr.endswith("`; `runbook-exec runs` lists them\n")
    assert (
        program.run("runs", "show", "./nothing.jsonl").stderr
        == "error: cannot read `./nothing.jsonl`: no such file\n"
    )
    assert program.run("runs", "show", str(first)).stdout == program.run("runs", "show").stdout


def test_show_prints_a_line_for_each_step(program: Program) -> None:
    """The line has a mark, the time, failures and the person; the run's facts come first."""
    _three(program)
    lines = program.run("runs", "show").stdout.splitlines()
    assert lines[:2] == ["  Three steps: failed", "  exited 1"]
    facts = dict(line.split(maxsplit=1) for line in lines if line.startswith("  ") and line[2] != " ")
    assert facts["document"] == f"{program.work}/steps.md#procedure"
    assert facts["<its-id>"] == "id-7"
    assert "in fish" in facts["by"]
    assert "seconds" not in facts["began"]
    rows = [" ".join(line.split()) for line in lines[-3:]]
    assert rows[0].startswith("1 Look ✓ ")
    assert rows[1] == "2 Tell them ✓ done by hand: marked done with --done"
    assert rows[2].startswith("3 Do it ✗ ")
    assert rows[2].endswith(" captured <its-id>, exited 1")
    assert all(len(line) <= 80 for line in lines[:1] + lines[-3:])


def test_show_prints_the_record_as_json(program: Program) -> None:
    """It has values, steps, statements, attempts, output and answers."""
    _three(program)
    told = json.loads(program.run("runs", "show", "--json").stdout)
    assert told == json.loads(program.run("runs", "report", "--format", "json").stdout)
    assert (told["outcome"], told["reason"], told["values"]) == ("failed", "exited 1", {"its-id": "id-7"})
    assert [step["how"] for step in told["steps"]] == ["ok", "ok", "failed"]
    first, second, third = told["steps"][2]["statements"]
    assert first["attempts"][0]["output"] == "id-7\n"
    assert first["attempts"][0]["captured"] == [{"name": "its-id", "secret": False, "value": "id-7"}]
    assert (second["text"], second["how"], second["attempts"][0]["status"]) == ("test -e id-7", "failed", 1)
    assert (third["how"], third["attempts"]) == ("not run", [])
    assert told["steps"][1]["answers"][0]["note"] == "marked done with --done"


def test_a_killed_run_is_unfinished(program: Program) -> None:
    """The statement that was running is in doubt."""
    program.write("page.md", fish_page("echo before", "touch started; sleep 60", "echo after"))
    with program.start("page.md", "--yes") as running:
        _wait_for(program.work / "started")
        assert " running " in program.run("runs").stdout
        os.kill(running.pid, signal.SIGKILL)
    assert " unfinished " in program.run("runs").stdout
    told = json.loads(program.run("runs", "show", "--json").stdout)
    statements = told["steps"][0]["statements"]
    assert [each["how"] for each in statements] == ["ok", "ok", "in doubt", "not run"]
    assert statements[2]["attempts"][0]["finished"] is None
    assert "in doubt: it is not known whether it ended" in program.run("runs", "show").stdout


def _wait_for(path: Path) -> None:
    until = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < until, f"{path.name} did not come"
        time.sleep(0.01)


# removing ------------------------------------------------------------------------------------------------


def _aged(program: Program, name: str, days: int) -> Path:
    """Copy the first run and its cast, with a beginning so many days ago."""
    first = _journals(program)[-1]
    path = first.with_name(f"2020-01-01T000000-{name}.jsonl")
    began = datetime.fromtimestamp(time.time() - days * 86400).astimezone()
    path.write_text(_older(first.read_text(encoding="utf-8"), name, began), encoding="utf-8")
    path.with_suffix(".cast").write_bytes(first.with_suffix(".cast").read_bytes())
    return path


def _older(text: str, run: str, began: datetime) -> str:
    lines = [json.loads(line) for line in text.splitlines()]
    return "".join(json.dumps({**line, "run": run, "time": began.isoformat()}) + "\n" for line in lines)


def test_prune_removes_old_runs(program: Program) -> None:
    """Their casts are removed too; a dry run prints the same and removes nothing."""
    program.run_page(fish_page("true"), "--yes")
    new = _journals(program)[0]
    old, older = _aged(program, "aaaaaaaa", 100), _aged(program, "bbbbbbbb", 200)
    ran = program.run("runs", "prune", "--older-than", "90d", "--dry-run")
    assert [line.split("  ")[0] for line in ran.stdout.splitlines()] == [
        "would remove aaaaaaaa",
        "would remove bbbbbbbb",
        "would remove 2 runs",
    ]
    assert len(list(program.runs.iterdir())) == 6
    ran = program.run("runs", "prune", "--older-than", "150d")
    assert ran.stdout.splitlines()[-1] == "removed 1 run"
    assert (older.exists(), older.with_suffix(".cast").exists(), old.exists()) == (False, False, True)
    assert program.run("runs", "prune", "--keep", "1").status == 0
    assert set(program.runs.iterdir()) == {new, new.with_suffix(".cast")}


@pytest.mark.parametrize("how", ["killed", "waiting"])
def test_prune_keeps_a_run_that_can_be_resumed(how: str, program: Program) -> None:
    """It is removed only with `--unfinished`."""
    program.run_page(fish_page("echo <value>" if how == "waiting" else "true"), "--yes")
    journal = _journals(program)[0]
    if how == "killed":
        journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))
    ran = program.run("runs", "prune", "--keep", "0")
    assert "`--unfinished` removes it too" in ran.stdout
    assert journal.exists()
    program.run("runs", "prune", "--keep", "0", "--unfinished")
    assert list(program.runs.iterdir()) == []


def test_prune_keeps_running_and_damaged_runs(program: Program) -> None:
    """No option removes them."""
    program.run_page(fish_page("true"), "--yes")
    journal = _journals(program)[0]
    whole = journal.read_bytes()
    journal.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    with journal.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert program.run("runs", "prune", "--keep", "0", "--unfinished").stdout == "removed 0 runs\n"
    journal.write_bytes(b"what?\n" + whole)
    told = program.run("runs", "prune", "--keep", "0", "--unfinished").stdout
    assert re.fullmatch(r"kept .* damaged .*\nremoved 0 runs\n", told)
    assert journal.exists()


@pytest.mark.parametrize(
    "words", [(), ("--older-than", "soon"), ("--keep", "-1"), ("--keep", "1", "--older-than", "1d")]
)
def test_prune_without_a_limit_removes_nothing(words: tuple[str, ...], program: Program) -> None:
    """A command line that is refused removes nothing."""
    program.run_page(fish_page("true"), "--yes")
    assert program.run("runs", "prune", *words).status == 2
    assert len(_journals(program)) == 1


# moments -------------------------------------------------------------------------------------------------

NOW = datetime.fromisoformat("2026-11-25T10:00:00+01:00")


@pytest.mark.parametrize(
    ("written", "end", "moment"),
    [
        ("7d", False, "2026-11-18T10:00:00+01:00"),
        ("1h30m", False, "2026-11-25T08:30:00+01:00"),
        ("2026-11-24T10:00:00Z", False, "2026-11-24T11:00:00+01:00"),
    ],
)
def test_moments_are_parsed(written: str, end: bool, moment: str) -> None:
    """A moment is a time ago, or a time with a time zone."""
    assert parse_moment(written, NOW, end) == datetime.fromisoformat(moment)


def test_a_day_is_a_whole_day() -> None:
    """It reaches from its beginning to the beginning of the next, in local time."""
    begin, end = parse_moment("2026-11-24", NOW), parse_moment("2026-11-24", NOW, end=True)
    assert begin == datetime(2026, 11, 24).astimezone()
    assert end == datetime(2026, 11, 25).astimezone()


# resumed runs --------------------------------------------------------------------------------------------


def test_a_resumed_run_has_one_record(program: Program) -> None:
    """The record has the time of the resumption, both attempts, and the outcome."""
    program.run_page(fish_page("echo one", "test -e ready"), "--yes")
    program.write("ready", "")
    assert program.run("resume", "--yes").status == 0
    assert len(_journals(program)) == 1
    assert " succeeded " in program.run("runs").stdout
    told = json.loads(program.run("runs", "show", "--json").stdout)
    assert (told["outcome"], len(told["resumed"])) == ("succeeded", 1)
    first, second = told["steps"][0]["statements"]
    assert [each["status"] for each in first["attempts"]] == [0]
    assert [each["status"] for each in second["attempts"]] == [1, 0]
    report = program.run("runs", "report").stdout
    assert "| resumed | " in report
    assert report.count("`test -e ready`") + report.count("attempt ") >= 2
    replayed = program.run("runs", "replay", "--idle-limit", "0.01").stdout
    assert replayed.index("exited 1") < replayed.rindex("test -e ready") < replayed.index("succeeded")
    assert program.run("runs", "verify").status == 0


def test_prune_removes_the_secrets_of_a_run(program: Program) -> None:
    """The secrets of an unfinished run are removed from memory with it."""
    runtime = Path("/dev/shm") / f"runbook-exec-test-{os.getpid()}"
    runtime.mkdir(mode=0o700)
    try:
        secret = {"XDG_RUNTIME_DIR": str(runtime)}
        program.write("page.md", fish_page("echo <api-token>; false"))
        ran = program.run("page.md", "--yes", "--set", "api-token=correct-horse", env=secret)
        assert ran.status == 1
        (kept,) = (runtime / "runbook-exec").iterdir()
        program.run("runs", "prune", "--keep", "0", env=secret)
        assert (_journals(program), kept.exists()) == ([], False)
    finally:
        shutil.rmtree(runtime)


def test_the_slowest_replay_can_be_interrupted(program: Program) -> None:
    """A pause of centuries is none that a system can wait for."""
    program.run_page("# T\n\n## Procedure\n\n```bash\necho x; sleep 0.2; echo y\n```\n", "--yes")
    replay = program.start("runs", "replay", "--speed", "1e-300")
    with pytest.raises(subprocess.TimeoutExpired):
        replay.wait(3)
    replay.send_signal(signal.SIGINT)
    assert replay.wait(10) == 130
