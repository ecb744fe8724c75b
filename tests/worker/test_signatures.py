"""A host that takes only what someone in its file of signers has signed."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbook_exec.engine.events import Answered
from runbook_exec.errors import Refused
from runbook_exec.worker.orders import Order, RemoteAnswer
from runbook_exec.worker.signatures import make_answer_text, make_order_text, sign_text
from tests.support.legs import LegWorld
from tests.support.team import Team

PAGE = (
    "# Page\n\n## Steps\n\n### One\n\n```fish\necho one >>log\n```\n\n### Two\n\n"
    '<!-- runbook: confirm="Go on?" -->\n```fish\necho two >>log\n```\n'
)


def make_key(folder: Path, name: str) -> str:
    """Return the path of a new ssh key."""
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
    return str(path)


def allow(folder: Path, name: str) -> Path:
    """Return a file of signers with the key of this name alone."""
    key = " ".join((folder / f"{name}.pub").read_text().split()[:2])
    signers = folder / "signers"
    signers.write_text(f'{name}@example.org namespaces="runbook-exec" {key}\n')
    return signers


def sign(order: Order, key: str) -> Order:
    """Return the order with a signature."""
    return replace(order, signature=sign_text(make_order_text(order), key))


def test_only_a_signed_order_runs(legs: LegWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unsigned, by another signer, with a changed byte, for another host or too old: nothing runs."""
    monkeypatch.setenv("RUNBOOK_EXEC_TRUSTED", "")
    ada, eve = make_key(tmp_path, "ada"), make_key(tmp_path, "eve")
    legs.host = legs.host._replace(signers=allow(tmp_path, "ada"))
    now = datetime.now(UTC)
    order = Order("r1", "indri", "page.md", PAGE, issued=now.isoformat())
    good = sign(order, ada)
    old = sign(replace(order, issued=(now - timedelta(days=31)).isoformat()), ada)
    changed = "it was changed after `ada@example.org` had signed it"
    refused = (
        (order, "it is not signed, and this host takes only what someone in"),
        (sign(order, eve), "it is not signed by anyone in"),
        (
            replace(good, text=PAGE.replace("one", "won")),
            changed,
        ),
        (replace(good, values={"name": "other"}), changed),
        (replace(good, host="sandbar"), "the order is for host sandbar, and this is indri"),
        (replace(good, signature="nonsense"), "it is not signed by anyone in"),
        (old, "it was signed 31 days ago"),
    )
    for each, why in refused:
        with pytest.raises(Refused, match=why):
            legs.run(each)
    assert not legs.read_effects()
    result = legs.run(good)
    assert result.question is not None
    assert (result.outcome, result.question.kind, legs.read_effects()) == ("waiting", "confirm", ["one"])


def test_a_signed_schedule_orders_its_own_runs(
    legs: LegWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One signature is for all runs of a schedule, for 400 days, and for nothing that it does not hold."""
    monkeypatch.setenv("RUNBOOK_EXEC_TRUSTED", "")
    ada = make_key(tmp_path, "ada")
    legs.host = legs.host._replace(signers=allow(tmp_path, "ada"))
    now = datetime.now(UTC)
    issued = (now - timedelta(days=300)).isoformat()
    order = Order("", "indri", "page.md", PAGE, issued=issued, schedule="page@indri", every=60.0)
    good = replace(sign(order, ada), run="page@indri.20261130T000000Z")
    old = sign(replace(order, issued=(now - timedelta(days=401)).isoformat()), ada)
    changed = "it was changed after `ada@example.org` had signed it"
    refused = (
        (replace(good, run="other@indri.20261130T000000Z"), "it was signed for schedule `page@indri`"),
        (replace(good, schedule="page"), changed),
        (replace(good, every=1.0), changed),
        (replace(good, schedule=""), changed),
        (replace(old, run=good.run), "it was signed 401 days ago, and nothing begins after 400"),
        (replace(sign(replace(order, text=""), ada), run=good.run), "its commands are not trusted"),
    )
    for each, why in refused:
        with pytest.raises(Refused, match=why):
            legs.run(each)
    assert not legs.read_effects()
    assert legs.run(good).outcome == "waiting"
    assert legs.run(replace(good, run="page@indri.20270213T000000Z")).outcome == "waiting"
    assert legs.read_effects() == ["one", "one"]


def test_only_a_signed_answer_counts(legs: LegWorld, tmp_path: Path) -> None:
    """The question is asked again with the reason; the journal names the signer, whatever the answer says."""
    ada, eve = make_key(tmp_path, "ada"), make_key(tmp_path, "eve")
    legs.host = legs.host._replace(signers=allow(tmp_path, "ada"))
    order = sign(Order("r1", "indri", "page.md", PAGE, issued=datetime.now(UTC).isoformat()), ada)
    asked = legs.run(order)
    assert asked.question is not None
    answer = RemoteAnswer(asked.question.id, "run", by="the boss")
    other_run = replace(answer, signature=sign_text(make_answer_text("r2", answer), ada))
    by_eve = replace(answer, signature=sign_text(make_answer_text("r1", answer), eve))
    for wrong in (answer, other_run, by_eve):
        result = legs.run(order, wrong, seen=asked.seen)
        assert result.question is not None
        assert result.question.id == asked.question.id
        assert result.question.problem.startswith("it ")
    assert legs.read_effects() == ["one"]
    signed = replace(answer, signature=sign_text(make_answer_text("r1", answer), ada))
    assert legs.run(order, signed, seen=asked.seen).outcome == "succeeded"
    assert legs.read_effects() == ["one", "two"]
    answers = [e for e in legs.program.read_events() if isinstance(e, Answered) and e.question == "confirm"]
    assert [each.by.partition(" via ")[0] for each in answers] == ["ada@example.org"]


def test_orders_are_signed_by_options(team: Team, tmp_path: Path) -> None:
    """`submit` and `answer` sign with `--sign`; without it the submitter reads why the host refused."""
    key = make_key(tmp_path, "ada")
    team.program.write("page.md", PAGE)
    signers = str(allow(tmp_path, "ada"))
    words = ("--host", "indri", "--control", "--pages", str(team.program.work), "--signers", signers)
    team.start_worker(*words, env={"RUNBOOK_EXEC_TRUSTED": ""})
    done = team.run("submit", "page.md", "--on", "indri", "--wait")
    assert done.status == 2
    assert "host indri: the order of page.md: it is not signed" in done.stderr
    run = team.submit("--sign", key)
    team.wait_for_question(run, "2.1  asks: Go on?")
    assert team.run("answer", run, "run").status == 0
    team.wait_for_question(run, "the last answer was refused: it is not signed")
    assert team.run("answer", run, "run", "--sign", key).status == 0, shlex.join(words)
    team.wait_for_end(run)
    assert team.read_effects() == ["one", "two"]
