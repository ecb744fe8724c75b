"""An agent that wants more than it may: every call is an error, and nothing runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.agent import Agent, ToolFailed, kill_runs, serve_page, start_agent
from tests.support.program import Program

PAGE = """---
runbook:
  inputs:
    size:
      choices: [small, large]
    password:
      help: The password.
---

# Page

## Procedure

```bash
touch ran
echo <region> <size> <password>
sudo <tool> x
sh -c "<code> y"
```
"""

CALL = {"page": "runbooks/page.md"}
APPROVALS = (
    "approved", "yes", "trust", "confirmed", "done", "text", "command", "commands", "shell", "cwd", "set",
    "inputs", "on", "only", "from", "assume", "options", "answer",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _end_runs(program: Program) -> Iterator[None]:
    """Kill the runs that a test has left."""
    yield
    kill_runs(program.runs)


async def refuse(agent: Agent, error: str, tool: str, **arguments: object) -> None:
    """Call a tool, and expect this in its error."""
    with pytest.raises(ToolFailed) as failed:
        await agent.call(tool, **arguments)
    assert error in str(failed.value)


@pytest.mark.asyncio
async def test_no_argument_approves_or_carries_a_command(program: Program) -> None:
    """Each argument that a tool does not have is an error, whatever its value."""
    serve_page(program, PAGE)
    async with start_agent(program.folder / "agent", program.work, program.environment()) as agent:
        for name in APPROVALS:
            await refuse(agent, f"no argument `{name}`", "start", **CALL, **{name: True})
            await refuse(agent, f"no argument `{name}`", "plan", **CALL, **{name: "rm -r /"})
        await refuse(agent, "no argument `choice`", "answer", run="x", question="y", answer="z", choice="run")
        await refuse(agent, "no such tool", "approve", run="x")
        await refuse(agent, "no such tool", "resume", run="x")
        for value in (["x"], 1, None, {"region": 1}, {"region": None}, "region=eu"):
            await refuse(agent, "expected", "start", **CALL, values=value)
        await refuse(agent, "expected a text", "start", page=["runbooks/page.md"])
        await refuse(agent, "needs `page`", "start")
    assert not program.runs.exists()


@pytest.mark.asyncio
async def test_only_pages_of_the_folder_exist(program: Program) -> None:
    """Paths that lead out of it, links among them, are no pages, for no tool and no resource."""
    serve_page(program, PAGE)
    outside = program.write("secret.md", PAGE)
    (program.work / "runbooks" / "link.md").symlink_to(outside)
    (program.work / "runbooks" / "folder").symlink_to(program.work)
    program.write("runbooks/-x.md", "# Other\n")
    names = (
        "../secret.md", "runbooks/../secret.md", str(outside), "runbooks/link.md", "page.md", "", "~/x.md",
        "runbooks/folder/secret.md", "/etc/passwd", "runbooks/./page.md", "runbooks//page.md", "secret.md",
        "--help", "runbooks/page.md#procedure", "runbooks/page.md\n", "runbooks/-x.md/",
    )  # fmt: skip
    async with start_agent(program.folder / "agent", program.work, program.environment()) as agent:
        listed = await agent.client.list_resources()
        assert [each.name for each in listed.resources] == ["runbooks/-x.md", "runbooks/page.md"]
        for name in names:
            for tool in ("show", "plan", "lint", "start"):
                await refuse(agent, "no page", tool, page=name)
            for uri in (f"runbook:///{name}", f"file://{name}", name or "runbook:///"):
                with pytest.raises(Exception, match=r"no page|Invalid"):
                    await agent.client.read_resource(uri)
        await refuse(agent, "no procedure", "start", **CALL, anchor="x --yes")
    assert not program.runs.exists()


@pytest.mark.asyncio
async def test_values_are_data_and_never_secrets(program: Program) -> None:
    """Secrets, unknown names, options, line ends, and what would name a program are a person's to give."""
    serve_page(program, PAGE)
    refused = (
        ({"password": "x"}, "it is a secret"),
        ({"PATH": "/tmp"}, "no such value"),
        ({"region": "--output=/etc/x"}, "begins with `-`"),
        ({"region": "a\nb"}, "one line of printable characters"),
        ({"region": "\x1b[2J"}, "one line of printable characters"),
        ({"region": "a\0b"}, "without NUL"),
        ({"region": "x" * 5000}, "at most 4096"),
        ({"tool": "reboot"}, "the name of a program at line 17"),
        ({"code": "reboot"}, "read as code at line 18"),
        ({"size": "huge"}, "expected one of `small`, `large`"),
    )
    async with start_agent(program.folder / "agent", program.work, program.environment()) as agent:
        for values, error in refused:
            await refuse(agent, error, "start", **CALL, values=values)
            await refuse(agent, error, "plan", **CALL, values=values)
        shown = await agent.call("show", **CALL)
        givers = {each["name"]: each["given_by"] for each in shown["values"]}
        assert givers == {
            "region": "agent", "size": "agent", "password": "person", "tool": "person", "code": "person",
        }  # fmt: skip
    assert not program.runs.exists()
    assert not (program.work / "ran").exists()


