"""Where commands are measured, and how much they have to do."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .claims import Claim
from .timing import Command

OURS = "runbook-exec"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much there is to do."""

    statements: int
    sample: int  # statements, for a peer that waits at each
    output: int  # bytes
    markdown: int  # bytes
    files: int
    turns: Mapping[str, int]  # by the key of a case


FULL = Sizes(
    1000, 100, 1_000_000_000, 20_000_000, 1000,
    {"start-up": 21, "builtins": 5, "commands": 5, "inside": 5, "long-lines": 3, "short-lines": 3,
     "parsing": 3, "lint": 3, "site": 7},
)  # fmt: skip
QUICK = Sizes(20, 5, 2_000_000, 200_000, 10, {})


@dataclass(frozen=True, slots=True)
class Place:
    """Where the measuring happens: folders, and the tools compared with that are there."""

    folder: Path  # for documents; its content is thrown away afterwards
    disk: Path  # a folder on a real disk
    memory: Path | None  # one that is only in memory, if the system has such
    tools: Mapping[str, Path]

    def environ(self, state: Path | None = None) -> dict[str, str]:
        """An environment without anybody's configuration, in which journals go to the `state` folder."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "SHELL": "/bin/sh",
            "XDG_STATE_HOME": str(state or self.disk),
            "RUNBOOK_EXEC_TRUSTED": str(self.folder),
        }

    def command(self, name: str, argv: Sequence[str | Path], state: Path | None = None) -> Command:
        """A command run here, as anybody would run it."""
        return Command(name, tuple(map(str, argv)), self.environ(state), self.folder)

    def proven(self, name: str, argv: Sequence[str | Path], state: Path | None = None) -> Command:
        """The same, for a document whose last statement writes the proof."""
        return Command(name, tuple(map(str, argv)), self.environ(state), self.folder, self.proof)

    @property
    def proof(self) -> Path:
        """The file that shows that the last statement of a document ran."""
        return self.folder / "proof"

    def write(self, name: str, text: str) -> Path:
        """A document made here."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


@dataclass(frozen=True, slots=True)
class Case:
    """Commands that are run in turn, and what is claimed of them."""

    commands: tuple[Command, ...]
    claims: tuple[Claim, ...]
    turns: int = 1
    warm: bool = True
