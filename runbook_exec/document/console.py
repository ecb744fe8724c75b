"""Reads console blocks: separates the commands after a prompt from the output below them."""

from __future__ import annotations

from collections.abc import Callable

from ..light_classes import NamedTuple
from ..shells.registry import CONSOLE
from ..text.lazy_pattern import LazyPattern
from ..text.source import MappedText
from .block_text.common_commands import looks_like_command
from .block_text.prompts import PromptForm, PromptUser, find_first_form, find_users, match_other_program

_PATIENCE = 25  # how often, on average, a character may be checked to find the end of its command


_Complete = Callable[[str], bool | None]


_CONTINUATION = LazyPattern(r"[ \t]*>(?: |$)")

_BACKSLASHES = LazyPattern(r"(\\+)$")

_HEREDOC = LazyPattern(r"<<-?[ \t]*(?:'([\w.-]+)'|\"([\w.-]+)\"|\\?([\w.-]+))")

_HASH = LazyPattern(r"#+ +(?=\S)")

_INDENTATION = LazyPattern(r"[ \t]*+")


class ConsoleBlock(NamedTuple):
    """The commands of a console block as one script, and the output below each."""

    script: MappedText
    expected: tuple[tuple[int, str], ...]  # the end of a command in the script, and its output
    users: tuple[
        tuple[PromptUser, int], ...
    ] = ()  # those of its prompts, with the index of the first line of each
    unprompted: bool = False  # whether it has no prompt at all: the script is the whole block
    hash_lines: tuple[int, ...] = ()  # indexes of lines with `# text` outside of commands
    broken_lines: tuple[int, ...] = ()  # indexes of lines that `\` continues onto a line with a prompt


def is_console(code: str, language: str) -> bool:
    """Return whether the first line of code begins with a prompt such as `$ ` or `user@host:~$ `.

    Blank lines and comments before it do not count. A block labelled `console` always is one.
    """
    return language == CONSOLE or find_first_form(code, language) is not None


def find_form(code: str, language: str) -> PromptForm | None:
    """Return the form of the prompts of a block, or None if it has none.

    In a console, `# ` is root's prompt if no other is there and most texts after it look like commands.
    """
    form = find_first_form(code, language)
    if form is not None or language != CONSOLE:
        return form
    lines = [line for line in code.split("\n") if line.strip()]
    after_hash = [line[2:] for line in lines if line.startswith("# ")]
    commands = sum(map(looks_like_command, after_hash))
    begins = bool(lines) and lines[0].startswith("# ")
    return PromptForm.ROOT if begins and commands and 2 * commands >= len(after_hash) else None


def find_other_prompt(text: str) -> tuple[int, str] | None:
    """Return the index of the first line that is typed into another program, and its prompt."""
    for index, line in enumerate(text.split("\n")):
        if found := match_other_program(line):
            return index, found["prompt"]
    return None


def find_inner_prompt(text: str) -> tuple[int, str] | None:
    """Return the index of the first line of an output that is typed at another prompt, and that prompt."""
    for index, line in enumerate(text.split("\n")):
        found = match_other_program(line) or PromptForm.PLACE.match(line)
        if found and line[found.end() :].strip():
            return index, found[0].strip()
    return None


def strip_prompts(code: MappedText, language: str, complete: Callable[[str], bool]) -> ConsoleBlock:
    """Strip the prompts from a console block; `complete` tests whether text is whole commands.

    A line without a prompt belongs to the command above while that command is incomplete; other lines are
    output. Without any prompt the script is the whole block.
    """
    form = find_form(code.text, language)
    if form is None:
        return ConsoleBlock(code, (), unprompted=True)
    ask = _limit_checks(complete, _PATIENCE * len(code.text) + 20_000)
    lines = code.text.split("\n")
    texts: list[str] = []
    origins: list[int] = []
    padding: list[int] = []
    expected: list[tuple[int, str]] = []
    outside: list[int] = []
    broken: list[int] = []
    length = 0
    index = next((at for at, line in enumerate(lines) if form.match(line)), len(lines))
    outside += range(index)
    while index < len(lines):
        cuts = _find_cuts(lines, index, form, ask)
        for at, cut in enumerate(cuts, index):
            texts.append(lines[at][cut:])
            origins.append(code.origins[at] + max(0, cut - code.padding[at]))
            padding.append(max(0, code.padding[at] - cut))
            length += len(texts[-1]) + 1
        index += len(cuts)
        output = index
        while index < len(lines) and not form.match(lines[index]):
            index += 1
        if output == index < len(lines) and _ends_in_backslash(lines[index - 1]):
            broken.append(index - 1)
        outside += range(output, index)
        shown = "\n".join(lines[output:index]).rstrip("\n")
        if shown.strip():
            expected.append((length - 1, shown))
    return ConsoleBlock(
        MappedText("\n".join(texts), tuple(origins), tuple(padding)),
        tuple(expected),
        find_users(lines, form),
        hash_lines=_find_hash_lines(lines, outside, form),
        broken_lines=tuple(broken),
    )


