"""Finds the Python versions that other machines may have."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSIONS = ("3.9", "3.10", "3.13")  # the oldest that is supported there, one before ours, and a new one


def find_python(version: str) -> Path:
    """Return the folder of this version of Python; on a machine without it, that of the running one."""
    roots = (os.environ.get("PYENV_ROOT", ""), str(Path.home() / ".pyenv"), "/root/.pyenv", "/opt/pyenv")
    for root in filter(None, roots):
        try:
            found = sorted(Path(root).glob(f"versions/{version}.*/bin"))
        except OSError:
            continue
        if found:
            return found[-1]
    command = shutil.which(f"python{version}")
    if command and subprocess.run([command, "-c", "pass"], capture_output=True, check=False).returncode == 0:
        return Path(os.path.realpath(command)).parent
    return Path(os.path.realpath(sys.executable)).parent
