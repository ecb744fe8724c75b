"""What bash, zsh and sh themselves say of a script's syntax."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..base import Complaint

# Files that a shell would read before the script, and a language that would change its messages.
_UNWANTED = ("BASH_ENV", "ENV", "ZDOTDIR", "POSIXLY_CORRECT", "LANGUAGE")

_PLACE = re.compile(r"\A[^\n]*?: ?(?:line )?(\d+): ")

_OWN_LINE = re.compile(r"^warning: | (?:at|on) line \d+")  # of the script, which is not the page's

_TOKEN = re.compile(
    r"(?:near(?: unexpected token)?|matching) `(.+)'|\"(.+)\" unexpected|unexpected \"([^\"]+)\""
)


# Two ways of putting a script where it can only stand if it is complete: a script that closes the first by
# words of its own is an error in the second. Each script is read in both, one after the other.
_AROUND = (("{", "}"), ("if :; then", "fi"))

# Nothing after a script that is complete; an error after one that has left a quote or a list open.
_GUARD = ": \";;)\" ';;)' '`;;)`'\n:;"

_BATCH = 4_000_000  # characters


def check(command: Sequence[str], scripts: Sequence[str], alone: Sequence[bool]) -> list[Complaint | None]:
    """For each script None, or the shell's complaint; nothing in a script is executed.

    `command` is the shell with its options, to which the name of a file is added. Scripts for which `alone`
    is false are checked many at a time, and each by itself only where the shell does not accept all of them.
    Raises FileNotFoundError when the shell is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="runbook-exec-") as folder:
        asking = _SyntaxChecker(command, Path(folder))
        together = [number for number, by_itself in enumerate(alone) if not by_itself]
        accepted: set[int] = set()
        for batch in _batches(scripts, together):
            accepted |= asking.find_accepted(scripts, batch)
        found: list[Complaint | None] = [None] * len(scripts)
        suspects = [number for number in range(len(scripts)) if number not in accepted]
        if suspects:
            from concurrent.futures import ThreadPoolExecutor  # most scripts are right, and it is not small

            with ThreadPoolExecutor(os.cpu_count()) as pool:
                said = pool.map(asking.find_complaint, suspects, [scripts[number] for number in suspects])
                for number, complaint in zip(suspects, said, strict=True):
                    found[number] = complaint
        return found


def _batches(scripts: Sequence[str], numbers: Sequence[int]) -> Iterator[list[int]]:
    """The numbers in groups whose scripts make a file of a size that is read at once."""
    batch: list[int] = []
    size = 0
    for number in numbers:
        if batch and size + len(scripts[number]) > _BATCH:
            yield batch
            batch, size = [], 0
        batch.append(number)
        size += len(scripts[number])
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class _SyntaxChecker:
    """A shell that is asked, and a folder for what it is to read."""

    command: Sequence[str]
    folder: Path

    def find_accepted(self, scripts: Sequence[str], batch: Sequence[int]) -> set[int]:
        """Those of the batch that the shell surely parses; of the others nothing is known."""
        if self._accepts([scripts[number] for number in batch]):
            return set(batch)
        half = len(batch) // 2
        if not half:
            return set()
        return self.find_accepted(scripts, batch[:half]) | self.find_accepted(scripts, batch[half:])

    def _accepts(self, scripts: Sequence[str]) -> bool:
        text = "".join(
            f"{opening}\n:\n{script}\n\n{closing}\n{_GUARD}\n"
            for script in scripts
            for opening, closing in _AROUND
        )
        done = self._run("all", text)
        return done.returncode == 0 and not done.stderr

    def find_complaint(self, number: int, script: str) -> Complaint | None:
        """What the shell says of a script by itself."""
        done = self._run(str(number), script)
        said = done.stderr.decode("utf-8", "replace").strip()
        if not said:
            # its status is nothing to go by: with -n, zsh turns round the one that `!` never got
            why = f"`{self.command[0]}` was ended by signal {-done.returncode} while it read this"
            return Complaint(why) if done.returncode < 0 else None
        place = _PLACE.match(said)
        message = _OWN_LINE.sub("", said[place.end() if place else 0 :].partition("\n")[0])
        line = int(place[1]) if place else None
        return Complaint(
            message, line, _columns(message, script.split("\n")[line - 1 : line] if line else ())
        )

    def _run(self, name: str, script: str) -> subprocess.CompletedProcess[bytes]:
        path = self.folder / name
        path.write_bytes(script.encode("utf-8", "surrogateescape"))
        environment = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
        return subprocess.run(
            [*self.command, path],
            cwd=self.folder,
            env=environment | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )


def _columns(message: str, lines: Sequence[str]) -> tuple[int, int] | None:
    """Where the word that the message names stands on the line, if it stands there only once."""
    token = _TOKEN.search(message)
    word = (token[1] or token[2] or token[3]) if token else ""
    if not word or not lines:
        return None
    edges = r"(?<![\w-])", r"(?![\w-])"
    pattern = (
        (edges[0] if word[0].isalnum() else "") + re.escape(word) + (edges[1] if word[-1].isalnum() else "")
    )
    found = list(re.finditer(pattern, lines[0]))
    return found[0].span() if len(found) == 1 else None
