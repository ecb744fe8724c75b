"""Reads console blocks: separates the commands after a prompt from the output below them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ..text.source import MappedText

_PATIENCE = 25  # how often, on average, a character may be checked to find the end of its command


_Complete = Callable[[str], bool | None]


_FIRST_PROMPT = re.compile(r"(?>(?:\s*+#[^\n]*+)*)\s*+\$ [^\S\n]*+\S")

_DOLLAR = re.compile(r"[ \t]*\$(?: |$)")

_PERCENT = re.compile(r"%(?: |$)")

_CONTINUATION = re.compile(r"[ \t]*>(?: |$)")

_BACKSLASHES = re.compile(r"(\\+)$")


class ConsoleBlock(NamedTuple):
    """The commands of a console block as one script, and the output below each."""

    script: MappedText
    expected: tuple[tuple[int, str], ...]  # the end of a command in the script, and its output


def is_console(code: str) -> bool:
    """Return whether the first line of code begins with the prompt `$ `.

    Blank lines and comments before it do not count.
    """
    return _FIRST_PROMPT.match(code) is not None


def _find_prompt(lines: list[str]) -> re.Pattern[str]:
    """Return the prompt of a console block: `% ` if the block begins with it, else `$ `.

    Only one of them counts, because programs print the other: curl prints `  % Total    % Received`.
    """
    first = next((line for line in lines if line.strip()), "")
    return _PERCENT if first.startswith("% ") else _DOLLAR


def strip_prompts(code: MappedText, complete: Callable[[str], bool]) -> ConsoleBlock:
    """Strip the prompts from a console block; `complete` tests whether text is whole commands.

    A line without a prompt belongs to the command above while that command is incomplete; other lines are
    output. Without any prompt the script is empty.
    """
    ask = _limit_checks(complete, _PATIENCE * len(code.text) + 20_000)
    lines = code.text.split("\n")
    prompt = _find_prompt(lines)
    texts: list[str] = []
    origins: list[int] = []
    padding: list[int] = []
    expected: list[tuple[int, str]] = []
    length = 0
    index = next((at for at, line in enumerate(lines) if prompt.match(line)), len(lines))
    while index < len(lines):
        cuts = _find_cuts(lines, index, prompt, ask)
        for at, cut in enumerate(cuts, index):
            texts.append(lines[at][cut:])
            origins.append(code.origins[at] + max(0, cut - code.padding[at]))
            padding.append(max(0, code.padding[at] - cut))
            length += len(texts[-1]) + 1
        index += len(cuts)
        output = index
        while index < len(lines) and not prompt.match(lines[index]):
            index += 1
        shown = "\n".join(lines[output:index]).rstrip("\n")
        if shown.strip():
            expected.append((length - 1, shown))
    return ConsoleBlock(MappedText("\n".join(texts), tuple(origins), tuple(padding)), tuple(expected))


def _find_cuts(lines: list[str], first: int, prompt: re.Pattern[str], complete: _Complete) -> list[int]:
    """Return the number of characters to strip from each line of the command at line `first`."""
    cuts = [_prompt_width(prompt, lines[first])]
    texts = [lines[first][cuts[0] :]]
    for index in range(first + 1, len(lines)):
        if prompt.match(lines[index]):
            break
        goes_on = _ends_in_backslash(texts[-1])
        if not goes_on and complete("\n".join(texts)) is not False:
            break
        cut = _prompt_width(_CONTINUATION, lines[index])
        if not goes_on and not cut:
            return cuts + [0] * _until_complete(lines, index, texts, prompt, complete)
        cuts.append(cut)
        texts.append(lines[index][cut:])
    return cuts


def _until_complete(
    lines: list[str], index: int, texts: list[str], prompt: re.Pattern[str], complete: _Complete
) -> int:
    """Return the number of lines without a prompt that complete the command.

    Returns 0 if no number does.
    """
    for taken, line in enumerate(lines[index:], 1):
        if prompt.match(line):
            break
        texts.append(line)
        whole = complete("\n".join(texts))
        if whole is None:
            break
        if whole:
            return taken
    return 0


def _limit_checks(complete: Callable[[str], bool], most: int) -> _Complete:
    """Return `complete` with a limit: None after calls with `most` characters in total.

    The text then counts as output, and the command above it as incomplete: a problem of its block.
    """
    asked = 0

    def answer(text: str) -> bool | None:
        nonlocal asked
        asked += len(text)
        return complete(text) if asked <= most else None

    return answer


def _prompt_width(prompt: re.Pattern[str], line: str) -> int:
    match = prompt.match(line)
    return match.end() if match else 0


def _ends_in_backslash(text: str) -> bool:
    match = _BACKSLASHES.search(text)
    return match is not None and len(match[1]) % 2 == 1
