"""Scheduled pages: whether one is due, what then runs, and what pauses a schedule."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from runbook_exec.errors import Refused
from runbook_exec.worker.legs import LegConductor
from runbook_exec.worker.orders import DAY, Leg, Order, RemoteAnswer
from runbook_exec.worker.places import read_place
from runbook_exec.worker.schedules.due_check import find_due_facts
from tests.support.due_times import answer_when_asked, make_standing_order, start_due, wait_for_phase
from tests.support.legs import LegWorld
from tests.support.program import Program, fish_page
from tests.support.team import Team

CADENCE = "---\nrunbook: {cadence: 75d}\n---\n"

ASKING = CADENCE + (
    "# Page\n\n## Steps\n\n### One\n\n```fish\necho one >>log\n```\n\n### Two\n\n"
    '<!-- runbook: confirm="Go on?" -->\n```fish\necho two >>log\n```\n'
)


def test_a_due_page_runs_once_and_waits_for_a_person(team: Team) -> None:
    """The run is named by schedule and time, another process answers it, and then the page is not due."""
    team.program.write("page.md", ASKING)
    team.start_worker()

    async def use() -> None:
        client = await Client.connect(team.server, namespace=team.namespace)
        order = make_standing_order(every=0.0)
        first = await start_due(client, order)
        run = (await wait_for_phase(first, "running")).run
        assert run.startswith(f"{order.schedule}.2")
        await answer_when_asked(client, team, run, "run")
        ended = await first.result()
        assert (ended.phase, ended.outcome, ended.every) == ("ended", "succeeded", 75 * DAY)
        second = await (await start_due(client, order)).result()
        assert (second.phase, second.run) == ("not due", "")

    asyncio.run(use())
    assert team.read_effects() == ["one", "two"]


def test_a_run_by_hand_counts(team: Team) -> None:
    """After a failure the page is due still, and it is not once a person has run it."""
    team.program.write("page.md", fish_page("echo hand >>log; test -e good"))
    team.start_worker()

    async def use() -> None:
        client = await Client.connect(team.server, namespace=team.namespace)
        order = make_standing_order(on_failure="stop")
        with pytest.raises(WorkflowFailureError) as failure:
            await (await start_due(client, order)).result()
        cause = failure.value.cause
        assert isinstance(cause, ApplicationError)
        assert cause.type == "failed"
        team.program.write("good", "")
        done = await asyncio.to_thread(team.run, "page.md", "--yes")
        assert done.status == 0, done.output
        assert (await (await start_due(client, order)).result()).phase == "not due"

    asyncio.run(use())
    assert team.read_effects() == ["hand", "hand"]


def test_a_host_refuses_a_schedule_that_cannot_run(team: Team) -> None:
    """Without the page on the host, or without a cadence, nothing runs, and the reason comes back."""
    team.program.write("page.md", fish_page("echo one >>log"))
    team.start_worker()

    async def use() -> None:
        client = await Client.connect(team.server, namespace=team.namespace)
        for order, why in (
            (make_standing_order(every=0.0), "host indri: page.md has no `cadence` in its front matter"),
            (make_standing_order(page="other.md"), "host indri has no `other.md` in the folder that its"),
        ):
            with pytest.raises(WorkflowFailureError) as failure:
                await (await start_due(client, order)).result()
            cause = failure.value.cause
            assert isinstance(cause, ApplicationError)
            assert cause.type == "refused"
            assert why in cause.message

    asyncio.run(use())
    assert team.read_effects() == []


WRONG = (
    ("", "expected `FILE --on HOST`, `--list`, or `--pause`"),
    ("page.md", "expected `FILE --on HOST`, `--list`, or `--pause`"),
    ("page.md --on indri --pause page@indri", "`--pause` is for schedules that exist: leave FILE and"),
    ("page.md --on in/dri", "`--on`: "),
    ("page.md --on indri", "page.md: expected a `cadence` in its front matter, or `--every DURATION`"),
    ("page.md --on indri --every 0.5s", "`--every 0.5s`: expected a second or more"),
    (f"page.md --on indri --every 1d --id {'x' * 61}", "expected an id of at most 60 characters"),
    ("page.md --on indri --every 1d", "this server has no schedules; they need Temporal 1.17 or later"),
)


def test_wrong_schedules_are_refused(team: Team) -> None:
    """The message says what was wrong, and nothing is made."""
    team.program.write("page.md", fish_page("echo one >>log"))
    for words, why in WRONG:
        done = team.run("schedule", *words.split())
        assert (done.status, done.stdout) == (2, ""), words
        assert why in done.stderr


VALUES = CADENCE + "# Page\n\n## Steps\n\n```fish\necho <name> >>log\n```\n"


def test_a_page_is_due_by_the_journals_of_its_host(program: Program) -> None:
    """The last success counts with the same values, by any procedure path, for the cadence and not longer."""
    program.write("page.md", VALUES)
    order = make_standing_order(every=0.0, values={"name": "orders"})
    state, pages = program.runs.parent, program.work
    now = datetime.now(UTC)

    def is_due(order: Order, days: float) -> bool:
        return find_due_facts(order, state, pages, now + timedelta(days=days)).is_due

    assert is_due(order, 0)
    assert program.run("page.md", "--yes", "--set", "name=orders").status == 0
    assert [is_due(order, days) for days in (0, 74.9, 75.1)] == [False, False, True]
    assert is_due(replace(order, values={"name": "users"}), 0)
    assert not is_due(replace(order, values={}), 0)
    assert is_due(replace(order, every=DAY), 2)
    assert not is_due(replace(order, page="repo/docs/page.md"), 0)
    assert not is_due(replace(order, text=VALUES), 0)
    with pytest.raises(Refused, match="--fixed"):
        is_due(replace(order, page="../page.md"), 0)


def test_a_host_begins_no_scheduled_run_that_is_not_due(legs: LegWorld) -> None:
    """A second run of a schedule does nothing on a host where the page is not due, whoever sends it."""
    order = make_standing_order(text=fish_page("echo one >>log"), heartbeat=20.0)
    outcomes = [
        legs.run(replace(order, run=f"{order.schedule}.2026113{day}T000000Z")).outcome for day in (0, 1)
    ]
    assert outcomes == ["succeeded", "not due"]
    assert legs.read_effects() == ["one"]


def test_a_scheduled_run_keeps_the_page_that_it_began_with(legs: LegWorld) -> None:
    """The host's own page runs; an edit while the run waits changes nothing in it."""
    order = make_standing_order(every=DAY, heartbeat=20.0)
    order = replace(order, run=f"{order.schedule}.20261130T000000Z")
    legs.program.write("page.md", ASKING)
    leg = Leg(order, read_place(legs.host.state))
    waits = legs.finish(LegConductor(leg, legs.host))
    assert waits.question is not None
    legs.program.write("page.md", ASKING.replace("echo two", "echo other"))
    answer = RemoteAnswer(waits.question.id, "run", by="bob")
    ended = legs.finish(LegConductor(replace(leg, seen=waits.seen, answers=(answer,)), legs.host))
    assert ended.outcome == "succeeded"
    assert legs.read_effects() == ["one", "two"]
