"""Runs pages that go to another host and come back, many times, and says whether each effect is in its place.

    python -m tests.support.inner_loop [--runs 100] [VARIATION…]

A variation is a page with its operator. SHELL is the login shell of the host.

plain-SHELL   unattended, without `exit`, and with a prompt inside that prints marks like ours
nested-SHELL  `ssh`, then `sudo -i` with a password that is typed, a failure in the middle, and `!` there
cut           the connection is killed in the second statement, and the run is resumed
local         `unshare`, `chroot` and `su`

It needs root, openssh-server, sudo and busybox.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from runbook_exec.engine.events import StatementFinished
from tests.support.far_host import PASSWORD, FarHosts, open_hosts
from tests.support.program import COMMAND, Program, prepare_program
from tests.support.screen import open_screen

SHELLS = ("bash", "zsh", "fish", "sh")

HOST = "web1"

_OPTIONS = ("--no-config", "--yes")

_UNATTENDED = ("page.md", *_OPTIONS, "--no-input")

Files = Mapping[str, str]

# prompts that print the marks of terminals, and some like ours
_MARKS = r"\033]133;D;0\007\033]8133;E;0123456789abcdef;0;0;/\007\033]8133;I;;0;0;/\007"
_PROMPTS = {
    "bash": (".bash_profile", f"PROMPT_COMMAND=\"printf '{_MARKS}'\"\nPS1='\\h\\$ '\n"),
    "zsh": (".zshrc", f"precmd() {{ printf '{_MARKS}'; }}\nPS1='%m%# '\n"),
    "fish": (
        ".config/fish/config.fish",
        f"function fish_prompt; printf '{_MARKS}'; printf '%s> ' (hostname); end\n",
    ),
    "sh": (".profile", f"PS1=\"$(printf '{_MARKS}')$ \"\n"),
}

_PLAIN = """\
# Deploy

## Steps

### 1. On the server

```bash
ssh web1
hostname >~/one.txt
cd /tmp
hostname >two.txt
pwd >>two.txt
```

### 2. Here again

```bash
hostname >here.txt
```
"""

_NESTED = """\
# Deploy

## Steps

### 1. As root on the server

```bash
ssh web1
hostname >~/one.txt
sudo -i
hostname >/tmp/root.txt
sh -c 'exit 7'
id -un >>/tmp/root.txt
exit
id -un >/tmp/user.txt
```

### 2. Here again

```bash
hostname >here.txt
```
"""

_CUT = """\
# Deploy

## Steps

### 1. On the server

```bash
ssh web1
cd /tmp
echo begun >>begun.txt && kill -9 $PPID
hostname >after.txt
```

### 2. Here again

```bash
hostname >here.txt
```
"""

_LOCAL = """\
# Look

## Steps

### 1. In a namespace

```bash
unshare --uts --mount
hostname inside
hostname >uts.txt
exit
hostname >here.txt
```

### 2. In a root

```bash
chroot ROOT /bin/sh
cd /tmp
echo here >root.txt
```

### 3. As somebody else

