"""Journals of ordered runs that are fetched from their hosts, and compared with the seal of the result."""

from __future__ import annotations

from pathlib import Path

from tests.support.program import fish_page
from tests.support.team import Team
from tests.worker.test_ordered_runs import ASKING
from tests.worker.test_signatures import allow, make_key


def find_seal(output: str) -> str:
    """Return the seal that `submit --wait` prints."""
    return output.rpartition("is sealed ")[2].strip()


def test_a_journal_is_fetched_with_its_seal(team: Team) -> None:
    """It is the same file in pieces; a byte that is changed on the host is found, and so is another seal."""
    lines = "; ".join(f"seq {start} {start + 9000}" for start in (10_000, 20_000, 30_000))
    team.program.write("page.md", fish_page(lines, *(f"seq {n}0000 {n}9999" for n in range(4, 9))))
    team.start_worker()
    done = team.run("submit", "page.md", "--on", "indri", "--id", "r1", "--wait")
    assert done.status == 0, done.output
    journal = team.program.journal_path()
    assert journal.stat().st_size > 1 << 19
    there = team.program.folder / "audit"
    there.mkdir()
    fetched = team.run("runs", "fetch", "r1", "--to", str(there))
    assert fetched.status == 0, fetched.output
    assert "its result on the server has the same seal; it was on indri" in fetched.stdout
    (copy,) = there.iterdir()
    assert (copy.name, copy.read_bytes()) == (journal.name, journal.read_bytes())
    assert copy.stat().st_mode & 0o777 == 0o600
    assert team.run("runs", "verify", str(copy), "--seal", find_seal(done.stdout)).status == 0
    assert team.run("runs", "verify", str(copy), "--seal", "0" * 64).status == 1
    assert team.run("runs", "fetch", "r1", "--to", str(there)).status == 0
    copy.unlink()
    journal.write_bytes(journal.read_bytes().replace(b"40001", b"40002", 1))
    changed = team.run("runs", "fetch", "r1", "--to", str(there))
    assert changed.status == 1, changed.output
    for words, why in (
        (("r2",), "the server does not know the host of run `r2`; name it with `--on HOST`"),
        (("r1", "--on", "sandbar"), "run `r1` is on indri, and not on sandbar"),
        (("r2", "--on", "indri"), "host indri has no journal of an ordered run `r2`"),
        (("../r1", "--on", "indri"), "expected"),
        (("r1", "--to", "missing"), "cannot write `missing/"),
    ):
        refused = team.run("runs", "fetch", *words)
        assert (refused.status, why in refused.stderr) == (2, True), refused.output


def test_what_a_person_runs_stays_on_the_host(team: Team) -> None:
    """Only ordered runs are fetched; the journal of an open one is what there is so far."""
    team.program.write("page.md", ASKING)
    team.start_worker()
    team.run("page.md", "--yes", "--id", "private")
    refused = team.run("runs", "fetch", "private", "--on", "indri")
    assert (refused.status, "no journal of an ordered run" in refused.stderr) == (2, True)
    run = team.submit()
    team.wait_for_question(run, "2.1  asks")
    fetched = team.run("runs", "fetch", run)
    assert fetched.status == 0, fetched.output
    assert "whole, " in fetched.stdout
    assert "the server has no seal to compare it with" in fetched.stdout


def test_a_host_with_signers_gives_journals_to_them(team: Team, tmp_path: Path) -> None:
    """Without a signature that counts, a host with `--signers` gives nothing."""
    ada, eve = make_key(tmp_path, "ada"), make_key(tmp_path, "eve")
    signers = str(allow(tmp_path, "ada"))
    team.program.write("page.md", ASKING)
    team.start_worker("--host", "indri", "--control", "--pages", str(team.program.work), "--signers", signers)
    run = team.submit("--sign", ada)
    team.wait_for_question(run, "2.1  asks")
    for words in ((), ("--sign", eve)):
        refused = team.run("runs", "fetch", run, *words)
        assert refused.status == 2
        assert "the request for the journal: it " in refused.stderr
    assert team.run("runs", "fetch", run, "--sign", ada).status == 0
