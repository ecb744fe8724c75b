"""A Temporal server, workers that serve hosts, and a person who orders runs: each a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.paths import REPOSITORY
from tests.support.program import COMMAND, Program, ProgramResult

TEST_SERVER = REPOSITORY / ".tools" / "temporal-test-server"

_PATIENCE = 90.0  # seconds for anything that should happen

HEARTBEAT = "3s"  # a worker that was killed is noticed after this time


def find_free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def run_test_server(log: Path) -> Iterator[str]:
    """Run Temporal's test server, in Java, and yield its address."""
    assert TEST_SERVER.exists(), "expected `.tools/temporal-test-server`; scripts/test fetches it"
    port = find_free_port()
    words = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", f"{TEST_SERVER}/*"]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*words, "io.temporal.testserver.TestServer", str(port)], stdout=output, stderr=output
        )
    try:
        wait_until(lambda: is_open(port) or server.poll() is not None, "the test server listens")
        assert server.poll() is None, log.read_text()
        yield f"127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def is_open(port: int) -> bool:
    """Return whether something listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(is_so: Callable[[], object], what: str | Callable[[], str]) -> None:
    """Wait until something is so; fails with `what` if that takes too long."""
    end = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < end, f"expected that {what if isinstance(what, str) else what()}"
        time.sleep(0.05)


@dataclass
class Team:
    """Hosts in one folder: each has a home of its own, and all have the pages of `program.work`."""

    program: Program
    server: str
    namespace: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def log(self) -> Path:
        """Return the file to which the pages write their effects."""
        return self.program.work / "log"

    def environment(self, home: str = "home") -> dict[str, str]:
        """Return the environment of a host with its state in a folder of this name."""
        more = {"TEMPORAL_ADDRESS": self.server, "TEMPORAL_NAMESPACE": self.namespace}
        return self.program.environment({**more, "XDG_STATE_HOME": str(self.program.folder / home / "state")})

    def start_worker(
        self, *arguments: str, home: str = "home", env: Mapping[str, str | None] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a worker and wait until it serves; it serves host `indri` and all runs unless it is said."""
        words = arguments or ("--host", "indri", "--control", "--pages", str(self.program.work))
        log = self.program.folder / f"worker-{len(self.workers)}.log"
        environment = {**self.environment(home), **{k: v for k, v in (env or {}).items() if v is not None}}
        with log.open("wb") as output:
            worker = subprocess.Popen(
                [*COMMAND, "worker", *words],
                cwd=self.program.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.workers.append(worker)
        wait_until(lambda: log.stat().st_size or worker.poll() is not None, "the worker serves")
        assert worker.poll() is None, log.read_text()
        return worker

    def run(self, *arguments: str, given: str = "", home: str = "home") -> ProgramResult:
        """Run a command to its end."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.program.work,
            env=self.environment(home),
            input=given.encode(),
            capture_output=True,
            timeout=120,
            start_new_session=True,
        )
        return ProgramResult(done.returncode, done.stdout.decode(), done.stderr.decode())

    def submit(self, *arguments: str, host: str = "indri") -> str:
        """Order a run of `page.md`, and return its id, which no other test has."""
        run = f"r-{os.urandom(4).hex()}"
        done = self.run("submit", "page.md", "--on", host, "--id", run, "--heartbeat", HEARTBEAT, *arguments)
        assert done.status == 0, done.output
        return run

    def wait_for_question(self, run: str, kind: str) -> str:
        """Wait until a run asks a question of this kind, and return what `asks` prints."""
        shown = ""

        def is_asked() -> bool:
            nonlocal shown
            shown = self.run("asks", run).output
            return f"  {kind}" in shown

        wait_until(is_asked, lambda: f"run {run} asks {kind}, and not: {shown}")
        return shown

    def wait_for_end(self, run: str) -> None:
        """Wait until a run is no longer open."""
        wait_until(lambda: self.run("asks", run).status == 2, f"run {run} ends")

    def wait_for_effect(self, name: str) -> None:
        """Wait until a statement has written its name."""
        wait_until(lambda: name in self.read_effects(), f"`{name}` is in the log")

    def read_effects(self) -> list[str]:
        """Return the effects in their order."""
        return self.log.read_text().split() if self.log.exists() else []

    def end(self) -> None:
        """End all workers, and the runs that they have left."""
        for worker in self.workers:
            with contextlib.suppress(ProcessLookupError):
                worker.send_signal(signal.SIGCONT)
                worker.kill()
            worker.wait()
        for lock in self.program.folder.glob("*/state/runbook-exec/legs/*.lock"):
            kill_leg(lock)


def kill_leg(lock: Path) -> None:
    """Kill the process of a leg, its shell and the programs of it."""
    try:
        leg = int(lock.read_text())
    except ValueError:
        return  # it has ended
    with contextlib.suppress(ProcessLookupError):
        os.kill(leg, signal.SIGSTOP)  # it must not see its shell die
    for pid in [leg, *_list_descendants(leg)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _list_descendants(pid: int) -> list[int]:
    try:
        children = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [each for child in children for each in (child, *_list_descendants(child))]
