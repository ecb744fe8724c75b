"""A rehearsed page reaches no socket and no FIFO of other programs."""

from __future__ import annotations

import os
import select
import socket
import sys
from pathlib import Path

import pytest

from runbook_exec.rehearsal.rehearse import RehearsalResult, rehearse

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has namespaces")

PROBE = """#!{python}
import os, socket, sys
for name in sys.argv[1:]:
    try:
        if name.endswith("fifo"):
            fd = os.open(name, os.O_RDWR | os.O_NONBLOCK)
            os.write(fd, b"from the page")
            print("wrote")
        else:
            client = socket.socket(socket.AF_UNIX)
            client.connect(name.replace("@", chr(0)))
            print("connected")
    except OSError as error:
        print("refused")
"""

# where programs listen, below a folder that stands for /tmp, a home or another folder
SOCKETS = {
    "tmux": "tmux-0/default",
    "ssh-agent": "ssh-q1w2e3/agent.4242",
    "docker": ".docker/run/docker.sock",
    "D-Bus": "dbus-q1w2e3",
    "X11": ".X11-unix/X0",
    "GnuPG": ".gnupg/S.gpg-agent",
}


def rehearse_probe(folder: Path, *names: str) -> tuple[RehearsalResult, str]:
    """Rehearse a page that tries to reach these names; return the result and what the page printed."""
    probe = folder / "probe"
    probe.write_text(PROBE.format(python=sys.executable), encoding="utf-8")
    probe.chmod(0o755)
    words = " ".join(f"'{name}'" for name in names)
    (folder / "page.md").write_text(f"# Page\n\n## Steps\n\n```bash\nprobe {words}\n```\n", encoding="utf-8")
    matter = f"---\nrehearsal:\n  programs: [{{probe: {probe}}}]\n---\n"
    (folder / "page.rehearsal.md").write_text(f"{matter}\n```console\n```\n", encoding="utf-8")
    result = rehearse(folder / "page.rehearsal.md")
    return result, "".join(getattr(event, "text", "") for event in result.events if event.event == "output")


def require_refusal(result: RehearsalResult, printed: str) -> None:
    """Check that the page ran and reached nothing, or that the result has the reason why it may have."""
    assert (result.outcome, [each.message for each in result.findings]) == ("passed", [])
    expected = "connected" if result.not_isolated else "refused"
    assert printed.split() == [expected], result.not_isolated


@pytest.mark.parametrize("name", SOCKETS)
def test_a_socket_outside_the_folder_is_out_of_reach(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page cannot connect, and the program that listens is not disturbed."""
    path = tmp_path / SOCKETS[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(path.parent)  # the whole path may be longer than an address
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)
        server.listen()
        result, printed = rehearse_probe(tmp_path, str(path))
        require_refusal(result, printed)
        assert bool(select.select([server], [], [], 0)[0]) == bool(result.not_isolated)


def test_no_process_of_this_user_is_a_way_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The root folders of other processes show the real file system, and are closed to the page."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        server.listen()
        ways = [f"{process}/root{tmp_path}/socket" for process in Path("/proc").glob("[0-9]*")]
        ways += [f"{process}/cwd/socket" for process in (Path("/proc/self"), Path(f"/proc/{os.getpid()}"))]
        result, printed = rehearse_probe(tmp_path, *ways)
        assert result.outcome == "passed"
        assert result.not_isolated or set(printed.split()) == {"refused"}


def test_an_abstract_socket_is_out_of_reach(tmp_path: Path) -> None:
    """The page has a network of its own, in which nothing has this name."""
    with socket.socket(socket.AF_UNIX) as server:
        name = f"runbook-test-{os.getpid()}"
        server.bind(f"\0{name}")
        server.listen()
        require_refusal(*rehearse_probe(tmp_path, f"@{name}"))


def test_a_fifo_outside_the_folder_is_out_of_reach(tmp_path: Path) -> None:
    """Its reader gets nothing of the page."""
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    result, printed = rehearse_probe(tmp_path, str(tmp_path / "fifo"))
    assert (result.outcome, len(printed.split())) == ("passed", 1)
    data = os.read(reader, 100)
    os.close(reader)
    assert data == (b"from the page" if result.not_isolated else b"")


def test_sockets_and_fifos_within_the_folder_work(tmp_path: Path) -> None:
    """A rehearsed program and its service can talk to each other."""
    (tmp_path / "talk").write_text(
        f"#!{sys.executable}\nimport os, socket\nos.mkfifo('fifo')\nfd = os.open('fifo', os.O_RDWR)\n"
        "os.write(fd, b'x')\nserver, client = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)\n"
        "server.bind('here')\nserver.listen()\nclient.connect('here')\n"
        "print(os.read(fd, 1).decode(), 'connected')\n"
    )
    (tmp_path / "talk").chmod(0o755)
    (tmp_path / "page.md").write_text("# Page\n\n## Steps\n\n```bash\ntalk\n```\n")
    matter = f"---\nrehearsal:\n  programs: [{{talk: {tmp_path / 'talk'}}}]\n---\n"
    (tmp_path / "page.rehearsal.md").write_text(f"{matter}\n```console\n```\n")
    result = rehearse(tmp_path / "page.rehearsal.md")
    printed = "".join(getattr(event, "text", "") for event in result.events if event.event == "output")
    assert (result.outcome, printed.strip()) == ("passed", "x connected")
