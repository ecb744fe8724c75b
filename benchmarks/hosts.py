"""Measures statements on another host: `python -m benchmarks.hosts`, as root, with openssh-server.

The other host is a server on loopback in namespaces of its own. The time of a statement is what a page of
many takes more than a page of one, shared out, so connecting does not count; it has a column of its own.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.support.far_host import open_hosts

STATEMENTS = 200
PEER_STATEMENTS = 4  # of the slow peers
TURNS = 3

Runs = Mapping[str, Callable[[int], None]]


def make_page(folder: Path, count: int) -> Path:
    """Return a page with so many statements that start a program."""
    page = folder / f"page-{count}.md"
    lines = "\n".join(f"/bin/true {number}" for number in range(count))
    page.write_text(f"# Page\n\n## Steps\n\n```bash\n{lines}\n```\n")
    return page


def measure(run: Callable[[int], None], count: int) -> float:
    """Return the seconds that a run of so many statements takes."""
    began = time.perf_counter()
    run(count)
    return time.perf_counter() - began


def main() -> None:
    """Measure everything in turn, and print a Markdown table."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        with open_hosts(folder / "hosts", "web1") as hosts:
            environ = {**os.environ, **hosts.environment, "XDG_STATE_HOME": f"{folder}/state"}
            environ |= {"RUNBOOK_EXEC_TRUSTED": str(folder), "ANSIBLE_LOCALHOST_WARNING": "False"}
            print_table(measure_all(folder, environ))


def measure_all(folder: Path, environ: Mapping[str, str]) -> dict[str, tuple[float, float]]:
    """Return for each way the seconds to begin and the seconds of each further statement."""

    def call(*argv: str) -> None:
        subprocess.run(argv, env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, check=True)

    def run_page(*options: str) -> Callable[[int], None]:
        ours = (sys.executable, "-P", "-m", "runbook_exec", "run")
        return lambda count: call(*ours, str(make_page(folder, count)), "--yes", *options)

    def repeat(*argv: str) -> Callable[[int], None]:
        return lambda count: [call(*argv) for _ in range(count)] and None

    control = f"ControlPath={folder}/control"
    shared = ("-o", control, "-o", "ControlMaster=auto", "-o", "ControlPersist=60")
    beside = Path(sys.executable).parent
    ansible = (str(beside / "ansible"), "web1", "-i", "web1,", "-m", "shell", "-a", "/bin/true")
    ways: Runs = {
        "here": run_page(),
        "on web1": run_page("--on", "web1"),
        "ssh web1 true": repeat("ssh", "web1", "/bin/true"),
        "ssh web1 true, one connection": repeat("ssh", *shared, "web1", "/bin/true"),
        "ansible -m shell": repeat(*ansible),
    }
    found: dict[str, tuple[list[float], list[float]]] = {way: ([], []) for way in ways}
    for _ in range(TURNS):
        for way, run in ways.items():
            many = STATEMENTS if way in ("here", "on web1") else PEER_STATEMENTS
            one = measure(run, 1)
            found[way][0].append(one)
            found[way][1].append((measure(run, many) - one) / (many - 1))
    return {way: (statistics.median(ones), statistics.median(each)) for way, (ones, each) in found.items()}


def print_table(found: Mapping[str, tuple[float, float]]) -> None:
    """Print the times, and their ratios to a statement here."""
    base = found["here"][1]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, medians of {TURNS} turns\n")
    print("| where | a run of one statement | each further statement | beside here |")
    print("|---|---|---|---|")
    for way, (one, each) in found.items():
        print(f"| {way} | {one * 1000:,.0f} ms | {each * 1000:,.2f} ms | {each / base:,.2f}× |")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"\nat most 2.5× on another host: {'holds' if found['on web1'][1] <= 2.5 * base else 'broken'}")
    print(f"largest process {used.ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
