"""Measures statements elsewhere: `python -m benchmarks.hosts`, as root, with openssh-server.

Elsewhere is a host by name, or a shell that a statement of the page opens. The other host is a server on
loopback in namespaces of its own. The time of a statement is what a page of many takes more than a page of
one, shared out, so connecting does not count; it has a column of its own. Processor time is that of this
side: of the program, its shells and its ssh, and not of the server.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.support.far_host import FarHosts, open_hosts

STATEMENTS = 200
PEER_STATEMENTS = 4  # of the slow peers
TURNS = 3

HOSTS = 50  # of the fleet
AT_ONCE = 10

Runs = Mapping[str, Callable[[int], None]]

PROGRAM = (sys.executable, "-P", "-m", "runbook_exec")


class Cost(NamedTuple):
    """The time on the clock, and the processor time of this side, in seconds."""

    seconds: float
    processor: float

    def share(self, base: Cost, count: int) -> Cost:
        """Return what each of so many statements costs more than the base."""
        return Cost((self.seconds - base.seconds) / count, (self.processor - base.processor) / count)


def make_page(folder: Path, count: int, opener: str = "") -> Path:
    """Return a page with so many statements that start a program, in the shell that `opener` opens."""
    page = folder / f"page-{count}-{len(opener)}.md"
    lines = "\n".join([*([opener] if opener else []), *(f"/bin/true {number}" for number in range(count))])
    page.write_text(f"# Page\n\n## Steps\n\n```bash\n{lines}\n```\n")
    return page


def measure(run: Callable[[], object]) -> Cost:
    """Return what a call costs."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.perf_counter() - began, used)


