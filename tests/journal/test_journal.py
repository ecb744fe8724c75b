"""`runs verify` finds changes of a journal, and reads journals of earlier versions."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from runbook_exec.journal.hash_chain import VERSION, TornLine, first_hash, read_lines, seal_line
from runbook_exec.journal.journal import JournalError, read_journal
from runbook_exec.runs.verify import verify_journal
from tests.support.paths import DATA
from tests.support.program import Program, fish_page

JOURNALS = DATA / "documents" / "journals"
PAGE = fish_page("echo one", "false")


def _finished(program: Program) -> Path:
    program.run_page(PAGE, "--yes")
    return program.journal_path()


def test_a_change_of_any_byte_is_found(program: Program) -> None:
    """For each byte that is changed or removed, its line or the next is named."""
    program.run_page(fish_page("true"), "--yes")
    journal = program.journal_path()
    whole = journal.read_bytes()
    changed = journal.with_name("changed.jsonl")
    assert verify_journal(journal, program.runs, None).is_whole
    for at in range(len(whole)):
        line = whole.count(b"\n", 0, at) + 1
        gone = (b"",) if at % 16 == 0 or at > len(whole) - 100 else (b"\n",) if at % 16 == 8 else ()
        for byte in (bytes((whole[at] ^ 1,)), *gone):
            if byte == whole[at : at + 1]:
                continue
            changed.write_bytes(whole[:at] + byte + whole[at + 1 :])
            damages = verify_journal(changed, program.runs, None).damages
            assert damages, f"byte {at}: {whole[at - 10 : at + 10]!r}"
            assert damages[0].number in (line, line + 1)


@pytest.mark.parametrize(
    ("damage", "number", "told"),
    [
        ("the first line", 2, "does not follow from line 1"),
        ("its previous", 1, "this is not how the journal of its run begins"),
        ("the last line", 10, "the seal is not that of this line"),
        ("the seal", 10, "expected a seal at the end of the line that ends the run"),
        ("a line taken out", 5, "does not follow from line 4"),
        ("the end of the last line", 10, "expected the end of the line after its last brace"),
        ("nested too deep", 3, "expected one event of a run, found nesting without end"),
        ("of another kind", 3, "expected `step` of a `statement_started` event to be of another kind"),
        ("a newer version", 1, f"written by a newer runbook-exec: version 99, and this one reads {VERSION}"),
    ],
)
def test_verify_describes_the_damage(damage: str, number: int, told: str, program: Program) -> None:
    """It prints the file, the line and the damage, and exits with 1."""
    journal = _finished(program)
    lines = journal.read_bytes().splitlines(keepends=True)
    assert len(lines) == 10
    match damage:
        case "the first line":
            lines[0] = lines[0].replace(b"fish", b"bash", 1)
        case "its previous":
            lines[0] = lines[0].replace(first_hash(json.loads(lines[0])["run"]).encode(), b"0" * 64)
        case "the last line":
            lines[-1] = lines[-1].replace(b'"failed"', b'"succeeded"')
        case "the seal":
            lines[-1] = lines[-1].replace(b'"seal"', b'"sea1"')
        case "a line taken out":
            del lines[4]
        case "the end of the last line":
            lines[-1] = lines[-1].removesuffix(b"\n")
        case "nested too deep":
            lines[2] = b"[" * 100_000 + b"\n"
        case "of another kind":
            lines[2] = lines[2].replace(b'"step":1', b'"step":"1"')
        case "a newer version":
            lines[0] = lines[0].replace(f'"journal":{VERSION}'.encode(), b'"journal":99')
    journal.write_bytes(b"".join(lines))
    ran = program.run("runs", "verify")
    assert (ran.status, ran.stderr) == (1, "")
    assert f"{journal}:{number}: " in ran.stdout
    assert told in ran.stdout.splitlines()[0]


def test_an_unchanged_journal_passes(program: Program) -> None:
    """Its seal can be compared with one that was noted elsewhere."""
    journal = _finished(program)
    seal = json.loads(journal.read_bytes().splitlines()[-1])["seal"]
    ran = program.run("runs", "verify")
    assert (ran.status, ran.stdout) == (0, f"{journal}: 10 lines, whole, sealed {seal}\n")
    assert program.run("runs", "verify", journal.name[-14:-6], "--seal", seal[:12]).status == 0
    ran = program.run("runs", "verify", str(journal), "--seal", "0" * 12)
    assert ran.status == 1
    assert f"the seal is `{seal}`, and not the one that was noted" in ran.stdout
    assert program.run("runs", "verify", "--seal", seal).status == 2


def test_a_recomputed_chain_is_found_by_its_seal(program: Program) -> None:
    """A noted seal shows that all hashes were computed again, and the signatures do on this machine."""
    journal = _finished(program)
    noted = verify_journal(journal, program.runs, None).seal
    lines = journal.read_text().splitlines()
    end = json.loads(lines[-1])
    del end["seal"]
    end["outcome"] = "succeeded"
    lines[-1] = seal_line(json.dumps(end, separators=(",", ":")))
    journal.write_text("\n".join([*lines, ""]))
    ran = program.run("runs", "verify")
    assert (ran.status, "foreign: not written by you on this machine" in ran.stdout) == (0, True)
    assert program.run("runs", "verify", str(journal), "--seal", noted).status == 1


def test_a_journal_without_its_end_is_reported(program: Program) -> None:
    """A killed run looks like one whose last lines were removed, and the message explains that."""
    journal = _finished(program)
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-2]))
    ran = program.run("runs", "verify")
    told = "8 lines, whole, and the run did not end: whether lines are missing after this cannot be told"
    assert (ran.status, ran.stdout) == (0, f"{journal}: {told}\n")
    journal.write_bytes(b"".join(lines[:-2]) + lines[-2][:30])
    ran = program.run("runs", "verify")
    assert ran.status == 0
    assert "the run did not end; a last line of 30 bytes was torn off" in ran.stdout
    assert list(read_lines(journal))[-1] == TornLine(9, 30)


@pytest.mark.parametrize("left", [b"", b'{"event":"run_st'])
def test_a_run_without_a_complete_first_line_does_not_exist(left: bytes, program: Program) -> None:
    """An empty journal is no run, and no damage."""
    program.runs.mkdir(parents=True)
    journal = program.runs / "2026-11-25T020000-00000000.jsonl"
    journal.write_bytes(left)
    ran = program.run("runs", "verify")
    assert (ran.status, ran.stdout) == (0, f"{journal}: 0 lines, the run died before anything was written\n")
    assert program.run("runs").stdout == ""


def test_a_run_in_progress_is_shown_as_running(program: Program) -> None:
    """`runs verify` and the list both show it."""
    program.write("page.md", fish_page("touch started; sleep 60"))
    with program.start("page.md", "--yes") as running:
        until = time.monotonic() + 60
        while not (program.work / "started").exists():
            assert time.monotonic() < until
            time.sleep(0.01)
        ran = program.run("runs", "verify")
        listed = json.loads(program.run("runs", "--json").stdout)
        os.kill(running.pid, signal.SIGTERM)
        assert running.wait(20) == 130
    assert (ran.status, "lines, in progress, whole so far" in ran.stdout) == (0, True)
    assert [each["outcome"] for each in listed] == ["running"]
    assert "whole, sealed" in program.run("runs", "verify").stdout


# what earlier versions wrote -----------------------------------------------------------------------------

KEPT = sorted(JOURNALS.glob("*.jsonl"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_journals_of_earlier_versions_are_read(path: Path, program: Program) -> None:
    """Each passes, shows its run, and has all reports; the file does not change."""
    before = path.read_bytes()
    events = list(read_journal(path))
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    version, wanted = path.stem.split("-")[1:]
    outcome = {"killed": "unfinished"}.get(wanted, wanted)
    assert program.run("runs", "verify", str(path)).status == 0
    ran = program.run("runs", "show", str(path))
    assert ran.stdout.splitlines()[0].endswith(f": {outcome}")
    told = json.loads(program.run("runs", "show", str(path), "--json").stdout)
    assert told["outcome"] == outcome
    assert bool(told["seal"]) == (version != "1" and outcome != "unfinished")
    assert told["steps"][0]["statements"][0]["text"] == r"printf 'key-%s-4f1c\n' 7d2b9e60"
    assert told["steps"][0]["statements"][0]["attempts"][0]["output"] == "••••••••\n"
    for kind in ("md", "html", "junit"):
        ran = program.run("runs", "report", str(path), "--format", kind)
        assert (ran.status, ran.stderr) == (0, "")
        assert ("stored on mail-1" in ran.stdout) == (outcome != "unfinished")
    assert path.read_bytes() == before


def test_every_version_has_a_journal_here() -> None:
    """A journal of each version is stored, to be read by later versions."""
    assert {int(path.stem.split("-")[1]) for path in KEPT} == set(range(1, VERSION + 1))


def test_a_journal_of_version_1_has_no_seal(program: Program) -> None:
    """A change of its last line cannot be found, and the message explains that."""
    ran = program.run("runs", "verify", str(JOURNALS / "version-1-succeeded.jsonl"))
    assert "its last line has no seal and could have been changed" in ran.stdout


def test_a_damaged_journal_has_no_record(program: Program) -> None:
    """Only the place of the damage is printed, and the list shows `damaged`."""
    journal = _finished(program)
    whole = journal.read_bytes()
    journal.write_bytes(whole.replace(b"echo one", b"echo two"))
    with pytest.raises(JournalError, match=r"\.jsonl:\d+: this line does not follow from line"):
        list(read_journal(journal))
    ran = program.run("runs", "report")
    assert (ran.status, ran.stdout) == (2, "")
    assert f"{journal}:" in ran.stderr
    journal.write_bytes(b"junk" + whole)
    assert " damaged " in program.run("runs").stdout
