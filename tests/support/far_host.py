"""Other machines to run statements on: an sshd on loopback for each, in namespaces of its own.

    with open_hosts(folder, "web1", "web2") as hosts:
        environment = program.environment(hosts.environment)   # `ssh web1` works in it
        ...
        assert (hosts["web1"].home / "done.txt").exists()

Each host has its own hostname, `/tmp`, `/home` and processes; every other file is this machine's. Its users
are `root`, and `deploy`, who has the password `PASSWORD` and may use sudo with it. In their homes is only an
empty `.zshrc`. `ssh NAME` is `deploy` there, `ssh root@NAME` is root; neither asks for a password.

On this machine, `hosts.environment` has a `PATH` whose `ssh` (and `scp`, `sftp`) reads `hosts.config`, the
OpenSSH configuration with all the hosts, instead of the user's. Add lines to that file to change how the
client connects. `FarHost.home` and `FarHost.tmp` are the folders of `deploy` and `/tmp` there, as seen from
here.

It needs Linux, root, and the Debian packages openssh-server and sudo.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "far-Zebra-4711"  # of the user `deploy` on each host; at sudo's prompt
_PATIENCE = 30.0  # seconds that a server may take to listen, on a busy machine
_UID = 4711

_THERE = "/run/far"  # the folder of the host, as it is seen there, where /tmp is another

_ENTER = """\
set -eu
hostname {name}
mount --make-rprivate /
mount -t tmpfs -o mode=755 runbook-exec /run
mkdir -p /run/sshd /run/sudo /run/lock {there}
mount --bind {root} {there}
for file in passwd shadow group hosts motd sudoers; do
    [ ! -e {there}/$file ] || mount --bind {there}/$file /etc/$file
done
mount --bind {there}/home /home
mount --bind {there}/tmp /tmp
cd /
exec {sshd} -D -e -f {there}/sshd_config
"""

_SERVER = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {there}/host_key
PidFile none
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
StrictModes no
AuthorizedKeysFile {there}/authorized_keys
MaxStartups 1000
MaxSessions 1000
PrintMotd {motd}
PrintLastLog no
Subsystem sftp internal-sftp
{more}
"""

_CLIENT = """\
Host {name}
    HostName 127.0.0.1
    HostKeyAlias {name}
    Port {port}
    User deploy
    IdentityFile {key}
    IdentitiesOnly yes
    UserKnownHostsFile {known}
    StrictHostKeyChecking yes

"""

_WRAPPER = '#!/bin/sh\nexec {program} -F {config} "$@"\n'


@dataclass(frozen=True)
class FarHost:
    """One host; its folders are as seen from this machine."""

    name: str
    port: int
    home: Path  # of `deploy`; there it is /home/deploy
    root_home: Path  # of root; there it is /home/root
    tmp: Path  # there it is /tmp
    log: Path  # of sshd
    server: subprocess.Popen[bytes]

    def find_connections(self) -> list[int]:
        """Return the process ids of the servers of open connections, seen from this machine."""
        commands = {pid: _read_command(pid) for pid in _descend(self.server.pid)}
        return [pid for pid, text in commands.items() if "sshd: " in text and "[listener]" not in text]

    def cut_connections(self) -> None:
        """Kill the servers of all open connections; a client notices that at once."""
        for pid in self.find_connections():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_processes(self) -> None:
        """Kill all processes of the host but its server."""
        quiet = 0
        while quiet < 3:  # one that gets another parent just now is not found
            quiet += 1
            for pid in _descend(self.server.pid)[1:]:
                if (command := _read_command(pid)) and "[listener]" not in command:
                    quiet = 0
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def freeze_connections(self) -> None:
        """Stop the servers of all open connections: nothing comes or goes, and nothing ends."""
        for pid in self.find_connections():
            os.kill(pid, signal.SIGSTOP)

    def thaw_connections(self) -> None:
        """Let the servers of all open connections continue."""
        for pid in self.find_connections():
            os.kill(pid, signal.SIGCONT)

    def list_processes(self) -> list[str]:
        """Return the command lines of all processes of the host but its server."""
        commands = map(_read_command, _descend(self.server.pid)[1:])
        return [text for text in commands if text and "[listener]" not in text]


@dataclass(frozen=True)
class FarHosts:
    """Hosts by name, and the environment in which `ssh NAME` reaches them."""

    hosts: Mapping[str, FarHost]
    config: Path  # of the OpenSSH client
    environment: Mapping[str, str]  # PATH only

    def __getitem__(self, name: str) -> FarHost:
        return self.hosts[name]


