"""How the server starts and ends, and what it gives a client at once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.agent import PATIENCE, kill_runs, serve_page, start_agent
from tests.support.program import COMMAND, Program

PAGE = "# Deploy\n\n## Steps\n\n```bash\necho one\n```\n"


@pytest.fixture(autouse=True)
def _end_runs(program: Program) -> Iterator[None]:
    """Kill the runs that a test has left."""
    yield
    kill_runs(program.runs)


def start(program: Program) -> subprocess.Popen[bytes]:
    """Start a server without a client."""
    serve_page(program, PAGE)
    return subprocess.Popen(
        [*COMMAND, "mcp"],
        cwd=program.work,
        env=program.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def greet(server: subprocess.Popen[bytes]) -> None:
    """Send the first request, and wait for its answer."""
    assert server.stdin is not None
    assert server.stdout is not None
    info = {"name": "test", "version": "1"}
    params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": info}
    request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    server.stdin.write(json.dumps(request).encode() + b"\n")
    server.stdin.flush()
    answer = json.loads(server.stdout.readline())
    assert answer["result"]["serverInfo"]["name"] == "runbook-exec"
    assert "Nothing you send approves a command" in answer["result"]["instructions"]


def test_without_the_extra_a_sentence_says_what_to_install(program: Program) -> None:
    """The command is refused with 2 and one line where the library is not installed."""
    serve_page(program, PAGE)
    hide = "import sys; sys.modules['mcp'] = None\n"
    hide += "from runbook_exec.cli.main import main\nsys.exit(main(['mcp']))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", hide],
        cwd=program.work,
        env=program.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "`pip install 'runbook-live[mcp]'`" in done.stderr
    assert done.stderr.count("\n") == 1


def test_wrong_folders_and_times_are_refused(program: Program) -> None:
    """The message says what was expected."""
    for words, error in (
        ((), "there is no folder runbooks or docs here"),
        (("nowhere",), "`nowhere`: expected a folder of runbooks"),
        ((".", "--hold", "soon"), "`--hold`: expected"),
        ((".", "../work"), "another folder is named `work` too"),
    ):
        ran = program.run("mcp", *words)
        assert (ran.status, error in ran.stderr, ran.stdout) == (2, True, ""), ran.output


def test_the_server_ends_with_its_client(program: Program) -> None:
    """A closed pipe ends it, also after a line that is no message."""
    with start(program) as server:
        greet(server)
        assert server.stdin is not None
        server.stdin.write(b'{"jsonrpc": 2\n\xff\n')
        server.stdin.close()
        assert server.wait(PATIENCE) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_server(program: Program, number: signal.Signals) -> None:
    """The server ends although its client is silent and keeps the pipe open."""
    with start(program) as server:
        greet(server)
        server.send_signal(number)
        assert server.wait(PATIENCE) == -number


@pytest.mark.asyncio
async def test_a_client_gets_tools_pages_and_prompts(program: Program) -> None:
    """Tools have strict schemas; each page is a resource and a prompt; long lists come in parts."""
    serve_page(program, PAGE)
    for number in range(120):
        program.write(f"runbooks/{number:03}.md", PAGE.replace("Deploy", f"Deploy {number} " + "x" * 200))
    async with start_agent(program.folder / "agent", program.work, program.environment()) as agent:
        tools = (await agent.client.list_tools()).tools
        assert [each.name for each in tools] == [
            "list_runbooks", "show", "plan", "lint", "start", "answer", "state", "report",
        ]  # fmt: skip
        assert all(each.input_schema["additionalProperties"] is False for each in tools)
        acting = [each.name for each in tools if each.annotations and not each.annotations.read_only_hint]
        assert acting == ["start", "answer"]
        listed = await agent.client.list_resources()
        more = await agent.client.list_resources(cursor=listed.next_cursor)
        assert (len(listed.resources), len(more.resources)) == (100, 21)
        (read,) = (await agent.client.read_resource("runbook:///runbooks/page.md")).contents
        assert read.model_dump()["text"] == PAGE
        prompt = await agent.client.get_prompt("runbooks/page.md")
        assert "`runbooks/page.md` (Deploy)" in str(prompt.messages[0].content)
        pages: list[str] = []
        offset: int | None = 0
        while offset is not None:
            found = await agent.call("list_runbooks", offset=offset)
            assert len(json.dumps(found)) < 20_000
            pages += [each["page"] for each in found["runbooks"]]
            offset = found.get("next_offset")
        assert len(set(pages)) == len(pages) == 121
        found = await agent.call("list_runbooks", search="DEPLOY 77")
        assert [each["page"] for each in found["runbooks"]] == ["runbooks/077.md"]
        findings = await agent.call("lint", page="runbooks/page.md")
        assert findings["count"] == len(findings["findings"])
        plan = await agent.call("plan", page="runbooks/page.md")
        assert "echo one" in plan["text"]
    assert not program.runs.exists()
