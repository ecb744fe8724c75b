"""A coding agent: a real client of the real server, and everything that it has received."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from runbook_exec.engine.events import RunEnded, RunStarted
from runbook_exec.journal.journal import read_journal
from tests.support.program import COMMAND, Program

PATIENCE = 60.0  # seconds

# keeps what the server sends, and its process id, which the client does not tell
_COPY = """
import subprocess, sys
server = subprocess.Popen(sys.argv[3:], stdout=subprocess.PIPE)
open(sys.argv[1], "w").write(str(server.pid))
with open(sys.argv[2], "wb") as received:
    while data := server.stdout.read1():
        received.write(data)
        received.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
"""


class ToolFailed(Exception):
    """The server has answered with an error."""


@dataclass
class Agent:
    """A client that is connected with a server."""

    client: Client
    folder: Path  # where `pid` and `received` are
    events: list[dict[str, Any]] = field(default_factory=list)  # of the run, as `state` has given them

    async def call(self, tool: str, **arguments: object) -> dict[str, Any]:
        """Return the result of a tool; raises ToolFailed with its error."""
        result = await self.client.call_tool(tool, arguments)
        found: dict[str, Any] = result.structured_content
        (text,) = result.content
        assert json.loads(text.text) == found  # type: ignore[union-attr]
        if result.is_error:
            raise ToolFailed(found["error"])
        self.events += found.get("events", [])
        return found

    async def wait_for(self, run: str, status: str, kind: str = "") -> dict[str, Any]:
        """Follow a run until it has this status, and asks a question of this kind."""
        until, after = time.monotonic() + PATIENCE, 0
        while time.monotonic() < until:
            found = await self.call("state", run=run, after=after, wait=1)
            after = found["next"]
            if found["status"] == status and kind in ("", found.get("question", {}).get("kind")):
                return found
        raise AssertionError(f"expected the run to be {status} {kind}, got {found}")

    def kill_server(self) -> None:
        """Kill the server as `kill -9` does."""
        os.kill(int((self.folder / "pid").read_text()), signal.SIGKILL)

    def received(self) -> str:
        """Return everything that the server has sent, or written as errors."""
        return "".join((self.folder / name).read_text() for name in ("received", "errors"))


@asynccontextmanager
async def start_agent(
    folder: Path, cwd: Path, environment: Mapping[str, str], *words: str
) -> AsyncIterator[Agent]:
    """Start a server and connect an agent with it; the server ends with the block."""
    folder.mkdir(exist_ok=True)
    copy = ["-c", _COPY, str(folder / "pid"), str(folder / "received")]
    server = StdioServerParameters(
        command=sys.executable, args=[*copy, *COMMAND, "mcp", *words], env=dict(environment), cwd=cwd
    )
    with (folder / "errors").open("w") as errors:
        async with Client(stdio_client(server, errors)) as client:
            yield Agent(client, folder)


def kill_runs(runs: Path) -> None:
    """Kill the runs that have not ended."""
    for path in runs.glob("*.jsonl"):
        events = list(read_journal(path))
        starts = [event for event in events if isinstance(event, RunStarted)]
        if starts and not isinstance(events[-1], RunEnded):
            with suppress(ProcessLookupError):  # killed already
                os.kill(starts[-1].pid, signal.SIGKILL)


def serve_page(program: Program, text: str) -> None:
    """Write the one page of the folder that is served."""
    (program.work / "runbooks").mkdir(exist_ok=True)
    program.write("runbooks/page.md", text)