@contextmanager
def open_hosts(
    folder: Path, *names: str, login: str = "/bin/bash", motd: str = "", settings: str = ""
) -> Iterator[FarHosts]:
    """Start a server for each name, and stop all their processes at the end of the block.

    `login` is the login shell of both users, `motd` the message of the day, `settings` are more lines of
    sshd's configuration (such as `SetEnv PATH=…`, whose first mention of a name counts). `folder` must not
    exist; it must be outside of /home and short enough for a socket's path.
    """
    for name in ("bin", "client"):
        (folder / name).mkdir(parents=True, mode=0o755)
    key, config = folder / "client/key", folder / "client/config"
    _make_key(key)
    hosts: dict[str, FarHost] = {}
    try:
        for name in names or ("web1",):
            hosts[name] = _start(folder, name, key, login, motd, settings)
        config.write_text("".join(_describe_client(folder, host, key) for host in hosts.values()))
        for program in ("ssh", "scp", "sftp"):
            wrapper = folder / "bin" / program
            wrapper.write_text(_WRAPPER.format(program=shutil.which(program), config=config))
            wrapper.chmod(0o755)
        yield FarHosts(hosts, config, {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"})
    finally:
        for host in hosts.values():
            host.server.kill()  # `unshare` takes the whole process namespace with it
            host.server.wait()


def _start(folder: Path, name: str, key: Path, shell: str, motd: str, settings: str) -> FarHost:
    root = folder / name
    home, root_home, tmp = root / "home/deploy", root / "home/root", root / "tmp"
    for each in (home, root_home, tmp):
        each.mkdir(parents=True)
    for user_home in (home, root_home):
        (user_home / ".zshrc").touch()  # without one, zsh asks a new user what to do
    tmp.chmod(0o1777)
    os.chown(home, _UID, _UID)
    _make_key(root / "host_key")
    shutil.copy(key.with_suffix(".pub"), root / "authorized_keys")
    _write_accounts(root, name, shell)
    if motd:
        (root / "motd").write_text(motd)
    more = "\n".join([settings, "SetEnv LANG=C.UTF-8"])
    log = root / "sshd.log"
    until = time.monotonic() + _PATIENCE
    while True:
        port = _find_port()
        text = _SERVER.format(port=port, there=_THERE, motd="yes" if motd else "no", more=more)
        (root / "sshd_config").write_text(text)
        server = _launch(root, name, log)
        if _listens(server, port, until):
            return FarHost(name, port, home, root_home, tmp, log, server)
        server.kill()
        server.wait()
        assert b"mount:" not in log.read_bytes(), log.read_text()
        assert time.monotonic() < until, f"sshd of {name} does not listen:\n{log.read_text()[-2000:]}"


def _launch(root: Path, name: str, log: Path) -> subprocess.Popen[bytes]:
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ["PATH"])
    assert sshd, "this test needs the Debian package openssh-server"
    command = ["unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc"]
    script = _ENTER.format(name=name, root=root, there=_THERE, sshd=sshd)
    with log.open("ab") as output:
        return subprocess.Popen(
            [*command, "sh", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def _listens(server: subprocess.Popen[bytes], port: int, until: float) -> bool:
    """Wait until the server greets; returns False if it has ended, as when the port was taken meanwhile."""
    while server.poll() is None and time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0) as connection:
            if connection.recv(4) == b"SSH-":
                return server.poll() is None
        time.sleep(0.02)
    return False


def _find_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _make_key(path: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)],
        check=True,
        stdin=subprocess.DEVNULL,
    )


def _write_accounts(root: Path, name: str, shell: str) -> None:
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", "-salt", "runbookexec", "-stdin"],
        input=PASSWORD.encode(),
        capture_output=True,
        check=True,
    ).stdout.decode()
    others = [line for line in Path("/etc/passwd").read_text().splitlines() if line.split(":")[0] != "root"]
    users = [f"root:x:0:0:root:/home/root:{shell}", f"deploy:x:{_UID}:{_UID}:deploy:/home/deploy:{shell}"]
    (root / "passwd").write_text("\n".join([*users, *others, ""]))
    (root / "shadow").write_text(f"root:*:19000::::::\ndeploy:{hashed.strip()}:19000::::::\n")
    (root / "shadow").chmod(0o600)
    groups = Path("/etc/group").read_text()
    (root / "group").write_text(f"{groups.rstrip()}\ndeploy:x:{_UID}:\n")
    (root / "hosts").write_text(f"127.0.0.1 localhost {name}\n")
    sudoers = root / "sudoers"
    sudoers.write_text(
        "Defaults secure_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
        "root ALL=(ALL:ALL) ALL\ndeploy ALL=(ALL:ALL) ALL\n"
    )
    sudoers.chmod(0o440)


def _describe_client(folder: Path, host: FarHost, key: Path) -> str:
    known = folder / "client" / f"known_{host.name}"
    public = (folder / host.name / "host_key.pub").read_text()
    known.write_text(f"{host.name} {public}")
    return _CLIENT.format(name=host.name, port=host.port, key=key, known=known)


def _descend(pid: int) -> list[int]:
    """Return the process and all its descendants."""
    with suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *(each for child in children for each in _descend(int(child)))]
    return []


def _read_command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return ""
