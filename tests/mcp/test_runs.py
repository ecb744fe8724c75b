"""Runs that an agent starts: what runs by itself, who answers, and that nothing depends on the server."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator

import pytest

from runbook_exec.engine.events import Answered, RunStarted, StatementFinished
from runbook_exec.engine.state import State, apply
from tests.support.agent import PATIENCE, Agent, ToolFailed, kill_runs, serve_page, start_agent
from tests.support.program import COMMAND, Program
from tests.support.screen import ENTER, open_screen

PAGE = """# Page

## Procedure

### 1. Begin

```bash
echo begin >>log
```

### 2. Ship

<!-- runbook: confirm="ship it?" -->
```bash
echo "ship <region>" >>log
```

### 3. Pick

=== "One"

    ```bash
    echo one >>log
    ```

=== "Two"

    ```bash
    echo two >>log
    ```
"""

SLOW = """# Page

## Procedure

### 1. Begin

```bash
echo begin >>log; while [ ! -e go ]; do sleep 0.05; done; echo end >>log
```

### 2. End

```bash
echo after >>log
```
"""


@pytest.fixture(autouse=True)
def _end_runs(program: Program) -> Iterator[None]:
    """Kill the runs that a test has left."""
    yield
    kill_runs(program.runs)


def trust(program: Program) -> None:
    """Trust the page, as a person does."""
    ran = program.run("trust", "runbooks/page.md", "--yes", env={"RUNBOOK_EXEC_TRUSTED": None})
    assert ran.status == 0, ran.output


def read_log(program: Program) -> list[str]:
    """Return the lines that the statements have written."""
    path = program.work / "log"
    return path.read_text().splitlines() if path.exists() else []


def wait_for_log(program: Program, *lines: str) -> None:
    """Wait until the statements have written these lines."""
    until = time.monotonic() + PATIENCE
    while read_log(program) != list(lines):
        assert time.monotonic() < until, read_log(program)
        time.sleep(0.05)


@pytest.mark.asyncio
async def test_trusted_commands_run_and_the_agent_answers_what_is_left_to_it(program: Program) -> None:
    """A value and a choice are the agent's; the `confirm` of the page is the person's."""
    serve_page(program, PAGE)
    trust(program)
    async with start_agent(program.folder / "agent", program.work, program.environment()) as agent:
        started = await agent.call("start", page="runbooks/page.md")
        run = started["run"]
        asked = await agent.wait_for(run, "asks", "value")
        assert read_log(program) == ["begin"]
        assert asked["question"]["answered_by"] == "agent"
        await agent.call("answer", run=run, question=asked["question"]["id"], answer="eu")
        asked = await agent.wait_for(run, "asks", "confirm")
        assert (asked["question"]["answered_by"], asked["question"]["asks"]) == ("person", "ship it?")
        with open_screen([*COMMAND, "attach", run], program.work, program.environment()) as person:
            person.wait("ship it?", "y yes")
            person.type("y")
            asked = await agent.wait_for(run, "asks", "choose")
            assert asked["question"]["labels"] == ["One", "Two"]
            await agent.call("answer", run=run, question=asked["question"]["id"], answer="Two")
            assert person.wait_status() == 0
        await agent.wait_for(run, "succeeded")
    assert read_log(program) == ["begin", "ship eu", "two"]
    events = program.read_events()
    assert isinstance(events[0], RunStarted)
    assert events[0].agent
    by = {e.question: e.by for e in events if isinstance(e, Answered) and e.id}
    assert by["value"].startswith(f"agent {events[0].agent} via ")
    assert by["choose"].startswith(f"agent {events[0].agent} via ")
    assert "/dev/" in by["confirm"]


@pytest.mark.asyncio
async def test_commands_that_are_not_trusted_wait_for_a_person(program: Program) -> None:
    """Each of them is confirmed in an attached terminal, also after a change of a trusted page."""
    serve_page(program, PAGE)
    trust(program)
    serve_page(program, PAGE.replace("echo begin", "echo changed"))
    async with start_agent(program.folder / "agent", program.work, program.environment()) as agent:
        shown = await agent.call("show", page="runbooks/page.md")
        assert shown["person_confirms_each_command"] is True
        started = await agent.call("start", page="runbooks/page.md", values={"region": "eu"})
        await agent.wait_for(started["run"], "asks", "run")
        with open_screen([*COMMAND, "attach"], program.work, program.environment()) as person:
            person.wait("started\xa0by\xa0agent\xa0mcp", "echo changed", "1 of 3 ›")
            assert read_log(program) == []
            person.type(ENTER)
            person.wait("2 of 3 ›")
        assert read_log(program) == ["changed"]


@pytest.mark.asyncio
async def test_a_program_that_asks_is_answered_in_the_terminal(program: Program) -> None:
    """The agent sees the prompt and the command for the person, and never what the terminal hides."""
    serve_page(program, '# Page\n\n## Steps\n\n```bash\nread -s -p "code? " code; echo "ok ${#code}"\n```\n')
    trust(program)
    async with start_agent(program.folder / "agent", program.work, program.environment()) as agent:
        run = (await agent.call("start", page="runbooks/page.md"))["run"]
        until = time.monotonic() + PATIENCE
        while "if_it_waits_for_input" not in (
            now := (await agent.call("state", run=run)).get("runs_now", {})
        ):
            assert time.monotonic() < until, now
        assert now["if_it_waits_for_input"] == f"runbook-exec attach {run}"
        assert any(event.get("text", "").endswith("code? ") for event in agent.events)
        with open_screen([*COMMAND, "attach", run], program.work, program.environment()) as person:
            person.wait_last("code?")
            person.type("correct-horse", ENTER)
            assert person.wait_status() == 0
        await agent.wait_for(run, "succeeded")
        await agent.call("report", run=run)
        received = agent.received()
    assert "ok 13" in received
    assert "correct" not in received


async def begin_slow_statement(program: Program, agent: Agent) -> str:
    """Start a page whose first statement goes on until the test ends it; returns the run."""
    started = await agent.call("start", page="runbooks/page.md")
    wait_for_log(program, "begin")
    return str(started["run"])


def count_runs_of_statements(program: Program) -> list[int]:
    """Return the lines of the statements that have finished, in order."""
    return [event.line for event in program.read_events() if isinstance(event, StatementFinished)]


@pytest.mark.asyncio
async def test_a_page_is_started_once_by_several_agents(program: Program) -> None:
    """Of calls at the same time, by one agent or by two, one starts a run."""
    serve_page(program, SLOW)
    trust(program)
    work, variables = program.work, program.environment()
    async with start_agent(program.folder / "a", work, variables) as one:  # noqa: SIM117 - read in order
        async with start_agent(program.folder / "b", work, variables) as two:
            calls = [each.call("start", page="runbooks/page.md") for each in (one, two, one, two)]
            ends = await asyncio.gather(*calls, return_exceptions=True)
    refused = [str(each) for each in ends if isinstance(each, ToolFailed)]
    assert len(refused) == 3, ends
    assert all("of this page is in progress" in each for each in refused)
    assert len(list(program.runs.glob("*.jsonl"))) == 1
    wait_for_log(program, "begin")


@pytest.mark.asyncio
async def test_a_run_goes_on_when_the_server_is_killed_in_a_statement(program: Program) -> None:
    """The statement ends, the next one runs, nothing runs twice, and another server sees it all."""
    serve_page(program, SLOW)
    trust(program)
    async with start_agent(program.folder / "agent", program.work, program.environment()) as agent:
        run = await begin_slow_statement(program, agent)
        agent.kill_server()
    async with start_agent(program.folder / "second", program.work, program.environment()) as agent:
        (listed,) = (await agent.call("state"))["runs"]
        assert (listed["run"], listed["status"]) == (run, "running")
        with pytest.raises(ToolFailed, match=f"run {run} of this page is in progress"):
            await agent.call("start", page="runbooks/page.md")
        (program.work / "go").touch()
        await agent.wait_for(run, "succeeded")
    assert read_log(program) == ["begin", "end", "after"]
    assert count_runs_of_statements(program) == [8, 8, 8, 14]
    assert program.run("runs", "verify").status == 0


@pytest.mark.asyncio
async def test_a_run_that_is_killed_in_a_statement_is_in_doubt(program: Program) -> None:
    """The agent can neither start the page again nor decide; `resume` asks the person."""
    serve_page(program, SLOW)
    trust(program)
    async with start_agent(program.folder / "agent", program.work, program.environment()) as agent:
        run = await begin_slow_statement(program, agent)
        kill_runs(program.runs)
        found = await agent.wait_for(run, "killed")
        assert "it is not known whether that happened" in found["continue"]
        assert f"runbook-exec resume {run}" in found["continue"]
        with pytest.raises(ToolFailed, match=f"run {run} of this page is not finished"):
            await agent.call("start", page="runbooks/page.md")
    state = State()
    for event in program.read_events():
        state = apply(state, event)
    assert state.doubt is not None
    (program.work / "go").touch()
    ran = program.run("resume", run, "--yes", "--assume", "done", "1.2")
    assert (ran.status, read_log(program)) == (0, ["begin", "end", "after"]), ran.output


@pytest.mark.asyncio
async def test_a_long_output_is_read_in_parts(program: Program) -> None:
    """Every result is small, the parts have every line once, and a report says where it continues."""
    lines = 'for n in {1..400}; do echo "line $n"; sleep 0.001; done'
    bar = 'for n in {1..100000}; do printf "\\r%06d" $n; done; echo'  # of which only the end is shown
    serve_page(program, f"# Page\n\n## Steps\n\n```bash\n{lines}\n{bar}\nseq 100000\n```\n")
    trust(program)
    async with start_agent(program.folder / "agent", program.work, program.environment()) as agent:
        run = (await agent.call("start", page="runbooks/page.md"))["run"]
        await agent.wait_for(run, "succeeded")
        after, events = 0, []
        while True:
            found = await agent.call("state", run=run, after=after)
            assert len(json.dumps(found)) < 25_000
            events += found["events"]
            after = found["next"]
            if not found["more"]:
                break
        finished = [event for event in events if event["event"] == "statement_finished"]
        assert [event["exit_status"] for event in finished] == [0, 0, 0, 0]
        text = "".join(event.get("text", "") for event in events if event["event"] == "output")
        assert text.count("line 1\n") == text.count("line 400\n") == 1
        assert "characters left out" in text
        report = await agent.call("report", run=run)
        assert report["next_offset"]
        more = await agent.call("report", run=run, offset=report["next_offset"])
        assert more["text"] not in report["text"]