@pytest.mark.asyncio
async def test_nothing_of_a_page_runs_before_a_person_has_seen_it(program: Program) -> None:
    """Commands that give values run neither for the tools that read nor at the start of a run."""
    source = "---\nrunbook:\n  inputs:\n    region:\n      source: cmd:touch ran\n---\n"
    serve_page(program, source + "# Page\n\n## Steps\n\n```bash\necho <region>\n```\n")
    async with start_agent(program.folder / "agent", program.work, program.environment()) as agent:
        for tool in ("show", "plan", "lint"):
            await agent.call(tool, **CALL)
        await refuse(agent, "and the page takes values from commands", "start", **CALL)
    assert not program.runs.exists()
    assert not (program.work / "ran").exists()


@pytest.mark.asyncio
async def test_an_answer_counts_only_for_a_question_of_the_agent(program: Program) -> None:
    """Questions of a person, older ones, and those of runs that a person has started are refused."""
    serve_page(program, "# Page\n\n## Procedure\n\n```bash\ntouch ran\n```\n")
    program.write("other.md", "# Page\n\n## Procedure\n\n```bash\necho <region>\n```\n")
    held = ("--yes", "--trust", "--hold", "60s", "--no-input")
    program.write("runbooks/hand.md", "# Page\n\n## Procedure\n\n```bash\necho <region>\n```\n")
    by_hand = [
        program.start("runbooks/hand.md", *held, "--id", "hand"),
        program.start("other.md", *held, "--id", "other"),
    ]
    async with start_agent(program.folder / "agent", program.work, program.environment()) as agent:
        started = await agent.call("start", **CALL)
        run, question = started["run"], started["question"]["id"]
        for answer in ("run", "done", "y", "", "value:x"):
            await refuse(agent, "is not yours to answer", "answer", run=run, question=question, answer=answer)
        for other in ("run:1.1:1", "value:1.1:2", "", question + "0"):
            await refuse(agent, "does not ask that", "answer", run=run, question=other, answer="run")
        asked = await agent.wait_for("hand", "asks", "value")
        assert asked["question"]["because"] == "no agent has started this run"
        await refuse(
            agent, "not yours to answer", "answer", run="hand", question=asked["question"]["id"], answer="eu"
        )
        for tool in ("state", "report"):
            for hidden in ("other", run[:4], "../x", ""):
                await refuse(agent, "no run", tool, run=hidden)
        await refuse(agent, "no run", "answer", run="other", question="value:1.1:2", answer="eu")
        found = await agent.call("state", run=run)
        assert found["question"]["id"] == question
    assert not (program.work / "ran").exists()
    kill_runs(program.runs)
    for process in by_hand:
        process.wait()
    ran = list(program.runs.glob(f"*{run}.jsonl"))
    assert len(ran) == 1
    assert "statement_started" not in ran[0].read_text()


@pytest.mark.asyncio
async def test_secrets_on_a_page_are_masked_in_everything(program: Program) -> None:
    """A secret default and a token in the text reach the agent in no tool, resource or prompt."""
    token = "ghp_" + "a1B2c3D4" * 4 + "e5F6"
    page = PAGE.replace("help: The password.", "default: hunter2hunter2")
    serve_page(program, page.replace("# Page", f"# Page {token}").replace("touch ran", f"echo {token}"))
    async with start_agent(program.folder / "agent", program.work, program.environment()) as agent:
        await agent.call("list_runbooks")
        await agent.call("show", **CALL)
        await agent.call("plan", **CALL)
        await agent.call("lint", **CALL)
        await agent.call("start", **CALL)
        await agent.client.list_prompts()
        await agent.client.get_prompt("runbooks/page.md")
        (resource,) = (await agent.client.list_resources()).resources
        await agent.client.read_resource(resource.uri)
        received = agent.received()
    assert "hunter2" not in received
    assert token[4:20] not in received
    assert "••••••••" in received


def test_agent_needs_hold_and_a_plain_name(program: Program) -> None:
    """Without `--hold` nobody could attach, and a name cannot pretend to be another field of the record."""
    serve_page(program, PAGE)
    ran = program.run("runbooks/page.md", "--agent", "x")
    assert (ran.status, "`--agent` needs `--hold`" in ran.stderr) == (2, True), ran.output
    ran = program.run("runbooks/page.md", "--agent", "x\nby alice", "--hold", "1m")
    assert (ran.status, "`--agent`: expected a letter" in ran.stderr) == (2, True), ran.output
