"""The last success of each step in a file beside the runbook, and due runbooks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from runbook_exec.document.parser import parse_runbook
from runbook_exec.runs.freshness import (
    BadFreshness,
    Freshness,
    Success,
    format_freshness,
    read_freshness,
    step_digest,
)
from tests.support.program import Program

PAGE = """---
runbook:
  cadence: 30d
---

# Rotate

## Procedure

### 1. Mint

```fish
echo mint
```

### 2. Tell them

Somebody must know.

### 3. Verify

```fish
test -e ready
echo fine
```

## Emergency

### 1. Stop

```fish
echo stop
```
"""


def _exported(program: Program, *words: str) -> dict[str, Any]:
    ran = program.run("runs", "export", *words)
    assert (ran.status, ran.stderr) == (0, "")
    data: dict[str, Any] = json.loads((program.work / "page.runs.json").read_text(encoding="utf-8"))
    return data


def _steps(data: dict[str, Any]) -> list[str]:
    return sorted(each["step"] for each in data["steps"].values())


def test_an_export_writes_successes_beside_the_runbook(program: Program) -> None:
    """Each step whose current text succeeded has its day and run, and no values or output."""
    program.run_page(PAGE, "--yes", "--done", "2")
    data = _exported(program, "page.md")
    assert (data["runbook"], data["version"], data["procedures"]) == ("page.md", 1, {})
    assert _steps(data) == ["1-mint", "2-tell-them"]
    (mint,) = (each for each in data["steps"].values() if each["step"] == "1-mint")
    assert set(mint) == {"step", "succeeded", "run"}
    assert abs(datetime.now(UTC) - datetime.fromisoformat(mint["succeeded"])) < timedelta(minutes=5)
    program.write("ready", "")
    program.run("page.md", "--yes", "--done", "2")
    data = _exported(program, "page.md")
    assert _steps(data) == ["1-mint", "2-tell-them", "3-verify"]
    assert list(data["procedures"]) == ["procedure"]
    text = (program.work / "page.runs.json").read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if '"succeeded"' in line]) == 4
    assert str(program.folder) not in text


def test_an_export_that_changes_nothing_writes_nothing(program: Program) -> None:
    """The file keeps its bytes, and a page that never ran has no file."""
    program.run_page(PAGE, "--yes", "--done", "2")
    program.write("other.md", PAGE)
    _exported(program, "page.md", "other.md")
    file = program.work / "page.runs.json"
    before = file.stat()
    ran = program.run("runs", "export", ".")
    assert ran.stdout == "nothing to write: no step has succeeded since\n"
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert {path.name for path in program.work.iterdir()} == {"page.md", "other.md", "page.runs.json"}


def test_a_changed_step_keeps_its_last_success(program: Program) -> None:
    """It is stored with the old text; a step that was removed has no entry."""
    program.run_page(PAGE, "--yes", "--done", "2")
    _exported(program, "page.md")
    changed = PAGE.replace("echo mint", "echo mint --better").replace("### 2. Tell them", "### 2. Tell all")
    program.write("page.md", changed)
    data = _exported(program, "page.md")
    assert _steps(data) == ["1-mint"]
    runbook = parse_runbook(changed.encode(), "page.md")
    mint = runbook.procedures[0].steps[0]
    assert step_digest(mint, "fish") not in data["steps"]
    known = read_freshness(program.work / "page.runs.json")
    success, unchanged = known.of_step(mint, "fish")
    assert success is not None
    assert (success.anchor, unchanged) == ("1-mint", False)
    assert known.of_step(runbook.procedures[0].steps[2], "fish") == (None, False)
    program.run("page.md", "--yes", "--done", "2")
    assert _steps(_exported(program, "page.md")) == ["1-mint", "1-mint", "2-tell-all"]
    assert read_freshness(program.work / "page.runs.json").of_step(mint, "fish")[1] is True


def test_files_of_several_machines_merge(program: Program) -> None:
    """Each step has the newer success, in any order of exports."""
    program.run_page(PAGE, "--yes", "--done", "2")
    here = _exported(program, "page.md")
    digest = next(digest for digest, each in here["steps"].items() if each["step"] == "1-mint")
    other = next(digest for digest, each in here["steps"].items() if each["step"] == "2-tell-them")
    there = json.loads(json.dumps(here))
    there["steps"][digest] |= {"succeeded": "2999-01-01T00:00:00Z", "run": "ffffffff"}
    there["steps"][other] |= {"succeeded": "2020-01-01T01:00:00+01:00", "run": "eeeeeeee"}
    program.write("page.runs.json", json.dumps(there))
    merged = _exported(program, "page.md")
    assert merged["steps"][digest]["run"] == "ffffffff"
    assert merged["steps"][other] == here["steps"][other]


def test_merging_is_commutative() -> None:
    """Both orders give the same, and the text of a file is read back unchanged."""

    def success(day: int, run: str) -> Success:
        return Success(f"2026-11-{day:02}T00:00:00Z", run, "1-mint", "a")

    one = Freshness({"procedure": success(1, "x")}, {"a": success(3, "x"), "b": success(1, "x")})
    other = Freshness({}, {"a": success(2, "y"), "c": success(2, "y")})
    assert one.merge(other) == other.merge(one)
    assert one.merge(other).steps["a"].run == "x"
    assert format_freshness(one, "a.md").splitlines() == [
        "{",
        '"runbook": "a.md",',
        '"version": 1,',
        '"procedures": {',
        '  "procedure": {"succeeded": "2026-11-01T00:00:00Z", "run": "x", "digest": "a"}',
        "},",
        '"steps": {',
        '  "a": {"step": "1-mint", "succeeded": "2026-11-03T00:00:00Z", "run": "x"},',
        '  "b": {"step": "1-mint", "succeeded": "2026-11-01T00:00:00Z", "run": "x"}',
        "}",
        "}",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 2}',
        '{"version": 1, "steps": []}',
        '{"version": 1, "steps": {"a": 1}}',
        '{"version": 1, "steps": {"a": {"step": "x", "run": "y", "succeeded": "yesterday"}}}',
        "[" * 100_000,
    ],
)
def test_another_file_of_that_name_is_refused(text: str, program: Program, tmp_path: Path) -> None:
    """It is not changed, and its name is printed; `due` names it and checks the other pages."""
    program.run_page(PAGE, "--yes", "--done", "2")
    file = program.write("page.runs.json", text)
    with pytest.raises(BadFreshness, match=r"page\.runs\.json: "):
        read_freshness(file)
    ran = program.run("runs", "export", "page.md")
    assert (ran.status, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: page.runs.json: ")
    assert file.read_text() == text
    ran = program.run("due", "page.md")
    assert (ran.status, "page.runs.json: " in ran.stderr) == (2, True)


def test_a_skipped_step_has_not_succeeded(program: Program) -> None:
    """Steps that a person skipped and steps that `when` skipped are different."""
    page = """## Procedure

