"""The tools compared with: where they are, or why they are not there. None is a dependency of the project."""

from __future__ import annotations

import compileall
import shutil
import subprocess
import sys
import venv
from pathlib import Path

PACKAGES = ("rundoc", "byexample", "cram", "tesh")
_REQUIREMENTS = (*PACKAGES, "setuptools")  # tesh imports distutils, which Python 3.12 does not have
SYSTEM = {
    "fish": "`apt install fish` or https://fishshell.com",
    "script": "util-linux (`apt install bsdextrautils` on Debian)",
}


class Missing(Exception):
    """A tool is not to be had; the message says how to get it."""


def system(name: str) -> Path:
    """The path of a program of the system; raises Missing."""
    path = shutil.which(name)
    if path is None:
        raise Missing(f"{name} is not on PATH: get it with {SYSTEM[name]}")
    return Path(path)


def install_peers(folder: Path) -> dict[str, Path]:
    """The packages' programs by name, installed from PyPI into a virtual environment that is kept here.

    Everything in it is compiled: a peer must not pay for a compilation that happens once. Raises Missing.
    """
    ready = folder / "ready"
    wanted = "\n".join((sys.version, *_REQUIREMENTS))
    if not ready.exists() or ready.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        python = str(folder / "bin" / "python")
        done = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *_REQUIREMENTS],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Missing(f"cannot install {', '.join(PACKAGES)} from PyPI: {done.stderr.strip()}")
        compileall.compile_dir(folder / "lib", quiet=2, workers=1)
        ready.write_text(wanted, encoding="utf-8")
    return {name: folder / "bin" / name for name in PACKAGES}


def versions(folder: Path) -> dict[str, str]:
    """The versions of the packages that are installed here."""
    found = {}
    for info in folder.glob("lib/*/site-packages/*.dist-info"):
        name, _, version = info.name.removesuffix(".dist-info").partition("-")
        if name in PACKAGES:
            found[name] = version
    return found
