"""A session on another host outlives its connection: no statement runs twice, and none is lost."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook_exec.session.far.far_session import FarSession
from runbook_exec.shells.live_shell import Done, OutputChunk
from tests.support.far_host import FarHost, FarHosts
from tests.support.far_session import open_far_session
from tests.support.live_session import StatementResult, run_statement

COUNTING = "for i in $(seq 1 40); do echo line $i; sleep 0.1; done; echo effect >> {folder}/effects"


def run_and_disturb(session: FarSession, code: str, *disturb: Callable[[], None]) -> StatementResult:
    """Run a statement; after its 3rd line of output, and each further 10, disturb it in the next way."""
    left, printed, ended = list(disturb), b"", []
    until = time.monotonic() + 60
    for item in session.run(code.encode()):
        if isinstance(item, OutputChunk):
            printed += item.data
        elif isinstance(item, Done):
            ended.append(item)
        if left and printed.count(b"\n") >= 3 + 10 * (len(disturb) - len(left)):
            left.pop(0)()
        assert time.monotonic() < until, printed
    assert not left, "the statement ended too early"
    return StatementResult(printed, ended[0])


def kill_clients() -> None:
    """Kill every ssh that this process has started."""
    for task in Path("/proc/self/task").iterdir():
        for pid in map(int, (task / "children").read_text().split()):
            if Path(f"/proc/{pid}/comm").read_text().strip() == "ssh":
                os.kill(pid, signal.SIGKILL)


def freeze_for(host: FarHost, seconds: float) -> None:
    """Freeze the connections of a host now, and let them continue later."""
    host.freeze_connections()
    threading.Timer(seconds, host.thaw_connections).start()


@pytest.mark.parametrize(
    "ways",
    [
        pytest.param(["kill ssh"], id="ssh is killed"),
        pytest.param(["kill sshd"], id="sshd is killed"),
        pytest.param(["kill ssh", "kill sshd", "kill ssh"], id="three times"),
    ],
)
def test_a_statement_survives_a_cut(hosts: FarHosts, tmp_path: Path, ways: list[str]) -> None:
    """Its output is whole and there once, its effect too, and the shell is still the same."""
    known = {"kill ssh": kill_clients, "kill sshd": hosts["web1"].cut_connections}
    with open_far_session("bash", tmp_path) as session:
        run_statement(session, "x=kept")
        ran = run_and_disturb(session, COUNTING.format(folder=tmp_path), *(known[way] for way in ways))
        assert ran.text == "".join(f"line {i}\n" for i in range(1, 41))
        assert (ran.status, ran.done.killed, ran.done.ended) == (0, False, "")
        assert run_statement(session, "echo $x").text == "kept\n"
    assert (tmp_path / "effects").read_text() == "effect\n"


def test_a_statement_survives_a_frozen_network(hosts: FarHosts, tmp_path: Path) -> None:
    """Once ssh has noticed, the session is reached over another connection."""
    with hosts.config.open("r+") as file:
        before = file.read()
        file.write("Host *\n    ServerAliveInterval 1\n    ServerAliveCountMax 2\n")
    try:
        with open_far_session("bash", tmp_path) as session:
            ran = run_and_disturb(
                session,
                COUNTING.format(folder=tmp_path).replace("40", "80"),
                lambda: freeze_for(hosts["web1"], 20),
            )
            assert ran.text == "".join(f"line {i}\n" for i in range(1, 81))
            assert (ran.status, ran.done.ended) == (0, "")
    finally:
        hosts.config.write_text(before)
    assert (tmp_path / "effects").read_text() == "effect\n"


def test_a_cut_between_statements_goes_unnoticed(hosts: FarHosts, tmp_path: Path) -> None:
    """The next statement is sent over a new connection, once."""
    with open_far_session("bash", tmp_path) as session:
        hosts["web1"].cut_connections()
        assert run_statement(session, f"echo one >> {tmp_path}/effects; echo done").text == "done\n"
    assert (tmp_path / "effects").read_text() == "one\n"


def test_much_output_survives_a_cut(hosts: FarHosts, tmp_path: Path) -> None:
    """No byte is lost or doubled, however much is on its way."""
    with open_far_session("bash", tmp_path) as session:
        code = "seq 1 3; sleep 0.3; seq 4 600000; sleep 0.3; seq 600001 700000"
        ran = run_and_disturb(session, code, kill_clients, kill_clients)
        assert ran.raw == b"".join(b"%d\n" % i for i in range(1, 700001))


def test_a_session_that_is_gone_leaves_its_statement_in_doubt(hosts: FarHosts, tmp_path: Path) -> None:
    """Nothing is run again: the end of the statement is not known."""

    def kill_everything() -> None:
        pids = [int(line.split()[0]) for line in list_sessions(hosts["web1"])]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        hosts["web1"].cut_connections()

    with open_far_session("bash", tmp_path) as session:
        ran = run_and_disturb(session, COUNTING.format(folder=tmp_path), kill_everything)
        assert ran.done.killed
        assert "the connection to `root@web1` was lost" in ran.done.ended
        assert run_statement(session, "echo more").done.ended
    assert not (tmp_path / "effects").exists()


def list_sessions(host: FarHost) -> list[str]:
    """Return the far ends on a host: the process id of each and its command."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            namespace = (entry / "ns/pid").readlink()
        except OSError:
            continue
        inside = namespace == Path(f"/proc/{child_of(host)}/ns/pid").readlink()
        if (
            inside
            and "BufferedReader" in command
            and " -c import" in command
            and not command.startswith("sh ")
        ):
            found.append(f"{entry.name} {command}")
    return found


