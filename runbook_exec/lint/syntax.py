"""What the shells themselves say of every block, asked of all pages at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from .. import placeholders
from ..model import Block, Runbook, Span
from ..shells import LANGUAGES, SESSION, SHELLS
from .lines import span_in

_LINE = re.compile(r"line (\d+): (.*)", re.DOTALL)


def shell_of(runbook: Runbook, block: Block) -> str | None:
    """The shell that a block is written for; None where it is for none."""
    if block.annotation.shell:
        return block.annotation.shell
    named = LANGUAGES.get(block.language)
    if named != SESSION:
        return named
    around = [p.shell for p in runbook.procedures if p.span.start <= block.span.start and p.shell]
    return around[-1] if around else "bash"


def verdicts(
    pages: Mapping[Path, Runbook],
) -> tuple[dict[tuple[Path, int], tuple[Span, str]], set[str]]:
    """What a shell refuses, by page and by where the block begins: the place and its words.

    The second value names the shells that are not here, whose blocks are not checked.
    """
    asked: dict[str, list[tuple[Path, Runbook, Block, str]]] = {}
    for path, runbook in pages.items():
        for block in runbook.blocks:
            shell = shell_of(runbook, block)
            if shell is not None and block.script.text.strip():
                script = block.script.text
                blank = placeholders.blank(script, placeholders.find(script, runbook.settings.literal))
                asked.setdefault(shell, []).append((path, runbook, block, blank))
    refused: dict[tuple[Path, int], tuple[Span, str]] = {}
    missing: set[str] = set()
    for shell, blocks in asked.items():
        try:
            said = SHELLS[shell].check([script for *_, script in blocks])
        except FileNotFoundError:
            missing.add(shell)
            continue
        for (path, runbook, block, _), message in zip(blocks, said, strict=True):
            if message is not None:
                refused[path, block.span.start] = _placed(runbook, block, message)
    return refused, missing


def _placed(runbook: Runbook, block: Block, message: str) -> tuple[Span, str]:
    """The shell's message at the line in the file that it means, or at the block's first line."""
    found = _LINE.match(message)
    lines = block.script.text.split("\n")
    number = min(int(found[1]), len(lines)) if found else 1
    # a shell may name the line after the last one: what is missing there began in the block
    while number > 1 and not lines[number - 1].strip():
        number -= 1
    start = sum(len(line) + 1 for line in lines[: number - 1])
    indent = len(lines[number - 1]) - len(lines[number - 1].lstrip())
    first = block.script.offset(start + indent)
    last = block.script.offset(start + len(lines[number - 1].rstrip()))
    return span_in(runbook.text, first, max(first + 1, last)), found[2] if found else message


def shell_blocks(runbook: Runbook) -> Iterator[tuple[Block, str]]:
    """The blocks of a page that are written for a shell, with that shell."""
    for block in runbook.blocks:
        shell = shell_of(runbook, block)
        if shell is not None:
            yield block, shell
