"""What is done for a leg: a table, a property of every case, and real runs that are delivered again."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_exec.errors import Refused
from runbook_exec.journal.journal import read_journal
from runbook_exec.worker.child_process import LegLock, end_leg
from runbook_exec.worker.journal_view import RunFacts
from runbook_exec.worker.leg_cleanup import remove_old_legs
from runbook_exec.worker.legs import (
    LegAction,
    LegConductor,
    WrongPlace,
    choose_action,
    name_loss,
)
from runbook_exec.worker.orders import Leg, LegResult, OpenQuestion, Order
from runbook_exec.worker.places import read_place
from tests.support.legs import LegWorld
from tests.support.program import fish_page

ASKS = OpenQuestion("confirm:2.1:5", "confirm", ("run", "skip", "quit"))
DONE = "succeeded"

# what the journal says, how much the workflow has seen, which questions have an answer: what is done
TABLE = (
    (RunFacts(), 0, (), LegAction.BEGIN),
    (RunFacts(3), 0, (), LegAction.RESUME),  # it died
    (RunFacts(3, is_running=True), 0, (), LegAction.ATTACH),
    (RunFacts(9, outcome=DONE), 0, (), LegAction.RETURN),  # delivered twice
    (RunFacts(9, outcome="failed"), 5, (), LegAction.RETURN),
    (RunFacts(9, outcome="stopped"), 9, (), LegAction.RETURN),
    (RunFacts(6, question=ASKS, outcome="waiting"), 0, (), LegAction.RETURN),
    (RunFacts(6, question=ASKS, outcome="waiting"), 6, ("confirm:2.1:4",), LegAction.RETURN),  # an old answer
    (RunFacts(6, question=ASKS, outcome="waiting"), 6, (ASKS.id,), LegAction.RESUME),
    (RunFacts(5, question=ASKS), 0, (), LegAction.RESUME),  # it died while it asked
    (RunFacts(5, question=ASKS, is_running=True), 0, (), LegAction.ATTACH),  # its end is about to be written
    (RunFacts(5, question=ASKS, is_running=True, is_held=True), 0, (), LegAction.RETURN),
    (RunFacts(5, question=ASKS, is_running=True, is_held=True), 5, (ASKS.id,), LegAction.HAND_IN),
    (RunFacts(7, is_running=True, is_held=True), 5, (ASKS.id,), LegAction.ATTACH),  # the answer has arrived
    (RunFacts(), 5, (), LegAction.ASK_LOSS),
    (RunFacts(3, is_running=True), 5, (), LegAction.ASK_LOSS),
    (RunFacts(), 5, (name_loss(5, 0),), LegAction.BEGIN),
    (RunFacts(3), 5, (name_loss(5, 3),), LegAction.RESUME),
    (RunFacts(3), 5, (name_loss(5, 0),), LegAction.RESUME),  # it has run again since
    (RunFacts(), 5, (name_loss(5, 3),), LegAction.ASK_LOSS),  # it was another loss
)


def test_the_table_of_a_leg() -> None:
    """Each state of the journal leads to one action, and to none on another machine."""
    for facts, seen, answered, action in TABLE:
        assert choose_action(facts, seen, answered, is_here=True) == action, facts
        assert choose_action(facts, seen, answered, is_here=False) == LegAction.LEAVE


@given(
    facts=st.builds(
        RunFacts,
        seq=st.integers(0, 9),
        is_running=st.booleans(),
        is_held=st.booleans(),
        question=st.sampled_from([None, ASKS]),
        outcome=st.sampled_from(["", "succeeded", "partial", "failed", "stopped", "waiting"]),
    ),
    seen=st.integers(0, 9),
    answered=st.sets(st.sampled_from([ASKS.id, "lost:5:3", "lost:5:0"])),
)
def test_no_leg_begins_what_has_begun(facts: RunFacts, seen: int, answered: set[str]) -> None:
    """In every state: nothing starts beside a process, begins twice, or goes past an open question."""
    action = choose_action(facts, seen, answered, is_here=True)
    starts = action in (LegAction.BEGIN, LegAction.RESUME)
    assert not (starts and facts.is_running)
    assert not (action is LegAction.BEGIN and facts.seq)
    asks = facts.question is not None and facts.question.id not in answered
    assert not (starts and facts.outcome == "waiting" and asks and facts.seq)
    assert not (starts and facts.seq and facts.outcome in ("succeeded", "partial", "failed", "stopped"))
    losses = {name_loss(seen, had) for had in range(facts.seq + 1)}
    assert not (starts and facts.seq < seen and not losses & answered)


PAGE = fish_page("echo one >>log", "echo two >>log")


def test_a_leg_at_every_cut_of_its_journal(legs: LegWorld) -> None:
    """However a journal was cut, no effect comes twice, and a statement in flight is asked about."""
    assert legs.run(PAGE).outcome == "succeeded"
    journal = legs.program.journal_path()
    lines = journal.read_bytes().splitlines(keepends=True)
    events = [event.event for event in read_journal(journal)]
    started = [number for number, name in enumerate(events, 1) if name == "statement_started"]
    for cut in (0, 1, started[0], started[0] + 1, started[1], started[1] + 1, len(lines) - 1, len(lines)):
        kept = lines[:cut]
        journal.write_bytes(
            b"".join(kept) + (lines[cut][: len(lines[cut]) // 2] if cut < len(lines) else b"")
        )
        had = ["one", "two"][: sum(name == "statement_started" for name in events[:cut])]
        (legs.program.work / "log").write_text("".join(f"{name}\n" for name in had))
        first, second = legs.run(PAGE), legs.run(PAGE)
        assert (first.outcome, first.question) == (second.outcome, second.question)
        in_flight = cut in started
        assert (first.question.kind if first.question else "") == ("doubt" if in_flight else ""), cut
        assert legs.read_effects() == (had if in_flight else ["one", "two"]), cut
        for each in legs.program.runs.glob("*.jsonl"):
            if each != journal:
                each.unlink()  # an empty journal was replaced by one of another time
    assert first.seal


def test_deliveries_at_once_run_a_page_once(legs: LegWorld) -> None:
    """Two deliveries that go on together end with one run and one result."""
    both = [legs.start(PAGE), legs.start(PAGE)]
    ended: dict[int, LegResult] = {}
    for number in itertools.cycle(range(2)):
        step = both[number].advance() if number not in ended else None
        if isinstance(step, LegResult):
            ended[number] = step
        if len(ended) == 2:
            break
        time.sleep(0.01)
    assert ended[0] == ended[1]
    assert ended[0].outcome == "succeeded"
    assert legs.read_effects() == ["one", "two"]


def test_a_leg_that_dies_with_its_shell_is_resumed(legs: LegWorld) -> None:
    """A leg that is told to end has stopped, and is not begun again by another delivery."""
    page = fish_page("echo one >>log; while not test -e go; sleep 0.05; end")
    conductor = legs.start(page)
    while not legs.read_effects():
        conductor.advance()
        time.sleep(0.02)
    assert LegLock.take(legs.files.lock) is None
    assert end_leg(legs.files)
    assert legs.finish(conductor).outcome == "stopped"
    assert not end_leg(legs.files)
    assert legs.run(page).outcome == "stopped"
    assert legs.read_effects() == ["one"]


def test_another_place_is_left_alone(legs: LegWorld) -> None:
    """A run whose journal is on another machine is not touched."""
    with pytest.raises(WrongPlace, match="another machine with the name indri"):
        legs.start(PAGE, place="0" * 32)
    assert not legs.files.lock.exists()


def test_a_result_has_events_and_no_output(legs: LegWorld) -> None:
    """What travels is what happened; output only of a statement that failed, and its end."""
    page = fish_page("echo plenty", "sh -c 'echo reason; false'")
    result = legs.run(page)
    assert result.question is not None
    assert (result.outcome, result.question.kind) == ("waiting", "failed")
    assert result.output == "reason\n"
    names = [event["event"] for event in result.events]
    assert names[0] == "run_started"
    assert "output" not in names
    assert "text" not in result.events[0]


def test_an_order_reaches_no_other_file(legs: LegWorld) -> None:
    """The id of a run is no path, and no option of an order names a file, a text or another host."""
    good = Order("r1", "indri", "page.md", PAGE)
    for each in (
        replace(good, run="../r1"),
        replace(good, run=""),
        replace(good, options=("--inputs", "/etc/passwd")),
        replace(good, options=("--text", "/etc/passwd")),
        replace(good, options=("--on", "sandbar")),
    ):
        with pytest.raises(Refused, match=r"`--id`: expected|needs the id|an order takes no settings file"):
            legs.run(each)
    assert not legs.read_effects()
    assert not any(legs.program.runs.glob("*"))


def test_a_page_outside_its_folder_is_refused(legs: LegWorld) -> None:
    """An order cannot name a page by a path that leaves the folder of pages."""
    for page in ("/etc/passwd", "../page.md"):
        order = Order("r1", "indri", page, PAGE)
        leg = Leg(order, read_place(legs.host.state))
        with pytest.raises(Exception, match="expected a path inside the repository"):
            legs.finish(LegConductor(leg, legs.host))
    assert not list(legs.program.work.iterdir())


END = fish_page("true")


def test_the_files_of_old_legs_are_removed(legs: LegWorld) -> None:
    """They are kept while a run waits, and for 30 days after its end, unless the run is pruned."""
    asking = fish_page("true", above='<!-- runbook: confirm="Go on?" -->')
    for run, text in (("waits", asking), ("pruned", END)):
        legs.run(Order(run, "indri", "page.md", text))
    folder = legs.host.state / "legs"
    later = time.time() + 31 * 86400

    def list_files() -> set[str]:
        return {path.stem for path in folder.iterdir()}

    assert remove_old_legs(legs.host.state, time.time()) == []
    pruned = next(legs.program.runs.glob("*-pruned.jsonl"))
    assert legs.program.run("runs", "prune", "--keep", "0").status == 0
    assert not pruned.exists()
    assert list_files() == {"waits"}
    legs.run(Order("again", "indri", "page.md", END))
    assert remove_old_legs(legs.host.state, later) == ["again"]
    assert list_files() == {"waits"}