```bash
su -s /bin/sh nobody
id -un >SHARED/user.txt
exit
id -un >me.txt
```
"""


def read_effects(*folders: Path) -> dict[str, str]:
    """Return the text of each effect, by the name of its folder and file."""
    return {
        f"{folder.name}/{path.name}": path.read_text() for folder in folders for path in folder.glob("*.txt")
    }


def remove_effects(hosts: FarHosts) -> None:
    """Remove what a run has left on the host."""
    for folder in (hosts[HOST].home, hosts[HOST].root_home, hosts[HOST].tmp):
        for path in folder.glob("*.txt"):
            path.unlink()


def find_difference(program: Program, hosts: FarHosts, there: Files, here: Files) -> str:
    """Return what is not as expected of the effects on the host and on this machine; "" if all is."""
    host = hosts[HOST]
    far = read_effects(host.home, host.root_home, host.tmp)
    near = read_effects(program.work)
    expected_near = {f"work/{name}": text for name, text in here.items()}
    if far != there:
        return f"on the host: expected {there}, found {far}"
    if near != expected_near:
        return f"here: expected {expected_near}, found {near}"
    return f"connections are left: {left}" if (left := _wait_for_no_connection(hosts)) else ""


def _wait_for_no_connection(hosts: FarHosts) -> list[int]:
    until = time.monotonic() + 10.0
    while (left := hosts[HOST].find_connections()) and time.monotonic() < until:
        time.sleep(0.02)
    return left


def run_plain(program: Program, hosts: FarHosts) -> str:
    """Run the page without `exit` unattended; return what is wrong."""
    done = program.run_page(_PLAIN, *_UNATTENDED[1:], env=hosts.environment)
    there = {"deploy/one.txt": f"{HOST}\n", "tmp/two.txt": f"{HOST}\n/tmp\n"}
    here = {"here.txt": f"{socket.gethostname()}\n"}
    wrong = "" if done.status == 0 else f"exit status {done.status}:\n{done.output}"
    return wrong or find_difference(program, hosts, there, here)


def run_nested(program: Program, hosts: FarHosts) -> str:
    """Run the page with a password and a failure, at a terminal; return what is wrong."""
    program.write("page.md", _NESTED)
    command = [*COMMAND, "page.md", *_OPTIONS]
    with open_screen(command, program.work, program.environment(hosts.environment), 100, 40) as shown:
        shown.wait("password for deploy")
        shown.type(f"{PASSWORD}\r")
        shown.wait("exited 7", "! shell")
        shown.wait_last("1 of 2 ›")
        shown.type("!")
        shown.wait("This is the shell as root on web1")
        shown.wait_last(">")
        shown.type_line("hostname >>/tmp/root.txt")
        shown.wait_for_prompt("> hostname >>/tmp/root.txt")
        shown.type_line("exit")
        shown.wait_until(lambda text: text.endswith("1 of 2 ›"), "the question again")
        shown.type("s")
        status = shown.wait_status()
        text = shown.text()
        if PASSWORD in shown.raw.decode("utf-8", "replace"):
            return "the password is on the screen"
    if status not in (0, 1):
        return f"exit status {status}:\n{text}"
    if PASSWORD.encode() in program.read_all_files():
        return "the password is in a file"
    there = {
        "deploy/one.txt": f"{HOST}\n",
        "tmp/root.txt": f"{HOST}\n{HOST}\nroot\n",
        "tmp/user.txt": "deploy\n",
    }
    return find_difference(program, hosts, there, {"here.txt": f"{socket.gethostname()}\n"})


def run_cut(program: Program, hosts: FarHosts) -> str:
    """Run the page whose connection dies in its second statement, and resume it; return what is wrong."""
    done = program.run_page(_CUT, *_UNATTENDED[1:], env=hosts.environment)
    if done.status != 1:
        return f"the run ended with {done.status}:\n{done.output}"
    doubts = [
        each.line for each in program.read_events() if isinstance(each, StatementFinished) and each.doubt
    ]
    if doubts != [10]:
        return f"statements in doubt at lines {doubts}:\n{done.output}"
    if wrong := find_difference(program, hosts, {"tmp/begun.txt": "begun\n"}, {}):
        return wrong
    steps = (((), 3), (("--assume", "done", "1.3"), 3), (("--assume", "again", "1.1"), 0))
    for more, status in steps:
        done = program.run("resume", "--yes", "--no-input", *more, env=hosts.environment)
        if done.status != status:
            return f"resume {' '.join(more)} ended with {done.status}:\n{done.output}"
    there = {"tmp/begun.txt": "begun\n", "tmp/after.txt": f"{HOST}\n"}
    return find_difference(program, hosts, there, {"here.txt": f"{socket.gethostname()}\n"})


def run_local(program: Program, hosts: FarHosts) -> str:
    """Run the page whose shells need no network; return what is wrong."""
    root, shared = program.folder / "root", program.folder / "shared"
    _build_root(root)
    shared.mkdir()
    shared.chmod(0o777)
    program.folder.chmod(0o755)
    text = _LOCAL.replace("ROOT", str(root)).replace("SHARED", str(shared))
    done = program.run_page(text, *_UNATTENDED[1:])
    if done.status:
        return f"exit status {done.status}:\n{done.output}"
    if made := list((root / "dev").iterdir()):
        return f"devices that no one has made: {made}"
    found = read_effects(program.work, root / "tmp", shared)
    me = socket.gethostname()
    expected = {
        "work/uts.txt": "inside\n",
        "work/here.txt": f"{me}\n",
        "tmp/root.txt": "here\n",
        "shared/user.txt": "nobody\n",
        "work/me.txt": "root\n",
    }
    return "" if found == expected else f"expected {expected}, found {found}"


def _build_root(root: Path) -> None:
    """Make a folder that `chroot` can enter: a shell, and what it needs."""
    busybox = shutil.which("busybox")
    assert busybox, "this needs the Debian package busybox"
    for name in ("bin", "tmp", "dev"):
        (root / name).mkdir(parents=True)
    needs = subprocess.run(["ldd", busybox], capture_output=True, text=True, check=False).stdout
    for path in [busybox, *re.findall(r"(/\S+) \(0x", needs)]:
        copy = root / path.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    (root / "bin/sh").symlink_to(busybox)


Variation = Callable[[Program, FarHosts], str]

VARIATIONS: Mapping[str, tuple[str, Variation]] = {  # with the login shell of the host
    **{f"plain-{shell}": (shell, run_plain) for shell in SHELLS},
    **{f"nested-{shell}": (shell, run_nested) for shell in SHELLS},
    "cut": ("bash", run_cut),
    "local": ("bash", run_local),
}


def open_host(stack: ExitStack, shell: str) -> FarHosts:
    """Start a host with this login shell, and a prompt that prints marks for its user `deploy`."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="far-", dir="/var/tmp")))
    hosts = stack.enter_context(open_hosts(folder / "hosts", HOST, login=f"/bin/{shell}"))
    name, text = _PROMPTS[shell]
    path = hosts[HOST].home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    for each in (path, *path.relative_to(hosts[HOST].home).parents):
        os.chown(hosts[HOST].home / each, 4711, 4711)
    return hosts


