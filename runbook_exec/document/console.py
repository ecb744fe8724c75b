"""Console sessions: which of their lines were typed at a prompt, and what was printed below each command."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ..text.source import MappedText

_PATIENCE = 25  # how often, on average, a character of a session is looked at to see where its command ends


_Complete = Callable[[str], bool | None]


_FIRST_PROMPT = re.compile(r"(?>(?:\s*+#[^\n]*+)*)\s*+\$ [^\S\n]*+\S")

_DOLLAR = re.compile(r"[ \t]*\$(?: |$)")

_PERCENT = re.compile(r"%(?: |$)")

_CONTINUATION = re.compile(r"[ \t]*>(?: |$)")

_BACKSLASHES = re.compile(r"(\\+)$")


class ConsoleBlock(NamedTuple):
    """The commands of a session as one script, and what it shows below each."""

    script: MappedText
    expected: tuple[tuple[int, str], ...]  # where a command with output ends in the script, and that output


def is_console(code: str) -> bool:
    """Whether the first line that is neither blank nor a comment begins with the prompt `$ `."""
    return _FIRST_PROMPT.match(code) is not None


def _find_prompt(lines: list[str]) -> re.Pattern[str]:
    """The prompt of a session: `% ` where it begins with that, else `$ `.

    Only one of them, because programs print the other: `  % Total    % Received` is curl's.
    """
    first = next((line for line in lines if line.strip()), "")
    return _PERCENT if first.startswith("% ") else _DOLLAR


def strip_prompts(code: MappedText, complete: Callable[[str], bool]) -> ConsoleBlock:
    """Take the prompts off a session; `complete` says whether text is whole commands of the shell.

    A line without a prompt belongs to the command above only while that is not complete; every other one is
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
    """How many characters to take off each line of the command whose prompt is on line `first`."""
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
    """How many lines without a prompt make the command whole; none if no number of them does."""
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
    """`complete`, which gives no answer any more once it was asked about `most` characters.

    Text is then taken for output; the command above it stays incomplete, which is a problem of its block.
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
