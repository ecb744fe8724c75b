"""Kills workers, runs, shells or all of them at random moments: an ordered run loses and repeats nothing.

Usage: .venv/bin/python -m tests.support.leg_kills [--points N] [--seed N] [--real]

With `--real` the server is the one that teams run, and is killed too.

Prints a table, and exits with 1 if anything was lost or done twice. CI tries a few points
(tests/worker/test_random_kills.py).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from runbook_exec.errors import Refused
from runbook_exec.text.timestamps import make_timestamp
from runbook_exec.worker.client import answer_run, cancel_run, submit_order, wait_for_result, watch_run
from runbook_exec.worker.orders import Order, RemoteAnswer
from tests.support.program import prepare_program
from tests.support.real_server import RealServer
from tests.support.team import Team, kill_leg, run_test_server

VICTIMS = ("worker", "leg", "shell", "all", "frozen")

SERVER = "server"  # only the real one can be started again with what it knows

EFFECTS = [str(number) for number in range(1, 7)]

_SECONDS = 3.0  # the longest wait before a kill; a run takes about as long

_LONGEST = 120.0  # seconds for a run with its kill


def make_page() -> str:
    """Return a page whose statements have an effect each; a person confirms the fourth."""
    steps = []
    for number in EFFECTS:
        confirm = '<!-- runbook: confirm="Go on?" -->\n' if number == "4" else ""
        code = f"sh -c 'sleep 0.1; echo {number} >>log; sleep 0.1'"
        steps.append(f"### Step {number}\n\n{confirm}```fish\n{code}\n```\n")
    return "# Page\n\n## Steps\n\n" + "\n".join(steps)


@dataclass
class KillTable:
    """What has come of the kills, by victim."""

    points: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    resumes: Counter[str] = field(default_factory=Counter)  # by what was wrong, without a question
    wrong: list[str] = field(default_factory=list)


class KilledRuns:
    """Runs on one host whose processes are killed."""

    def __init__(self, team: Team, seed: int, server: RealServer | None = None) -> None:
        self._team = team
        self._server = server
        self._draw = random.Random(seed)  # noqa: S311 - the same kills each time
        self.table = KillTable()
        team.program.write("page.md", make_page())
        team.start_worker("--control")
        self._worker = self._start_worker()

    def _start_worker(self) -> int:
        self._team.start_worker("--host", "indri", "--pages", str(self._team.program.work))
        return len(self._team.workers) - 1

    async def try_point(self, client: Client, victim: str) -> None:
        """Order a run, kill the victim at a random moment, and see the run through."""
        self._team.log.unlink(missing_ok=True)
        run = f"k-{os.urandom(4).hex()}"
        order = Order(run, "indri", "page.md", make_page(), issued=make_timestamp(), heartbeat=1.0)
        moment = self._draw.uniform(0.2, _SECONDS)
        await submit_order(client, order)
        killing = asyncio.create_task(self._kill(victim, run, moment))
        try:
            await asyncio.wait_for(self._see_through(client, run, victim), _LONGEST)
            ended = (await wait_for_result(client, run)).outcome
        except TimeoutError:
            ended = "open"
            await cancel_run(client, run)
        await killing
        self.table.points[victim] += 1
        effects = self._team.read_effects()
        if ended not in ("succeeded", "partial") or effects != EFFECTS:
            self.table.wrong.append(f"{victim} after {moment:.3f} s: {ended}, {effects} ({run})")

    async def _kill(self, victim: str, run: str, moment: float) -> None:
        await asyncio.sleep(moment)
        worker = self._team.workers[self._worker]
        lock = self._team.program.runs.parent / "legs" / f"{run}.lock"
        if victim == "frozen":
            worker.send_signal(signal.SIGSTOP)
            old, self._worker = worker, await asyncio.to_thread(self._start_worker)
            await asyncio.sleep(2)
            old.send_signal(signal.SIGCONT)
            old.terminate()
            await asyncio.to_thread(old.wait)
            return
        if victim == SERVER and self._server is not None:
            await asyncio.to_thread(self._restart_server, self._server)
        if victim in ("worker", "all"):
            worker.kill()
            worker.wait()
        with contextlib.suppress(OSError):
            if victim in ("leg", "all"):
                kill_leg(lock)
            elif victim == "shell" and (leg := lock.read_text()):
                for pid in Path(f"/proc/{leg}/task/{leg}/children").read_text().split():
                    os.kill(int(pid), signal.SIGKILL)
        if victim in ("worker", "all"):
            self._worker = await asyncio.to_thread(self._start_worker)

    def _restart_server(self, server: RealServer) -> None:
        server.kill()
        server.start()

    async def _see_through(self, client: Client, run: str, victim: str) -> None:
        """Answer what the run asks, as a person would who looks at the log, and tries again."""
        while True:
            try:
                return await self._answer_all(client, run, victim)
            except (RPCError, Refused):
                if victim != SERVER:
                    raise
                await asyncio.sleep(0.5)

    async def _answer_all(self, client: Client, run: str, victim: str) -> None:
        async for view in watch_run(client, run):
            question = view.question
            if question is None:
                continue
            choice = "run"
            if question.kind == "doubt":
                self.table.doubts[victim] += 1
                step = question.id.split(":")[1].partition(".")[0]
                choice = "done" if step in self._team.read_effects() else "again"
            elif question.kind == "failed":  # the shell died, and its statement with it
                step = question.id.split(":")[1].partition(".")[0]
                choice = "skip" if step in self._team.read_effects() else "retry"
            elif question.kind == "resume":  # the run has ended without a question of its own
                self.table.resumes[f"{victim}: {question.asks}"] += 1
                choice = "again"
            await answer_run(client, run, RemoteAnswer(question.id, choice, by="bob"))


async def try_all(team: Team, points: int, seed: int, server: RealServer | None = None) -> KillTable:
    """Try so many kills, of each victim in turn."""
    runs = KilledRuns(team, seed, server)
    client = await Client.connect(team.server, namespace=team.namespace)
    victims = (*VICTIMS, SERVER) if server else VICTIMS
    for number in range(points):
        await runs.try_point(client, victims[number % len(victims)])
        await asyncio.to_thread(print, f"{number + 1} tried, {len(runs.table.wrong)} wrong", flush=True)
    return runs.table


@contextlib.contextmanager
def run_any_server(folder: Path, *, real: bool) -> Iterator[tuple[str, RealServer | None]]:
    """Run one of the servers, and yield its address; the second value is the real one."""
    if not real:
        with run_test_server(folder / "server.log") as address:
            yield address, None
        return
    server = RealServer(folder)
    try:
        yield server.address, server
    finally:
        server.kill()


def main() -> int:
    """Try everything and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--real", action="store_true")
    arguments = parser.parse_args()
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        run_any_server(Path(folder), real=arguments.real) as (address, server),
    ):
        (Path(folder) / "team").mkdir()
        namespace = "default" if server else "kills"
        team = Team(prepare_program(Path(folder) / "team"), address, namespace)
        try:
            table = asyncio.run(try_all(team, arguments.points, arguments.seed, server))
        finally:
            team.end()
    for victim in table.points:
        print(f"{victim:10} {table.points[victim]:4} kills  {table.doubts[victim]:4} in doubt")
    for why, count in table.resumes.items():
        print(f"{count} asked to go on: {why}")
    total = table.points.total()
    took = time.monotonic() - began
    print("\n".join([*table.wrong, f"{total} kills, {len(table.wrong)} wrong, {took:.0f} s"]), flush=True)
    os._exit(bool(table.wrong))  # a program with `temporalio` may abort at its own end


if __name__ == "__main__":
    sys.exit(main())