### 1. Never here

<!-- runbook: when="false" -->
```fish
echo never
```

```fish
echo always
```

### 2. Elsewhere

<!-- runbook: when="false" -->
```fish
echo never
```
"""
    program.run_page(page, "--yes")
    assert _steps(_exported(program, "page.md")) == ["1-never-here"]


# what is due ---------------------------------------------------------------------------------------------


def test_a_runbook_that_never_succeeded_is_due(program: Program) -> None:
    """A part of it does not count, nor does its emergency procedure; a complete run does."""
    program.run_page(PAGE, "--yes", "--done", "2")
    program.run("page.md#emergency", "--yes")
    program.run("page.md", "--yes", "--only", "1")
    ran = program.run("due", "page.md")
    assert (ran.status, ran.stdout) == (4, "page.md  every 30 days, has never completed\n")
    program.write("ready", "")
    program.run("page.md", "--yes", "--done", "2")
    ran = program.run("due", "page.md")
    until = (datetime.now().astimezone() + timedelta(days=30)).date()
    assert (ran.status, ran.stdout) == (0, f"nothing is due; next is page.md, on {until}\n")


def _succeeded(program: Program, name: str, days: int) -> None:
    """Write a runbook that succeeded so many days ago on another machine."""
    program.write(f"{name}.md", PAGE)
    when = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = format_freshness(
        Freshness({"procedure": Success(when, "7f3a1c2d", "procedure", "x")}), f"{name}.md"
    )
    program.write(f"{name}.runs.json", text)


def test_due_counts_successes_of_other_machines(program: Program) -> None:
    """The runbook that is due longest comes first; pages without a cadence do not count."""
    program.work.joinpath("runbooks").mkdir()
    for name, days in (("runbooks/late", 31), ("runbooks/later", 400), ("runbooks/fresh", 3)):
        _succeeded(program, name, days)
    program.write("runbooks/note.md", "# A note\n")
    program.work.joinpath("docs").symlink_to("runbooks")  # its pages are the same ones
    ran = program.run("due")
    assert ran.status == 4
    assert ran.stdout.splitlines() == [
        "runbooks/later.md  every 30 days, last succeeded 400 days ago",
        "runbooks/late.md   every 30 days, last succeeded 31 days ago",
    ]
    told = json.loads(program.run("due", "--json").stdout)
    assert [(each["runbook"], each["due"]) for each in told] == [
        ("runbooks/later.md", True),
        ("runbooks/late.md", True),
        ("runbooks/fresh.md", False),
    ]
    assert told[0]["cadence"] == 30 * 86400
    assert program.run("due", "runbooks/fresh.md").status == 0
    ran = program.run("due", "runbooks/note.md")
    assert (ran.status, ran.stdout) == (0, "nothing is due: no page has a cadence\n")


def test_due_reports_a_page_that_cannot_be_read(program: Program) -> None:
    """It may have a cadence: the exit status is 2, unless a runbook is due."""
    program.write("bad.md", "---\nrunbook: {cadence: soon}\n---\n")
    ran = program.run("due", "bad.md")
    assert (ran.status, ran.stdout) == (2, "nothing is due: no page has a cadence\n")
    assert ran.stderr.startswith("bad.md:2: expected a duration")
    program.write("page.md", PAGE)
    assert program.run("due", "bad.md", "page.md").status == 4
    ran = program.run("due", "nowhere.md")
    assert (ran.status, ran.stderr) == (2, "error: cannot read `nowhere.md`: no such file or directory\n")


@pytest.mark.parametrize(
    ("succeeded", "cadence", "told"),
    [
        ("0001-01-01T00:00:00+23:59", "75d", "expected when it succeeded"),
        ("0005-01-01T00:00:00Z", "75d", "expected when it succeeded"),
        ("9999-12-31T23:59:59-23:59", "75d", "expected when it succeeded"),
        ("2026-01-01T00:00:00Z", "9999999d", "expected a duration of at most 36525d"),
        ("2026-01-01T00:00:00Z", "999999999w", "expected a duration of at most 36525d"),
    ],
)
def test_a_time_far_from_now_is_refused(succeeded: str, cadence: str, told: str, program: Program) -> None:
    """A date is calculated from neither; the commands say where it is."""
    head = f"---\nrunbook:\n  cadence: {cadence}\n---\n"
    program.write("p.md", f"{head}# T\n\n## Procedure\n\n### 1. A\n\n```bash\ntrue\n```\n")
    success = {"succeeded": succeeded, "run": "a", "digest": "b"}
    data = {"runbook": "p.md", "version": 1, "procedures": {"procedure": success}, "steps": {}}
    program.write("p.runs.json", json.dumps(data))
    ran = program.run("due", "p.md")
    assert told in ran.output
    for words in (["due", "p.md", "--json"], ["runs", "export", "p.md"], ["lint", "p.md"], ["show", "p.md"]):
        assert "has a bug" not in program.run(*words).output