def child_of(host: FarHost) -> str:
    """Return a process of the host."""
    return Path(f"/proc/{host.server.pid}/task/{host.server.pid}/children").read_text().split()[0]


def wait_until(settled: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something."""
    until = time.monotonic() + seconds
    while not settled():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def test_an_abandoned_session_ends_by_itself(hosts: FarHosts, tmp_path: Path) -> None:
    """It lets its statement end, hangs up on the shell, and leaves no file but how the statement ended."""
    with open_far_session("bash", tmp_path, reconnect=2.0) as session:
        for item in session.run(COUNTING.format(folder=tmp_path).encode()):
            if isinstance(item, OutputChunk):
                break
        session._link.cut()
        session._is_started = False  # as if this process had been killed
        assert list_sessions(hosts["web1"])
        wait_until(lambda: not list_sessions(hosts["web1"]))
    assert (tmp_path / "effects").read_text() == "effect\n"
    (report,) = hosts["web1"].tmp.glob(".runbook-exec-0/*")
    assert "line" not in report.read_text()
    report.unlink()
    report.parent.rmdir()
    assert not [path for path in hosts["web1"].tmp.iterdir() if path.name != "fish.root"]  # of fish itself


def test_a_run_has_one_session_on_a_host(hosts: FarHosts, tmp_path: Path) -> None:
    """A second session of the run ends the first with its statement before it runs anything."""
    code = f"trap '' TERM; while :; do date +%N >> {tmp_path}/ticks; sleep 0.05; done"
    with open_far_session("bash", tmp_path, run="same") as first:
        for _ in first.run(code.encode()):
            if (tmp_path / "ticks").exists():
                break
        first._link.cut()
        first._is_started = False
        with open_far_session("bash", tmp_path, run="same") as second:
            before = (tmp_path / "ticks").read_text()
            run_statement(second, "sleep 0.5")
            assert (tmp_path / "ticks").read_text() == before


def test_the_end_of_a_session_ends_everything(hosts: FarHosts, tmp_path: Path) -> None:
    """After it, the host has no process and no file of the session."""
    with open_far_session("fish", tmp_path) as session:
        run_statement(session, "echo hello")
    wait_until(lambda: not list_sessions(hosts["web1"]))
    assert not [path for path in hosts["web1"].tmp.iterdir() if path.name != "fish.root"]  # of fish itself
