"""Measures ordered runs: `python -m benchmarks.orders`, with the real Temporal server of `.tools`.

A run of many statements less one of a single statement, shared out, is a statement. Beside it are the same
page without a server, and a plain Temporal workflow with an activity for each statement. Processor time is
that of the server, of the worker, and of the processes that the worker has started. First comes what the
program costs those who have none of this: the same program without the modules of ordered runs.
"""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from temporalio.client import Client

from benchmarks.plain_activities import QUEUE
from runbook_exec.text.timestamps import make_timestamp
from runbook_exec.worker.client import submit_order, wait_for_result
from runbook_exec.worker.orders import Order
from tests.support.paths import REAL_SERVER, REPOSITORY
from tests.support.program import Program, prepare_program
from tests.support.real_server import RealServer
from tests.support.team import Team

MANY = 50  # statements
TURNS = 5
STARTS = 15  # of the program with and without ordered runs

# what ordered runs have brought, below the package
PARTS = ("worker", "cli/ordered", *(f"cli/commands/{name}" for name in ("hook", "schedule")))
COMMANDS = tuple(
    f"cli/commands/{name}.py" for name in ("worker", "submit", "asks", "answer", "cancel", "codec")
)


class Cost(NamedTuple):
    """Seconds on the clock and of the processor."""

    wall: float
    server: float
    worker: float
    children: float  # of the worker: the run and what it starts


def make_page(count: int) -> str:
    """Return a page with so many statements that start a program."""
    lines = "\n".join(f"/bin/true {number}" for number in range(count))
    return f"# Page\n\n## Steps\n\n```bash\n{lines}\n```\n"


def read_times(pid: int) -> tuple[float, float]:
    """Return the processor seconds of a process, and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    user, system, child_user, child_system = (int(each) for each in fields[11:15])
    return (user + system) / ticks, (child_user + child_system) / ticks


def read_memory(pid: int) -> float:
    """Return the megabytes that a process has had at most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


async def measure(run: Callable[[int], Awaitable[None]], count: int, server: int, worker: int) -> Cost:
    """Return what a run of so many statements costs."""
    before, began = (read_times(server), read_times(worker)), time.perf_counter()
    await run(count)
    wall = time.perf_counter() - began
    await asyncio.sleep(0.5)  # the worker reaps its child
    after = (read_times(server), read_times(worker))
    return Cost(wall, after[0][0] - before[0][0], *(b - a for a, b in zip(before[1], after[1], strict=True)))


async def measure_both(team: Team, server: RealServer, plain: int) -> dict[str, tuple[Cost, Cost]]:
    """Return for each way what one statement costs with all around it, and each further one."""
    client = await Client.connect(server.address)

    async def run_order(count: int) -> None:
        run = f"b-{os.urandom(4).hex()}"
        order = Order(run, "indri", "page.md", make_page(count), issued=make_timestamp())
        await submit_order(client, order)
        assert (await wait_for_result(client, run)).outcome == "succeeded"

    async def run_plain(count: int) -> None:
        identity = f"p-{os.urandom(4).hex()}"
        assert await client.execute_workflow("PlainStatements", count, id=identity, task_queue=QUEUE) == 0

    async def run_here(count: int) -> None:
        team.program.write("page.md", make_page(count))
        done = await asyncio.to_thread(team.run, "page.md", "--yes")
        assert done.status == 0, done.output

    ways = {
        "a page without a server": (run_here, os.getpid()),
        "an ordered run": (run_order, team.workers[0].pid),
        "an activity for each statement": (run_plain, plain),
    }
    found: dict[str, tuple[list[Cost], list[Cost]]] = {way: ([], []) for way in ways}
    for turn in range(TURNS + 1):
        for way, (run, worker) in ways.items():
            one = await measure(run, 1, server.pid, worker)
            many = await measure(run, MANY, server.pid, worker)
            if turn:  # the first one warms up
                found[way][0].append(one)
                each = Cost(*((b - a) / (MANY - 1) for a, b in zip(one, many, strict=True)))
                found[way][1].append(each)
    return {way: (take_median(ones), take_median(each)) for way, (ones, each) in found.items()}


