"""What was measured on: facts without which no number means anything."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from runbook_exec import __version__

_TOLD_BY = {"fish": ("fish", "--version"), "bash": ("bash", "--version"), "script": ("script", "--version")}


def facts(peers: Mapping[str, str], disk: Path) -> Iterator[str]:
    """Lines about this machine, its disk and everything that is compared; `peers` are versions by name."""
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    yield f"runbook-exec {__version__}{_commit()}, {when}"
    cores, memory = os.cpu_count(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    system = f"{platform.system()} {platform.release()}"
    yield f"{_processor()}, {cores} cores, {memory:.0f} GiB, {system}; load {load}"
    yield f"flushing a line to {disk.name}: {_flush(disk) * 1000:.2f} ms"
    told = {name: _read_version(command) for name, command in _TOLD_BY.items() if shutil.which(command[0])}
    versions = {"Python": platform.python_version(), "mistune": version("mistune"), **told, **peers}
    yield ", ".join(f"{name} {number}" for name, number in versions.items())


def _flush(disk: Path) -> float:
    """The seconds that it takes to write a line to a file and flush it to this disk, as a journal does."""
    times = []
    with tempfile.TemporaryFile(dir=disk) as file:
        for _ in range(50):
            started = time.perf_counter()
            os.write(file.fileno(), b"x" * 300)
            getattr(os, "fdatasync", os.fsync)(file.fileno())
            times.append(time.perf_counter() - started)
    return median(times)


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    names = re.findall(r"^model name\s*: (.*)", cpuinfo.read_text(), re.M) if cpuinfo.exists() else []
    return names[0] if names else platform.processor() or platform.machine()


def _read_version(command: tuple[str, ...]) -> str:
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+(?:\.\d+)+", said)
    return found[0] if found else "of an unknown version"


def _commit() -> str:
    here = Path(__file__).parent
    command = ("git", "-C", str(here), "describe", "--always", "--dirty")
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return f" at {said}" if said else ""