def main() -> None:
    """Measure everything in turn, and print two Markdown tables."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        with open_hosts(folder / "hosts", "web1") as hosts:
            environ = {**os.environ, **hosts.environment, "XDG_STATE_HOME": f"{folder}/state"}
            environ |= {"RUNBOOK_EXEC_TRUSTED": str(folder), "ANSIBLE_LOCALHOST_WARNING": "False"}
            print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, medians of {TURNS} turns\n")
            print_table(measure_all(folder, environ))
            print_fleet(measure_fleet(folder, hosts, environ))


def measure_all(folder: Path, environ: Mapping[str, str]) -> dict[str, tuple[Cost, Cost]]:
    """Return for each way the cost of one statement, and of each further one."""

    def call(*argv: str) -> None:
        subprocess.run(argv, env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, check=True)

    def run_page(*options: str, opener: str = "") -> Callable[[int], None]:
        quiet = ("--yes", "--no-config", *options)
        return lambda count: call(*PROGRAM, "run", str(make_page(folder, count, opener)), *quiet)

    def repeat(*argv: str) -> Callable[[int], None]:
        return lambda count: [call(*argv) for _ in range(count)] and None

    control = f"ControlPath={folder}/control"
    shared = ("-o", control, "-o", "ControlMaster=auto", "-o", "ControlPersist=60")
    beside = Path(sys.executable).parent
    ansible = (str(beside / "ansible"), "web1", "-i", "web1,", "-m", "shell", "-a", "/bin/true")
    ways: Runs = {
        "here": run_page(),
        "inside `bash`, here": run_page(opener="bash --norc"),
        "inside `ssh web1`": run_page(opener="ssh web1"),
        "on web1, by name": run_page("--on", "web1"),
        "`ssh web1 true` for each": repeat("ssh", "web1", "/bin/true"),
        "`ssh web1 true`, one connection": repeat("ssh", *shared, "web1", "/bin/true"),
        "`ansible -m shell` for each": repeat(*ansible),
    }
    found: dict[str, tuple[list[Cost], list[Cost]]] = {way: ([], []) for way in ways}
    for _ in range(TURNS):
        for way, run in ways.items():
            if "one connection" in way:
                run(1)  # opens it
            many = STATEMENTS if "for each" not in way and "one connection" not in way else PEER_STATEMENTS
            one = measure(lambda run=run: run(1))  # type: ignore[misc]
            found[way][0].append(one)
            found[way][1].append(measure(lambda run=run, many=many: run(many)).share(one, many - 1))  # type: ignore[misc]
    return {way: (find_median(ones), find_median(each)) for way, (ones, each) in found.items()}


def find_median(costs: list[Cost]) -> Cost:
    """Return the median of each kind of cost."""
    return Cost(*(statistics.median(kind) for kind in zip(*costs, strict=True)))


def print_table(found: Mapping[str, tuple[Cost, Cost]]) -> None:
    """Print the costs, and their ratios to a statement here."""
    base = found["here"][1]
    print("| where | a run of one statement | each further | beside here | processor time | beside here |")
    print("|---|---|---|---|---|---|")
    for way, (one, each) in found.items():
        ratios = (each.seconds / base.seconds, each.processor / base.processor)
        print(
            f"| {way} | {one.seconds * 1000:,.0f} ms | {each.seconds * 1000:,.2f} ms | {ratios[0]:,.2f}× "
            f"| {each.processor * 1000:,.2f} ms | {ratios[1]:,.2f}× |"
        )
    for way, most in (("inside `bash`, here", 3.0), ("inside `ssh web1`", 3.0), ("on web1, by name", 2.5)):
        ratio = found[way][1].seconds / base.seconds
        print(f"\n{way}: at most {most}× {'holds' if ratio <= most else 'broken'} ({ratio:.2f}×)")


# a fleet ---------------------------------------------------------------------------------------------------


class Watch(threading.Thread):
    """Looks again and again at what the descendants of a process use."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.ssh: dict[int, float] = {}  # processor seconds by the id of each ssh
        self.memory = 0  # the most bytes of all our processes together; shared pages count once
        self.processes = 0  # their number at that moment

    def run(self) -> None:
        """Look until the process has ended."""
        while Path(f"/proc/{self._pid}/cmdline").exists() and self._look():
            time.sleep(0.05)

    def _look(self) -> bool:
        sizes = []
        for pid in list_tree(self._pid):
            with suppress(OSError, IndexError, ValueError):
                comm, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(") ")
                fields = rest.split()
                if comm == "ssh":
                    self.ssh[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
                elif comm.startswith("python"):
                    sizes.append(read_memory(pid))
        if sum(sizes) > self.memory:
            self.memory, self.processes = sum(sizes), len(sizes)
        return bool(sizes)


def list_tree(pid: int) -> Iterator[int]:
    """Yield a process and its descendants."""
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from list_tree(int(child))


def read_memory(pid: int) -> int:
    """Return the bytes of a process; a page that it shares counts in part."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def measure_fleet(
    folder: Path, hosts: FarHosts, environ: Mapping[str, str]
) -> tuple[Cost, float, int, int, Cost]:
    """Return the cost of a fleet, its share of ssh, the memory of our processes and their number.

    The last is the cost of `ansible -m shell` with three tasks on as many hosts.
    """
    names = [f"h{number:02}" for number in range(HOSTS)]
    block = hosts.config.read_text().replace("Host web1", "Host {name}")
    hosts.config.write_text(hosts.config.read_text() + "".join(block.format(name=name) for name in names))
    page, on = str(make_page(folder, 3)), ",".join(names)
    options = ("--yes", "--no-config", "--first", "0", "--at-once", str(AT_ONCE))
    watches = []

    def run_fleet() -> None:
        with subprocess.Popen(
            [*PROGRAM, "fleet", page, "--on", on, *options], env=dict(environ), stdout=subprocess.DEVNULL
        ) as process:
            watches.append(Watch(process.pid))
            watches[0].start()
        assert process.returncode == 0, process.returncode

    def run_ansible() -> None:
        beside = str(Path(sys.executable).parent / "ansible")
        argv = (beside, "all", "-i", f"{on},", "-f", str(AT_ONCE), "-m", "shell", "-a", "/bin/true")
        for _ in range(3):
            subprocess.run(argv, env=dict(environ), capture_output=True, check=True)

    ours, theirs = measure(run_fleet), measure(run_ansible)
    watch = watches[0]
    watch.join()
    return ours, sum(watch.ssh.values()), watch.memory, watch.processes, theirs


def print_fleet(found: tuple[Cost, float, int, int, Cost]) -> None:
    """Print what a fleet costs this machine."""
    ours, ssh, memory, processes, theirs = found
    print(f"\n| a fleet of {HOSTS} hosts, 3 statements each, {AT_ONCE} at once | all | each host |")
    print("|---|---|---|")
    for name, cost in (("time", ours.seconds), ("processor time", ours.processor), ("of that, ssh", ssh)):
        print(f"| {name} | {cost:,.1f} s | {cost / HOSTS * 1000:,.0f} ms |")
    print(f"| memory of {processes} processes at once, without ssh | {memory / 1e6:,.0f} MB | ", end="")
    print(f"{memory / processes / 1e6:,.1f} MB |")
    print(f"| `ansible -m shell` three times: time | {theirs.seconds:,.1f} s | ", end="")
    print(f"{theirs.seconds / HOSTS * 1000:,.0f} ms |")
    print(f"| … processor time | {theirs.processor:,.1f} s | {theirs.processor / HOSTS * 1000:,.0f} ms |")


if __name__ == "__main__":
    main()