def _find_hash_lines(lines: list[str], outside: list[int], form: PromptForm) -> tuple[int, ...]:
    """Return the indexes of lines with `# text` outside of commands, indented like the first prompt."""
    if form is PromptForm.ROOT:
        return ()
    width = _indentation(next((line for line in lines if form.match(line)), ""))
    return tuple(at for at in outside if _indentation(lines[at]) == width and _HASH.match(lines[at], width))


def _indentation(line: str) -> int:
    found = _INDENTATION.match(line)
    return found.end() if found else 0


def find_root_line(code: str, block: ConsoleBlock, *, opens_shell: bool) -> int | None:
    """Return the index of a line with `# ` that may be typed at root's prompt; None if all are comments.

    `opens_shell` is whether a command of the block opens another shell, where `#` may be the prompt.
    """
    lines = code.split("\n") if block.hash_lines else []
    for index in block.hash_lines:
        text = lines[index].lstrip(" \t#")
        if opens_shell or looks_like_command(text):
            return index
    return None


def _find_cuts(lines: list[str], first: int, form: PromptForm, complete: _Complete) -> list[int]:
    """Return the number of characters to strip from each line of the command at line `first`."""
    cuts = [_prompt_width(form, lines[first])]
    texts = [lines[first][cuts[0] :]]
    for index in range(first + 1, len(lines)):
        goes_on = _ends_in_backslash(texts[-1])
        is_prompt = form.match(lines[index]) is not None
        if is_prompt and not goes_on and "<<" not in texts[0] and form is not PromptForm.ANGLE:
            break
        is_whole = complete("\n".join(texts))
        if is_whole is False and (taken := _count_heredoc_lines(lines, index, texts, complete)):
            return cuts + [0] * taken
        if is_prompt and not (form is PromptForm.ANGLE and (goes_on or is_whole is False)):
            break
        if not goes_on and is_whole is not False:
            break
        found = _CONTINUATION.match(lines[index])
        cut = found.end() if found else 0
        if not goes_on and not cut:
            return cuts + [0] * _until_complete(lines, index, texts, form, complete)
        cuts.append(cut)
        texts.append(lines[index][cut:])
    return cuts


def _count_heredoc_lines(lines: list[str], index: int, texts: list[str], complete: _Complete) -> int:
    """Return the number of lines from `index` that an open here-document takes, with its last line.

    Returns 0 if none is open, or if its last line is missing. A prompt in it is its text.
    """
    found = _HEREDOC.search("\n".join(texts))
    if found is None:
        return 0
    word = found[1] or found[2] or found[3]
    for at in range(index, len(lines)):
        if lines[at].strip() == word:
            whole = complete("\n".join((*texts, *lines[index : at + 1])))
            return at + 1 - index if whole else 0
    return 0


def _until_complete(
    lines: list[str], index: int, texts: list[str], form: PromptForm, complete: _Complete
) -> int:
    """Return the number of lines without a prompt that complete the command.

    Returns 0 if no number does.
    """
    for taken, line in enumerate(lines[index:], 1):
        if form.match(line):
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


def _prompt_width(form: PromptForm, line: str) -> int:
    match = form.match(line)
    return match.end() if match else 0


def _ends_in_backslash(text: str) -> bool:
    match = _BACKSLASHES.search(text)
    return match is not None and len(match[1]) % 2 == 1
