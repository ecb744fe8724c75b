"""The benchmarks can be run; people interpret their results."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.claims import Each, EachRatio, Growth, Peak, Ratio, Series
from benchmarks.table import table
from benchmarks.timing import Command, Failed, Measured, Run, in_turn
from tests.support.paths import REPOSITORY


def test_one_command_makes_the_table() -> None:
    """`python -m benchmarks` prints the machine, and a ratio with its floor and the result."""
    command = [sys.executable, "-m", "benchmarks", "--quick", "--only", "start-up", "--turns", "1"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    *facts, head, rule, row = done.stdout.strip().split("\n")[:-2]
    assert "cores" in "".join(facts)
    assert set(rule) <= set("|- ")
    cells = dict(zip(*([c.strip() for c in line.split("|")[1:-1]] for line in (head, row)), strict=True))
    assert cells["what"] == "start-up of --version"
    assert cells["measured"].endswith("×")
    assert cells["at most"] == "3×"
    assert cells["holds"] in ("yes", "NO")


def test_another_version_is_measured_in_turn(tmp_path: Path) -> None:
    """`python -m benchmarks.versions CHECKOUT` compares time and memory of each command."""
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    for name, words in (("runbook-exec", "-m runbook_exec"), ("python", "")):
        (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    command = [sys.executable, "-m", "benchmarks.versions", str(tmp_path), "--turns", "1", "--files", "3"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    rows = [line.split("|") for line in done.stdout.splitlines() if "the other" in line]
    assert len(rows) == 14
    assert {row[1].rpartition(": ")[2].strip() for row in rows} == {"processor time", "memory"}
    assert done.returncode == any(row[7].strip() == "NO" for row in rows)


def test_ratios_are_of_runs_in_the_same_turn() -> None:
    """A slow moment of the machine changes no ratio; a ratio equal to its floor passes."""
    ours, theirs = [Run(2.0, 9), Run(20.0, 9), Run(2.0, 9)], [Run(1.0, 5), Run(10.0, 5), Run(4.0, 5)]
    measured = Measured({"ours": ours, "theirs": theirs})
    assert measured.ratio("ours", "theirs") == 2.0
    assert Ratio("", "ours", "theirs", 2.0).row(measured).holds
    assert not Ratio("", "ours", "theirs", 1.9).row(measured).holds
    assert Ratio("", "ours", "theirs").row(measured).holds is None
    assert Ratio("", "ours", "absent", 1.0).row(measured).holds is None
    assert Each("", "ours", "theirs", 2, 0.5).row(measured).measured == "500.00 ms each"
    series = Series("ours", "theirs", 2)
    assert EachRatio("", series, series._replace(number=1)).row(measured).measured == "0.500×"
    assert Peak("", "ours", 9).row(measured).holds
    assert not Growth("", "ours", "theirs", 3).row(measured).holds


def test_a_run_that_did_not_do_its_work_does_not_count(tmp_path: Path) -> None:
    """A command that fails, or omits its last statement, is refused with its output."""
    proof = tmp_path / "proof"
    proof.write_text("of an earlier run", encoding="utf-8")
    script = Command("half", ("sh", "-c", "echo half done >&2"), {"PATH": "/usr/bin:/bin"}, tmp_path, proof)
    with pytest.raises(Failed, match="half done"):
        in_turn([script], 1, warm=False)
    failing = Command("failing", ("sh", "-c", "exit 3"), {"PATH": "/usr/bin:/bin"}, tmp_path)
    with pytest.raises(Failed, match="status 3"):
        in_turn([failing], 1, warm=True)


def test_all_lines_of_the_table_have_one_width() -> None:
    """Every line of the table is as wide as its head."""
    rows = [Peak("a long title indeed", "ours", 80_000_000).row(Measured({"ours": [Run(0.5, 1)]}))]
    assert len({len(line) for line in table(rows).split("\n")}) == 1
