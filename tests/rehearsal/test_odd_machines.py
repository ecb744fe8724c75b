"""On an odd machine a rehearsal works, or one line says why it does not."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.support.odd_machines import NAMES, WITHOUT, Machine, after, can_mount, in_folder, isolate
from tests.support.program import COMMAND, Program

TEMPORARY = 'export TMPDIR="$PWD/t"; exec "$@"'
REHEARSED = "# Page\n\n## Steps\n\n```bash\nkubectl get pods\nuname | cat\n```\n"
TRANSCRIPT = "```console\n$ kubectl get pods\nnone\n```\n"
SHORT = r"cannot continue: .*; nothing more was run"

OTHERS = (
    Machine("quotes in TMPDIR", in_folder(NAMES["quotes"])),
    Machine("bytes in TMPDIR", in_folder(NAMES["bytes that are no text"])),
    Machine("commas in TMPDIR", in_folder("'a,b=c'")),
    Machine("a colon in TMPDIR", in_folder("a:b"), 2, r"page.*: `.*` cannot be on PATH, .* \$TMPDIR"),
    Machine("20 descriptors", 'ulimit -n 20; exec "$@"'),
    Machine("no pidfd_open", f'exec {WITHOUT} ENOSYS pidfd_open "$@"', needs="linux"),
    Machine("no processes", f'exec {WITHOUT} EAGAIN clone,clone3,fork,vfork "$@"', 1, SHORT, needs="linux"),
    Machine(
        "no inodes",
        isolate("mkdir t; mount -t tmpfs -o nr_inodes=9 none t; " + TEMPORARY),
        1,
        SHORT,
        needs="mounts",
    ),
    Machine(
        "no /proc",
        isolate('mount -t tmpfs none /proc; exec "$@"'),
        0,
        "not isolated from .*",
        needs="mounts",
    ),
    Machine("a read-only checkout", isolate('mount --bind -o ro . . && cd . && exec "$@"'), needs="mounts"),
    Machine("ignored ends of children", after("signal.signal(signal.SIGCHLD, signal.SIG_IGN)")),
)


@pytest.mark.parametrize("machine", OTHERS, ids=lambda machine: machine.name)
def test_a_rehearsal_works_or_says_why_not(program: Program, machine: Machine) -> None:
    """The exit status is right, and at most one line explains it."""
    if machine.needs and sys.platform != "linux":
        pytest.skip("only Linux can be made odd in this way")
    if machine.needs == "mounts" and not can_mount():
        pytest.skip("this container does not allow mounts")
    program.write("page.md", REHEARSED)
    program.write("page.rehearsal.md", TRANSCRIPT)
    done = subprocess.run(
        ["bash", "-c", machine.commands, "x", *COMMAND, "rehearse", "page.md"],
        cwd=program.work,
        env=program.environment({"PYTHONDONTWRITEBYTECODE": "1"}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
    )
    errors = done.stderr.decode("utf-8", "replace").splitlines()
    if not machine.line:  # a container may forbid namespaces
        errors = [line for line in errors if not line.startswith("not isolated from ")]
    assert done.returncode == machine.status, done.stdout + done.stderr
    assert re.fullmatch(machine.line, "\n".join(errors)), errors