def take_median(costs: list[Cost]) -> Cost:
    """Return the median of each figure."""
    return Cost(*(statistics.median(each) for each in zip(*costs, strict=True)))


def print_costs(found: Mapping[str, tuple[Cost, Cost]]) -> None:
    """Print a table of milliseconds."""
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, medians of {TURNS} turns; milliseconds\n")
    print("| | clock | server CPU | worker CPU | its children |\n|---|---|---|---|---|")
    for way, costs in found.items():
        for what, cost in zip(("with one statement", "each further statement"), costs, strict=True):
            figures = list(cost) if way != "a page without a server" else [cost.wall, 0.0, 0.0, cost.children]
            print(f"| {way}, {what} | {' | '.join(f'{each * 1000:,.1f}' for each in figures)} |")


def print_start() -> None:
    """Print the size of the program with and without ordered runs, and its processor time at its start."""
    with tempfile.TemporaryDirectory() as name:
        folders = {"with ordered runs": Path(name) / "with", "without": Path(name) / "without"}
        for folder in folders.values():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(REPOSITORY / "runbook_exec", folder / "runbook_exec", ignore=ignored)
        for part in (*PARTS, *COMMANDS):
            path = folders["without"] / "runbook_exec" / part
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        program = prepare_program(Path(name))
        program.write("page.md", make_page(1))
        print("\n| the program | size | --version | a page of one statement |\n|---|---|---|---|")
        times = measure_starts(program, folders)
        for what, folder in folders.items():
            size = sum(path.stat().st_size for path in folder.rglob("*.py")) / 1024
            shown = " | ".join(f"{statistics.median(each) * 1000:,.1f} ms" for each in times[what])
            print(f"| {what} | {size:,.0f} kB | {shown} |")


def measure_starts(
    program: Program, folders: Mapping[str, Path]
) -> dict[str, tuple[list[float], list[float]]]:
    """Return the processor seconds of each start of each program, in turn."""
    found: dict[str, tuple[list[float], list[float]]] = {what: ([], []) for what in folders}
    for _ in range(STARTS + 1):
        for what, folder in folders.items():
            for times, words in zip(found[what], (("--version",), ("page.md", "--yes")), strict=True):
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                subprocess.run(
                    [sys.executable, "-P", "-m", "runbook_exec", *words],
                    cwd=program.work,
                    env=program.environment({"PYTHONPATH": str(folder)}),
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    check=True,
                )
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {what: (first[1:], second[1:]) for what, (first, second) in found.items()}


def main() -> None:
    """Measure everything, and print tables."""
    assert REAL_SERVER.exists(), "expected `.tools/temporal`; `scripts/test` builds it in the background"
    print_start()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "team").mkdir()
        server = RealServer(folder)
        team = Team(prepare_program(folder / "team"), server.address, "default")
        words = [sys.executable, "-m", "benchmarks.plain_activities", server.address]
        plain = subprocess.Popen(words, cwd=REPOSITORY, stdout=subprocess.PIPE)
        try:
            assert plain.stdout is not None
            assert plain.stdout.readline() == b"serving\n"
            team.program.write("page.md", make_page(1))
            team.start_worker()
            idle = read_memory(server.pid)
            print()
            print_costs(asyncio.run(measure_both(team, server, plain.pid)))
            print(f"\nmemory: the server {idle:,.0f} MB at its start and {read_memory(server.pid):,.0f} MB")
            print(f"after that, our worker {read_memory(team.workers[0].pid):,.0f} MB", end="")
            print(f", the plain one {read_memory(plain.pid):,.0f} MB", flush=True)
        finally:
            plain.kill()
            team.end()
            server.kill()
    os._exit(0)  # a program with `temporalio` may abort at its own end


if __name__ == "__main__":
    main()
