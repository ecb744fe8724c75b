"""The documents that are run, and the words of the commands that run them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from .claims import MB
from .place import Place

_BLOCKS_A_STEP = 100


def list_program_words() -> tuple[str, ...]:
    """Return the words that start our program."""
    program = Path(sys.executable).with_name("runbook-exec")
    return (str(program),) if program.exists() else (sys.executable, "-m", "runbook_exec")


def list_run_words(document: Path) -> tuple[str, ...]:
    """Return the words that run a document without a person."""
    return (*list_program_words(), str(document), "--yes", "--no-input")


def find_shells() -> tuple[str, ...]:
    """Return the shells besides fish that this machine has."""
    return tuple(shell for shell in ("bash", "zsh", "sh") if shutil.which(shell))


def make_last_statement(place: Place) -> str:
    """Return the statement that every document ends with, in any shell."""
    return f"echo done >{place.proof}"


def make_document(statements: Sequence[str], shell: str = "fish") -> str:
    """Return a document with a block for each statement."""
    parts = ["# Statements\n"]
    for number, statement in enumerate(statements):
        if number % _BLOCKS_A_STEP == 0:
            parts.append(f"## {number // _BLOCKS_A_STEP + 1}. Go on\n")
        parts.append(f"```{shell}\n{statement}\n```\n")
    return "\n".join(parts)


def make_examples(statements: Sequence[str]) -> str:
    """Return the same as examples of byexample."""
    return "\n".join(f"```shell\n$ {statement}\n```\n" for statement in statements)


def make_session(statements: Sequence[str]) -> str:
    """Return the same as a session of tesh."""
    lines = "\n".join(f"$ {statement}" for statement in statements)
    return f'# Statements\n\n```console tesh-session="all"\n{lines}\n```\n'


def format_size(size: int) -> str:
    """Return a number of bytes for the table."""
    return f"{size / 1e9:g} GB" if size >= 1e9 else f"{size / MB:g} MB"
