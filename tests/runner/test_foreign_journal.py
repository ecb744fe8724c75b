"""A journal that this user did not write is data: nothing in it is used unseen."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from runbook_exec.journal.hash_chain import first_hash, hash_line
from tests.support.program import Program, prepare_program

PAGE = "# Page\n\n## Steps\n\n```bash\necho one >>log\ntest -e wanted\n```\n"


def forge(lines: list[str], made: str) -> str:
    """Return a journal to which somebody has added a change of the shell, with all hashes computed anew."""
    first, *rest = (json.loads(line) for line in lines)
    change = {
        "event": "shell_changed",
        "run": first["run"],
        "seq": 2,
        "time": first["time"],
        "step": 1,
        "block": 1,
        "statement": 1,
        "line": 6,
        "made": {"variable x": made},
    }
    previous, written = first_hash(first["run"], first["journal"]), []
    for event in (first, change, *rest[:-1]):
        event["previous"] = previous
        written.append(json.dumps(event, separators=(",", ":")))
        previous = hash_line(written[-1].encode())
    return "\n".join([*written, ""])


@pytest.mark.parametrize("place", ["elsewhere", "its folder", "another user's folder"])
def test_shell_state_of_a_foreign_journal_is_not_used_unseen(
    program: Program, tmp_path: Path, place: str
) -> None:
    """Without a person the run is refused, wherever the journal lies; `runs verify` calls it foreign."""
    assert program.run_page(PAGE, "--yes").status == 1
    journal = program.journal_path()
    text = forge(journal.read_text().splitlines(), "touch pwned; x=1")
    target = journal if place == "its folder" else program.work / "sent.jsonl"
    if place == "another user's folder":
        (tmp_path / "other").mkdir()
        other = prepare_program(tmp_path / "other")
        shutil.copytree(program.runs.parent, other.runs.parent)
        for key in other.runs.parent.glob("key-*"):
            key.unlink()
        program, target = other, other.journal_path()
    target.write_text(text)
    target.chmod(0o600)
    (program.work / "wanted").touch()
    ran = program.run("resume", str(target), "--yes", "--no-input", "--trust")
    assert (ran.status, (program.work / "pwned").exists()) == (2, False)
    assert ran.stderr == (
        f"error: {target}: this journal was not written by you on this machine, so its variables, functions "
        "and values are not used unseen; resume it in a terminal, which shows them\n"
    )
    ran = program.run("runs", "verify", str(target))
    assert (ran.status, "foreign: not written by you on this machine" in ran.stdout) == (0, True)


def test_a_journal_is_own_wherever_it_lies(program: Program) -> None:
    """A copy of an own journal is resumed from any place."""
    assert program.run_page(PAGE, "--yes").status == 1
    moved = program.work / "moved.jsonl"
    program.journal_path().rename(moved)
    (program.work / "wanted").touch()
    ran = program.run("resume", str(moved), "--yes", "--no-input")
    assert (ran.status, (program.work / "log").read_text()) == (0, "one\n")
    assert "foreign" not in program.run("runs", "verify", str(moved)).stdout


def test_a_key_that_others_can_read_signs_nothing(program: Program) -> None:
    """Its journals count as foreign, because anybody could have written them."""
    assert program.run_page(PAGE, "--yes").status == 1
    (key,) = program.runs.parent.glob("key-*")
    key.chmod(0o644)
    assert program.run("resume", "--yes", "--no-input").status == 2
