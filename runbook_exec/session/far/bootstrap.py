"""Makes what is sent to a far host to start a session there: a command line, a program and its modules."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2]

# What the far end imports of ours; a folder means all of its modules. All of it runs with Python 3.9.
MODULES = (
    "errors.py",
    "light_classes.py",
    "session",
    "session/connections",
    "session/far/frames.py",
    "session/far/helper.py",
    "session/far/statement_end.py",
    "session/far/wire.py",
    "shells/driver.py",
    "shells/fish/driver.py",
    "shells/live_shell.py",
    "shells/posix/driver.py",
    "shells/posix/statuses.py",
    "shells/registry.py",
    "shells/small_programs.py",
    "system/core_dumps.py",
    "system/descriptors.py",
    "system/process_tree.py",
    "system/processes.py",
    "system/screen_modes.py",
    "system/signals.py",
    "system/temporary_folders.py",
    "system/terminal_readers.py",
    "text/ansi.py",
    "text/lazy_pattern.py",
)

_NOT_SENT = ("session/background.py",)  # no statement there is left running

LIBRARIES = ("pexpect", "ptyprocess")

# Without quotes, `$` and `!`, it is the same in every shell. It reads the program that follows, and no byte
# more, from standard input.
_LOADER = (
    "import sys,io;sys.version_info<(3,9) and sys.exit(97);"
    "f=io.BufferedReader(io.FileIO(0,closefd=False),1);exec(f.read(int(f.read(8))))"
)

_PYTHONS = (
    "python3 python3.14 python3.13 python3.12 python3.11 python3.10 python3.9 /usr/libexec/platform-python"
)

# For the login shell of the far user, which may be fish.
COMMAND = (
    f"exec sh -c 'for p in {_PYTHONS}; do command -v $p >/dev/null 2>&1 || continue; "
    f'$p -c "{_LOADER}"; s=$?; test $s = 97 || exit $s; done; echo; echo RUNBOOK-FAR none\''
)

GREETING = b"\nRUNBOOK-FAR "  # then `ready`, `none` or `gone`, and a line end

_FIRST = """\
import os, sys, tempfile, zipimport
os.write(1, b"\\nRUNBOOK-FAR ready\\n")
data = b""
while len(data) < %d:
    piece = os.read(0, min(1 << 16, %d - len(data)))
    if not piece:
        sys.exit(1)
    data += piece
folder = tempfile.mkdtemp(prefix="runbook-far-")
try:
    path = folder + "/session.zip"
    with open(path, "wb") as file:
        file.write(data)
    sys.path.insert(0, path)
    sys.dont_write_bytecode = True
    from runbook_exec.session.far.helper import main
    from runbook_exec.shells.registry import load_driver
    load_driver(%r)
finally:
    os.unlink(path)
    os.rmdir(folder)
main()
"""

_AGAIN = """\
import os, socket, sys
client = socket.socket(socket.AF_UNIX)
try:
    client.connect(%r)
except OSError:
    os.write(1, b"\\nRUNBOOK-FAR gone\\n")
    sys.exit(1)
os.write(1, b"\\nRUNBOOK-FAR ready\\n")
socket.send_fds(client, [b"F"], [0, 1])
os.close(0)
os.close(1)
client.recv(1)
"""


# Answers with what the session of a run says of its last statement, or with what it has left in a file.
_REPORT = """\
import os, socket, stat, sys, tempfile
folder = tempfile.gettempdir() + "/.runbook-exec-%%d" %% os.geteuid()
path = folder + "/" + %r
os.write(1, b"\\nRUNBOOK-FAR report\\n")
try:
    state = os.lstat(folder)
    if state.st_uid != os.geteuid() or state.st_mode & 0o077 or not stat.S_ISDIR(state.st_mode):
        sys.exit(1)
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    client.send(b"R")
    while True:
        piece = client.recv(1 << 16)
        if not piece:
            break
        os.write(1, piece)
except OSError:
    try:
        with open(path + ".report", "rb") as file:
            os.write(1, file.read())
    except OSError:
        pass
"""


def build_first_program(shell: str) -> bytes:
    """Return what the far Python is sent to begin a session with this shell."""
    modules = build_archive()
    return _write_program(_FIRST % (len(modules), len(modules), shell)) + modules


def build_next_program(address: str) -> bytes:
    """Return what the far Python is sent to connect to a session that is there."""
    return _write_program(_AGAIN % address)


def build_report_program(run: str) -> bytes:
    """Return what the far Python is sent to ask how the last statement of a run has ended."""
    return _write_program(_REPORT % run)


def _write_program(text: str) -> bytes:
    code = text.encode()
    return b"%08d" % len(code) + code


@cache
def build_archive() -> bytes:
    """Return the modules of the far end as a zip file."""
    # large, and most runs are on this machine
    import zipfile
    from importlib.util import find_spec

    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        folders = {""}
        for name in list_files():
            path = Path(name)
            folders |= {str(parent) for parent in path.parents}
            archive.write(PACKAGE / path, f"runbook_exec/{name}")
        for folder in sorted(folders - {"."}):
            archive.writestr(f"runbook_exec/{folder}/__init__.py".replace("//", "/"), "")
        for library in LIBRARIES:
            spec = find_spec(library)
            for place in map(Path, spec.submodule_search_locations or ()) if spec else ():
                for path in sorted(place.glob("*.py")):
                    archive.write(path, f"{library}/{path.name}")
    return data.getvalue()


def list_files() -> list[str]:
    """Return the paths of our modules in the archive, below the package."""
    found = []
    for name in MODULES:
        path = PACKAGE / name
        paths = sorted(path.glob("*.py")) if path.is_dir() else [path]
        found += [each.relative_to(PACKAGE).as_posix() for each in paths if each.name != "__init__.py"]
    return [name for name in found if name not in _NOT_SENT]
