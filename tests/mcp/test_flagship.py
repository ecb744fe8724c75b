"""An agent drives the flagship in the practice world, and a person has the terminal."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from practice.forgejo import serving
from practice.run import RUNBOOK, outcomes
from practice.world import LOGIN_CODE, World, create
from tests.support.agent import Agent, ToolFailed, kill_runs, start_agent
from tests.support.paths import REPOSITORY
from tests.support.program import COMMAND
from tests.support.screen import ENTER, Screen, open_screen


async def begin(agent: Agent) -> str:
    """Have the agent find the page and start its run; returns the id."""
    found = await agent.call("list_runbooks", search="rotate token")
    (page,) = [each["page"] for each in found["runbooks"]]
    assert page == f"runbooks/{RUNBOOK.name}"
    shown = await agent.call("show", page=page)
    assert shown["person_confirms_each_command"] is True
    givers = {each["name"]: each["given_by"] for each in shown["values"]}
    assert givers == {"paste-new-token": "person", "old-token-id": "agent"}
    started = await agent.call("start", page=page)
    question = (await agent.wait_for(started["run"], "asks", "run"))["question"]
    assert question["answered_by"] == "person"
    assert question["person"] == f"runbook-exec attach {started['run']}"
    return str(started["run"])


def approve_up_to_the_list(person: Screen) -> None:
    """Have the person confirm the steps, log in, and do the step by hand."""
    person.wait("1 of 7 ›")
    person.type(ENTER)
    person.wait("paste code here if prompted >")
    person.type(LOGIN_CODE, ENTER)
    for number in range(2, 6):
        if number in (2, 4):  # the page has text below the commands before it
            person.wait("enter continue")
            person.type(ENTER)
        person.wait(f"{number} of 7 ›")
        person.type(ENTER)
    person.wait("enter continue")
    person.type(ENTER)
    person.wait("d done", "5b. Confirm that CI deploys", "5b (6 of 7) ›")
    person.type("d")
    person.wait("6 (7 of 7) ›")
    person.type(ENTER)
    person.wait("<old-token-id>  pick one")


def list_tokens(world: World) -> set[str]:
    """Return every token that the world has had: the old one, and the one in the vault now."""
    items = [item for vault in world.state()["vaults"] for item in vault["items"]]
    fields = [field for item in items for field in item["fields"] if field["label"] == "deploy-token"]
    return {field["value"].split("fm2_")[-1] for field in fields}


@pytest.mark.asyncio
async def test_an_agent_rotates_the_token_and_never_sees_it(tmp_path: Path) -> None:
    """The person attaches, types the code and approves; the agent gives an id and gets the report."""
    world = create(tmp_path / "world", browser=False)
    environment = world.environment(os.environ) | {"PYTHONPATH": str(REPOSITORY)}
    tokens = list_tokens(world)
    folder = tmp_path / "runbooks"  # without the lock file, by which the commands would be trusted
    folder.mkdir()
    shutil.copy(RUNBOOK, folder)
    runs = world.folder / "runs" / "runbook-exec" / "runs"
    with serving(str(world.folder)):
        environment |= {"FORGEJO_URL": world.environment({})["FORGEJO_URL"]}
        try:
            async with start_agent(tmp_path / "agent", world.work, environment, str(folder)) as agent:
                run = await begin(agent)
                with open_screen([*COMMAND, "attach", run], world.work, environment) as person:
                    approve_up_to_the_list(person)
                    asked = await agent.wait_for(run, "asks", "value")
                    assert asked["question"]["answered_by"] == "agent"
                    old = str(world.state()["old_token"])
                    assert any(old in event.get("text", "") for event in agent.events)
                    question = asked["question"]["id"]
                    await agent.call("answer", run=run, question=question, answer=old)
                    answered = await agent.wait_for(run, "asks", "run")
                    assert answered["question"]["text"].endswith(f"fly tokens revoke {old}")
                    with pytest.raises(ToolFailed, match="is not yours to answer"):
                        await agent.call("answer", run=run, question=answered["question"]["id"], answer="run")
                    person.wait_until(
                        lambda shown: f"revoke {old}" in shown and shown.endswith("6 (7 of 7) ›"),
                        "the question about the last command",
                    )
                    person.type(ENTER)
                    person.wait("Done.")
                    assert person.wait_status() == 0
                await agent.wait_for(run, "succeeded")
                report = await agent.call("report", run=run)
                received = agent.received()
        finally:
            kill_runs(runs)
    assert "5b" in report["text"]
    assert all(done for _, done in outcomes(world))
    tokens |= list_tokens(world)
    assert len(tokens) == 2
    parts = {token[at : at + 8] for token in tokens for at in range(len(token) - 7)}
    assert [part for part in parts if part in received] == []
    assert "••••••••" in received
