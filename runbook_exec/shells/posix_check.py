"""What bash, zsh and sh themselves say of a script's syntax."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Files that a shell would read before the script, and a language that would change its messages.
_UNWANTED = ("BASH_ENV", "ENV", "ZDOTDIR", "POSIXLY_CORRECT", "LANGUAGE")
_PLACE = re.compile(r"\A[^\n]*?: ?(?:line )?(\d+): ")


def check(command: Sequence[str], scripts: Sequence[str]) -> list[str | None]:
    """For each script None, or the shell's complaint as "line N: …"; nothing in a script is executed.

    `command` is the shell with its options, to which the name of a file is added.
    Raises FileNotFoundError when the shell is not installed.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _UNWANTED} | {
        "LC_ALL": "C"
    }
    with tempfile.TemporaryDirectory(prefix="runbook-exec-") as folder:

        def complaint(number: int) -> str | None:
            path = Path(folder, str(number))
            path.write_bytes(scripts[number].encode("utf-8", "surrogateescape"))
            done = subprocess.run(
                [*command, path], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True
            )
            said = done.stderr.decode("utf-8", "replace").strip()
            first = _PLACE.sub(r"line \1: ", said).partition("\n")[0]
            return first or (f"`{command[0]}` refused it and did not say why" if done.returncode else None)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(complaint, range(len(scripts))))
