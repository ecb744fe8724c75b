"""Kills the processes of a fleet in its middle: no host does anything twice, and none is forgotten.

Usage: .venv/bin/python -m tests.support.fleet_kills [--hosts N] [--bad N] [--pause SECONDS] [--real]

With `--real` the server is `.tools/temporal`, and is killed as well. Prints a line, and exits with 1 if
anything was done twice or lost. CI tries a few hosts (tests/worker/test_fleets.py).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client

from runbook_exec.engine.events import StatementStarted
from runbook_exec.journal.journal import read_journal
from runbook_exec.text.timestamps import make_timestamp
from runbook_exec.worker.client import answer_run
from runbook_exec.worker.fleets.client import submit_fleet, watch_fleet
from runbook_exec.worker.legs import LegHost
from runbook_exec.worker.orders import FleetOrder, FleetProgress, FleetTarget, Order, RemoteAnswer, RunView
from runbook_exec.worker.worker import serve
from tests.support.paths import REPOSITORY
from tests.support.program import fish_page, prepare_program
from tests.support.real_server import RealServer
from tests.support.team import Team, run_test_server, wait_until


def make_page(pause: float) -> str:
    """Return a page whose second statement fails on a bad host; two statements take so many seconds."""
    return fish_page(
        "echo + (path basename $PWD) >>../log",
        f"sleep {pause}; echo 1 (path basename $PWD) >>../log; not test -e bad",
        f"sleep {pause}; echo 2 (path basename $PWD) >>../log",
    )


_LONGEST = 1200.0  # seconds for a fleet


@dataclass
class FleetTrial:
    """A fleet on hosts of one machine: the pages of each are in a folder with its name."""

    team: Team
    hosts: int
    bad: int
    at_once: int
    pause: float

    def prepare(self) -> list[str]:
        """Make the folders, and return the names of the hosts: of the first ones, every second is bad."""
        names = [f"h{number:02}" for number in range(1, self.hosts + 1)]
        for number, name in enumerate(names):
            folder = self.team.program.work / name
            folder.mkdir()
            (folder / "page.md").write_text(make_page(self.pause))
            if number % 2 and number < 2 * self.bad:
                (folder / "bad").write_text("")
        return names

    def start_hosts(self) -> None:
        """Start a worker for all hosts."""
        words = [sys.executable, "-m", "tests.support.fleet_kills", "serve", str(self.team.program.work)]
        log = self.team.program.folder / f"hosts-{len(self.team.workers)}.log"
        with log.open("wb") as output:
            worker = subprocess.Popen(
                words,
                cwd=REPOSITORY,
                env=self.team.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.team.workers.append(worker)
        wait_until(lambda: log.stat().st_size or worker.poll() is not None, "the hosts are served")

    async def run(
        self, names: list[str], kill: Callable[[], None], *, stop_after: int, first: int
    ) -> FleetProgress:
        """Run the fleet, and kill something once several hosts have begun."""
        fleet = f"f{os.urandom(4).hex()}"
        order = Order(
            "",
            "",
            "page.md",
            make_page(self.pause),
            issued=make_timestamp(),
            on_failure="stop",
            heartbeat=3.0,
        )
        targets = tuple(FleetTarget(name, f"{fleet}.{name}") for name in names)
        client = await Client.connect(self.team.server, namespace=self.team.namespace)
        await submit_fleet(client, FleetOrder(fleet, order, targets, self.at_once, stop_after, first))
        killed = False
        async for progress in watch_fleet(client, fleet):
            if not killed and self.count_begun() >= min(self.hosts // 3, self.at_once):
                killed = True
                await asyncio.to_thread(kill)
            await self._answer_doubts(client, progress)
        assert killed, progress
        return progress

    async def _answer_doubts(self, client: Client, progress: FleetProgress) -> None:
        """Give up a run that asks something: none is expected to."""
        for host in progress.hosts:
            if host.has_begun and not host.outcome:
                with contextlib.suppress(Exception):
                    handle = client.get_workflow_handle(host.run)
                    view = await asyncio.wait_for(handle.query("state", result_type=RunView), 10)
                    if view.question is not None:
                        await answer_run(client, host.run, RemoteAnswer("", "quit", by="nobody"))

    def read_log(self) -> list[tuple[str, str]]:
        """Return the effects in their order, each with its host."""
        log = self.team.program.work / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [(line.split()[0], line.split()[1]) for line in lines]

    def count_begun(self) -> int:
        """Return how many hosts have begun."""
        return sum(effect == "+" for effect, _ in self.read_log())

    def find_wrong(self, progress: FleetProgress) -> list[str]:
        """Return what was done twice, lost, or done though it must not be."""
        effects = Counter(self.read_log())
        wrong = [
            f"{effect} on {host}: {count} times" for (effect, host), count in effects.items() if count > 1
        ]
        for host in progress.hosts:
            done = {effect for effect in "+12" if (effect, host.name) in effects}
            is_bad = (self.team.program.work / host.name / "bad").exists()
            expected = {"succeeded": {*"+12"}, "failed": {*"+1"}, "not begun": set[str]()}.get(host.outcome)
            if done != expected or (host.outcome == "failed") != (is_bad and host.has_begun):
                wrong.append(f"{host.name}: {host.outcome} ({host.reason}), has {sorted(done)}")
        for path in self.team.program.runs.glob("*.jsonl"):
            starts = Counter(e.statement for e in read_journal(path) if isinstance(e, StatementStarted))
            wrong += [f"{path.name}: {each} started {n} times" for each, n in starts.items() if n > 1]
        return wrong

    def find_peak(self) -> int:
        """Return how many hosts ran at once at most: of those that succeeded or failed."""
        running = peak = 0
        for effect, host in self.read_log():
            is_bad = (self.team.program.work / host / "bad").exists()
            running += (effect == "+") - (effect == ("1" if is_bad else "2"))
            peak = max(peak, running)
        return peak


def kill_workers(trial: FleetTrial) -> None:
    """Kill the worker of the hosts and that of the workflows, and start others."""
    for worker in trial.team.workers:
        worker.kill()
        worker.wait()
    trial.start_hosts()
    trial.team.start_worker("--control")


async def serve_hosts(folder: Path) -> None:
    """Serve every host that has a folder here."""
    client = await Client.connect(os.environ["TEMPORAL_ADDRESS"], namespace=os.environ["TEMPORAL_NAMESPACE"])
    state = Path(os.environ["XDG_STATE_HOME"]) / "runbook-exec"
    hosts = [LegHost(path.name, state, path) for path in sorted(folder.iterdir()) if path.is_dir()]
    await serve(client, hosts, f"serving {len(hosts)} hosts", control=False, at_once=4)


def try_fleet(
    team: Team,
    hosts: int,
    bad: int,
    kill: Callable[[FleetTrial], None] = kill_workers,
    pause: float = 0.5,
) -> tuple[str, Counter[str], list[str]]:
    """Run a fleet with kills; return a line about it, how many hosts ended how, and what was wrong."""
    trial = FleetTrial(team, hosts, bad, min(10, max(2, hosts // 2)), pause)
    names = trial.prepare()
    team.start_worker("--control")
    trial.start_hosts()
    began = time.monotonic()
    running = trial.run(names, lambda: kill(trial), stop_after=3, first=0 if bad else 1)
    progress = asyncio.run(asyncio.wait_for(running, _LONGEST))
    outcomes = Counter(host.outcome for host in progress.hosts)
    ends = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    took = f"at most {trial.find_peak()} at once, {time.monotonic() - began:.0f} s"
    return f"{hosts} hosts, {bad} bad: {ends}; {took}", outcomes, trial.find_wrong(progress)


def kill_all(server: RealServer) -> Callable[[FleetTrial], None]:
    """Return a function that kills the server and the workers, and starts them again."""

    def kill(trial: FleetTrial) -> None:
        server.kill()
        time.sleep(1)
        server.start()
        kill_workers(trial)

    return kill


def main() -> int:
    """Serve the hosts of a folder, or try one fleet and print what came of it."""
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve_hosts(Path(sys.argv[2])))
        os._exit(0)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--bad", type=int, default=0)
    parser.add_argument("--pause", type=float, default=3.0)
    parser.add_argument("--real", action="store_true")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        kill: Callable[[FleetTrial], None] = kill_workers
        if arguments.real:
            server = RealServer(folder)
            stack.callback(server.kill)
            address, kill = server.address, kill_all(server)
        else:
            address = stack.enter_context(run_test_server(folder / "server.log"))
        (folder / "team").mkdir()
        team = Team(prepare_program(folder / "team"), address, "default" if arguments.real else "fleets")
        stack.callback(team.end)
        line, _, wrong = try_fleet(team, arguments.hosts, arguments.bad, kill, arguments.pause)
        print("\n".join([*wrong, line]), flush=True)
    os._exit(bool(wrong))  # a program with `temporalio` may abort at its own end


if __name__ == "__main__":
    sys.exit(main())
