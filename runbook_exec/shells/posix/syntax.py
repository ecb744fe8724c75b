"""Checks the syntax of scripts with the POSIX shells themselves."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...light_classes import dataclass
from ...system.temporary_folders import TemporaryFolder
from ...text.lazy_pattern import LazyPattern
from ..base import Complaint

if TYPE_CHECKING:
    from subprocess import CompletedProcess

# Variables that make a shell read files before the script, or change the language of its messages.
_UNWANTED = ("BASH_ENV", "ENV", "ZDOTDIR", "POSIXLY_CORRECT", "LANGUAGE")

_PLACE = LazyPattern(r"\A[^\n]*?: ?(?:line )?(\d+): ")

_OWN_LINE = LazyPattern(r"^warning: | (?:at|on) line \d+")  # in the script, not the page

_TOKEN = LazyPattern(
    r"(?:near(?: unexpected token)?|matching) `(.+)'|\"(.+)\" unexpected|unexpected \"([^\"]+)\""
)


# Two constructs that allow only a complete script inside: a script that closes the first one by its own words
# is an error in the second. Each script is read in both, one after the other.
_AROUND = (("{", "}"), ("if :; then", "fi"))

# This does nothing after a complete script, and is an error after an open quote or list.
_GUARD = ": \";;)\" ';;)' '`;;)`'\n:;"

_BATCH = 4_000_000  # characters


def check(command: Sequence[str], scripts: Sequence[str], alone: Sequence[bool]) -> list[Complaint | None]:
    """Return for each script None or the complaint of the shell.

    Nothing in a script is executed. `command` is the shell with its options, to which the name of a file is
    added. Scripts for which `alone` is false are checked many at a time, and each by itself only where the
    shell does not accept all of them. Raises FileNotFoundError when the shell is not installed.
    """
    with TemporaryFolder("exec") as folder:
        asking = _SyntaxChecker(command, Path(folder))
        together = [number for number, by_itself in enumerate(alone) if not by_itself]
        accepted: set[int] = set()
        for batch in _batches(scripts, together):
            accepted |= asking.find_accepted(scripts, batch)
        found: list[Complaint | None] = [None] * len(scripts)
        suspects = [number for number in range(len(scripts)) if number not in accepted]
        if suspects:
            from concurrent.futures import (
                ThreadPoolExecutor,
            )  # most scripts are right, and the module is large

            with ThreadPoolExecutor(os.cpu_count()) as pool:
                complaints = pool.map(
                    asking.find_complaint, suspects, [scripts[number] for number in suspects]
                )
                for number, complaint in zip(suspects, complaints, strict=True):
                    found[number] = complaint
        return found


def _batches(scripts: Sequence[str], numbers: Sequence[int]) -> Iterator[list[int]]:
    """Yield the numbers in groups whose scripts fit in one file of at most _BATCH characters."""
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
    """Runs the syntax check of a shell on files in a folder."""

    command: Sequence[str]
    folder: Path

    def find_accepted(self, scripts: Sequence[str], batch: Sequence[int]) -> set[int]:
        """Return the numbers in the batch that the shell certainly parses; the others are not known."""
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
        """Return the complaint of the shell about one script alone, or None."""
        done = self._run(str(number), script)
        errors = done.stderr.decode("utf-8", "replace").strip()
        if not errors:
            # the status means nothing: with -n, zsh negates a status for `!` although nothing ran
            why = f"`{self.command[0]}` was ended by signal {-done.returncode} while it read this"
            return Complaint(why) if done.returncode < 0 else None
        place = _PLACE.match(errors)
        message = _OWN_LINE.sub("", errors[place.end() if place else 0 :].partition("\n")[0])
        line = int(place[1]) if place else None
        return Complaint(
            message, line, _columns(message, script.split("\n")[line - 1 : line] if line else ())
        )

    def _run(self, name: str, script: str) -> CompletedProcess[bytes]:
        from subprocess import DEVNULL, run

        path = self.folder / name
        path.write_bytes(script.encode("utf-8", "surrogateescape"))
        environment = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
        return run(
            [*self.command, path],
            cwd=self.folder,
            env=environment | {"LC_ALL": "C"},
            stdin=DEVNULL,
            capture_output=True,
            check=False,
        )


def _columns(message: str, lines: Sequence[str]) -> tuple[int, int] | None:
    """Return the columns of the word in the message on the line, if it is there only once."""
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
