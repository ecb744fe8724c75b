"""Finds the code among the arguments of a command, and what reads its standard input as code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ...text.lazy_pattern import LazyPattern
from ..inner.arguments import make_table, read_arguments
from ..inner.programs import LOGINS, WRAPPERS
from .places import CodeArgument, CodeInput, Reader
from .program_table import GIT_COMMANDS, PROGRAMS, RUNNERS, SUBCOMMANDS, CodeProgram

_VERSION = LazyPattern(r"(?<=[a-z])[\d.]+\Z")

_FETCHES = LazyPattern(r"\s*(?:sudo\s+)?(?:curl|wget)\s")

_WRITES_OUT = LazyPattern(r"\s(?:-\w*w|--write-out)")  # of curl: a text of its own

# options with the name of a shell that does not run, as in `useradd -s /bin/bash -c NAME`
_BEFORE_SHELL_NAME = frozenset(("-s", "--shell"))

# programs that run `ssh`, or have a subcommand `ssh` with the same arguments
_RUN_SSH = frozenset(
    (
        "sshpass",
        "xargs",
        "find",
        "parallel",
        "tsh",
        "docker-machine",
        "minikube",
        "proxychains",
        "proxychains4",
        "torsocks",
        "watch",
        "script",
        "flock",
        "expect",
        "docker",
        "podman",
        "kubectl",
        "strace",
        "coproc",
    )
)

_BEFORE_COMMAND = frozenset(("--", "-exec", "-execdir", "-ok", "-okdir", "exec", "!", "time"))

_ASSIGNMENT = LazyPattern(r"[A-Za-z_]\w*\+?=")

_PROXY = LazyPattern(r"-?o?(?:Proxy|Local|Remote|KnownHosts)Command[ =]|-oProxyCommand", re.IGNORECASE)

_SPLITS_NEXT = LazyPattern(r"-[a-z]*S")

_SPLITS = LazyPattern(r"-[a-z]*S.|--split-string=")

_WORD_IN = LazyPattern(r"[^\s;|&(){}'\"]+")


# every statement with one of these programs has one of these words in it; others need no parsing
_NAMES = frozenset((*PROGRAMS, *SUBCOMMANDS, *LOGINS, "env", "source", "xargs", "eval", "SHELL"))

_NAME_OR_DOT = LazyPattern(r"(?<![\w.-])[\w-]+|(?<!\S)[.][ \t]")


def may_take_code(text: str) -> bool:
    """Return whether the text of a statement has the name of a program that takes code."""
    words = frozenset(_NAME_OR_DOT.findall(text))
    return (
        not _NAMES.isdisjoint(words)
        or ". " in words
        or ".\t" in words
        or any(_is_versioned_name(word) for word in words if word[-1].isdigit())
    )


def _is_versioned_name(word: str) -> bool:
    """Return whether a word is a name with digits after it: `python311`."""
    while word and word[-1].isdigit():
        word = word[:-1]
        if word in _NAMES:
            return True
    return False


def program_name(word: str) -> str:
    """Return the name of a program without its folder and version: `python` for `/usr/bin/python3.11`."""
    name = word.rpartition("/")[2]
    return name if name in PROGRAMS else _VERSION.sub("", name)


def find_code_arguments(words: Sequence[str]) -> Iterator[CodeArgument]:
    """Yield the words of a command that a program reads as code.

    The words are without their quotes.
    """
    certain = find_program(words)
    runs = any(program_name(word) in RUNNERS for word in words[: certain + 1])
    for at, word in enumerate(words):
        name = program_name(word)
        before = words[at - 1] if at else "--"
        if at > certain and before in _BEFORE_SHELL_NAME:
            continue
        is_option_value = before.startswith("-") and before not in _BEFORE_COMMAND and not runs
        is_certain = at <= certain or (not is_option_value and (before in _BEFORE_COMMAND or runs))
        if _is_remote(name, words, at, certain):
            yield from _find_remote(name, words, at)
        elif name == "env":
            yield from _find_split(words, at)
        elif name in SUBCOMMANDS:
            yield from _find_subcommand(name, words, at)
            if name == "git":
                yield from _find_git_commands(words, at)
        elif name in PROGRAMS:
            program = PROGRAMS[name]
            if before == "--entrypoint":
                program = program._replace(is_mixed=True)  # the image is between the shell and its options
            found = _read_program(program, name, words, at)
            yield from (each._replace(is_certain=is_certain) for each in found)


def _is_remote(name: str, words: Sequence[str], at: int, certain: int) -> bool:
    """Return whether a word is the program `ssh`, not a subcommand or a service of that name."""
    if name not in LOGINS or name in ("su", "runuser", "newgrp"):
        return False
    runner = program_name(words[certain]) if certain < len(words) else ""
    return at <= certain or words[at - 1] in _BEFORE_COMMAND or runner in _RUN_SSH


def find_program(words: Sequence[str]) -> int:
    """Return the index of the program that a command runs: of `psql` in `sudo -u postgres psql`."""
    at = 0
    while at < len(words):
        if _ASSIGNMENT.match(words[at]):
            at += 1
            continue
        wrapper = WRAPPERS.get(program_name(words[at]))
        if wrapper is None:
            return at
        rest = words[at + 1 :]
        operands = read_arguments(rest, wrapper.options, mixed=False).operands
        while operands and _ASSIGNMENT.match(operands[0]):
            operands = operands[1:]
        if len(operands) <= wrapper.operands:
            return at
        at = len(words) - len(operands) + wrapper.operands
    return at


def is_fetched(command: str) -> bool:
    """Return whether what a command prints is from elsewhere, and not a text of its arguments."""
    return _FETCHES.match(command) is not None and not _WRITES_OUT.search(command)


def find_code_input(words: Sequence[str]) -> CodeInput | None:
    """Return what reads the standard input of a command as code; None if nothing does."""
    certain = find_program(words)
    for at, word in enumerate(words):
        name = program_name(word)
        if at > certain and words[at - 1] in _BEFORE_SHELL_NAME:
            continue
        if name in ("source", ".") and words[at + 1 : at + 2] and _is_input(words[at + 1]):
            return CodeInput(Reader.SHELL, name)
        if name == "eval" or (name == "xargs" and _runs_shell(words[at + 1 :])):
            return CodeInput(Reader.SHELL, name)
        if _is_remote(name, words, at, certain):
            return _find_remote_input(name, words, at)
        program = PROGRAMS.get(name)
        if program is None:
            continue
        arguments = list(_read_program(program, name, words, at))
        if program.reads_input and _reads_input(program, words, at):
            return CodeInput(program.reader, name, program.grammar)
        for each in arguments:
            if each.reader is Reader.SHELL and (
                inner := _find_input_in(" ".join(words[each.first : each.last]))
            ):
                return inner
        if arguments:
            return None
    return None


def _find_input_in(code: str) -> CodeInput | None:
    """Return what reads the standard input of code of a shell as code, as far as its words show."""
    return find_code_input([match[0] for match in _WORD_IN.finditer(code)]) if code else None


def _is_input(word: str) -> bool:
    return word.startswith(("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", "<(", "=(", "-"))


def _runs_shell(words: Sequence[str]) -> bool:
    """Return whether xargs runs a shell or another program that takes code, of which the input is a part."""
    return any(program_name(word) in PROGRAMS or program_name(word) in LOGINS for word in words)


def _reads_input(program: CodeProgram, words: Sequence[str], at: int) -> bool:
    values = " ".join(program.options | program.others | program.files)
    read = read_arguments(words[at + 1 :], make_table(values), mixed=program.is_mixed)
    if (program.options | program.files) & set(read.options):
        return False
    if program.reads_always:
        return True
    operands = read.operands
    return not operands or _is_input(operands[0]) or "s" in read.options


def _find_remote(name: str, words: Sequence[str], at: int) -> Iterator[CodeArgument]:
    """Yield the host and the command of `ssh`, and the commands in its options."""
    table, operands = LOGINS[name]
    read = read_arguments(words[at + 1 :], table, mixed=False)
    for index in range(at + 1, len(words) - len(read.operands)):
        if _PROXY.search(words[index]):
            yield CodeArgument(index, index + 1, Reader.SHELL, f"{name} -o")
    host = len(words) - len(read.operands)
    if read.operands:
        yield CodeArgument(host, host + 1, Reader.OPTION, name)
    more = read_arguments(read.operands[operands:], table, mixed=False)
    first = len(words) - len(more.operands)
    if more.operands:
        yield CodeArgument(first, len(words), Reader.SHELL, name)


def _find_remote_input(name: str, words: Sequence[str], at: int) -> CodeInput | None:
    code = [each for each in _find_remote(name, words, at) if each.reader is Reader.SHELL and each.by == name]
    if not code:
        return CodeInput(Reader.SHELL, name)
    return _find_input_in(" ".join(words[code[0].first :]))


def _find_split(words: Sequence[str], at: int) -> Iterator[CodeArgument]:
    """Yield the text that `env -S` splits into a command."""
    for index in range(at + 1, len(words)):
        word = words[index]
        if word in ("-S", "--split-string") or _SPLITS_NEXT.fullmatch(word):
            yield CodeArgument(index + 1, index + 2, Reader.CODE, "env -S")
        elif _SPLITS.match(word):
            yield CodeArgument(index, index + 1, Reader.CODE, "env -S", prefix=2)


def _find_git_commands(words: Sequence[str], at: int) -> Iterator[CodeArgument]:
    """Yield the commands among the settings of git: `git -c alias.a=CODE`, `git config alias.a CODE`."""
    for index in range(at + 1, len(words)):
        before = words[index - 1]
        key, equals, _ = words[index].partition("=")
        if before == "-c" and equals and GIT_COMMANDS.fullmatch(key):
            yield CodeArgument(index, index + 1, Reader.SHELL, "git -c", "sh", len(key) + 1)
        elif "config" in words[at + 1 : index - 1] and GIT_COMMANDS.fullmatch(before):
            yield CodeArgument(index, index + 1, Reader.SHELL, "git config", "sh")
        elif before in ("-x", "--exec") and "rebase" in words[at + 1 : index]:
            yield CodeArgument(index, index + 1, Reader.SHELL, "git rebase --exec", "sh")


def _find_subcommand(name: str, words: Sequence[str], at: int) -> Iterator[CodeArgument]:
    for subcommand, (shell, others) in SUBCOMMANDS[name].items():
        wanted = subcommand.split()
        rest = list(words[at + 1 :])
        for start in range(len(rest) - len(wanted) + 1):
            if rest[start : start + len(wanted)] == wanted:
                after = rest[start + len(wanted) :]
                operands = read_arguments(after, make_table(others), mixed=False).operands
                if operands:
                    first = len(words) - len(operands)
                    yield CodeArgument(first, len(words), Reader.SHELL, f"{name} {subcommand}", shell)
                return


def _read_program(program: CodeProgram, name: str, words: Sequence[str], at: int) -> Iterator[CodeArgument]:
    """Yield the code among the arguments of the program `words[at]`."""
    operands: list[int] = []
    given = False  # whether an option gives code, or a file with code
    index = at + 1
    while index < len(words):
        word = words[index]
        if word == "--":
            operands += range(index + 1, len(words))
            break
        if not word:  # as after `sed -i` on macOS
            index += 1
            continue
        if word in ("-", "+") or word[0] not in "-+":
            operands.append(index)
            if not program.is_mixed:
                operands += range(index + 1, len(words))
                break
            index += 1
            continue
        option, value, prefix = _split_option(program, word)
        if option in program.options and program.grammar and option == "c":
            code = _first_operand(words, index + 1)
            yield CodeArgument(code, code + 1, program.reader, f"{name} -c", program.grammar)
            return
        place = index if value else index + 1
        if option in program.options and place < len(words):
            shown = option if option.startswith("--") else f"-{option}"
            yield CodeArgument(place, place + 1, program.reader, f"{name} {shown}", program.grammar, prefix)
        given = given or option in program.options or option in program.files
        takes = option in program.options or option in program.others or option in program.files
        index += 2 if takes and not value else 1
    if program.operand and not given and len(operands) >= program.operand:
        first = operands[program.operand - 1]
        last = operands[-1] + 1 if program.is_joined else first + 1
        yield CodeArgument(first, last, program.reader, name, program.grammar)


def _first_operand(words: Sequence[str], index: int) -> int:
    """Return the index of the first word that is no option of a shell."""
    while index < len(words) and words[index][:1] in ("-", "+") and len(words[index]) > 1:
        if words[index] == "--":
            return index + 1
        index += 1
    return index


def _split_option(program: CodeProgram, word: str) -> tuple[str, bool, int]:
    """Return the option in a word that has a value, whether the value is in the word, and where it begins."""
    if word.startswith("--"):
        name, equals, _ = word.partition("=")
        return name, bool(equals), len(name) + 1 if equals else 0
    values = program.options | program.others | program.files
    if word[1:] in values:
        return word[1:], False, 0
    for index, letter in enumerate(word[1:], 1):
        if letter in values:
            attached = index < len(word) - 1 and not (program.grammar and letter == "c")
            return letter, attached, index + 1 if attached else 0
    return "", False, 0