def run_once(run: Variation, hosts: FarHosts) -> str:
    """Run a variation in a new folder; return what is wrong, "" if nothing is."""
    remove_effects(hosts)
    with tempfile.TemporaryDirectory(prefix="loop-", dir="/var/tmp") as folder:
        program = prepare_program(Path(folder))
        try:
            return run(program, hosts)
        except AssertionError as wrong:
            return str(wrong)


def main() -> int:
    """Run each variation so often; 1 if one was wrong once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("variations", nargs="*", metavar="VARIATION", default=list(VARIATIONS))
    arguments = parser.parse_args()
    failed = 0
    for name in arguments.variations:
        shell, run = VARIATIONS[name]
        with ExitStack() as stack:
            hosts = open_host(stack, shell)
            began = time.monotonic()
            wrong = list(filter(None, map(partial(_run_numbered, run, hosts), range(arguments.runs))))
            seconds = time.monotonic() - began
        print(f"{name}: {arguments.runs - len(wrong)} of {arguments.runs} right, {seconds:.0f} s", flush=True)
        for each in wrong[:3]:
            print("  " + each.replace("\n", "\n  "), flush=True)
        failed += bool(wrong)
    return 1 if failed else 0


def _run_numbered(run: Variation, hosts: FarHosts, number: int) -> str:
    return run_once(run, hosts)


if __name__ == "__main__":
    sys.exit(main())
