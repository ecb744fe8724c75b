"""Commands and flags the way Go's cobra and pflag read them, errors included; `fly` and `op` use both."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


class Refused(Exception):
    """The command ends with status 1 and this message."""


class Flag(NamedTuple):
    """A flag; its kind is "string", "bool" or "duration"."""

    name: str
    short: str
    kind: str
    help: str


class Call(NamedTuple):
    """A command as called: the world's folder, its flags as given, and the other arguments."""

    folder: str
    flags: dict[str, str]
    arguments: list[str]

    def on(self, flag: str) -> bool:
        """Whether a bool flag is set."""
        return self.flags.get(flag, "false") == "true"


class Command(NamedTuple):
    """A command, or a group of commands where `run` is None."""

    name: str
    short: str
    run: Callable[[Call], int] | None = None
    use: str = ""
    flags: tuple[Flag, ...] = ()
    commands: tuple[Command, ...] = ()
    aliases: tuple[str, ...] = ()
    exactly: int | None = None  # how many arguments it takes


class Found(NamedTuple):
    """The command that some words name, its full name, and the words left for it."""

    command: Command
    path: str
    words: list[str]


HELP = Flag("help", "h", "bool", "help for this command")


def find(root: Command, words: Sequence[str], common: Sequence[Flag]) -> Found:
    """The command that the words name; flags may stand among them. Raises Refused for an unknown one."""
    command, path, kept = root, root.name, list(words)
    position = 0
    while position < len(kept) and command.commands:
        word = kept[position]
        if word == "--":
            break
        if word.startswith("-") and len(word) > 1:
            takes = any(
                flag.kind != "bool" and word in (f"--{flag.name}", f"-{flag.short}")
                for flag in (*command.flags, *common)
            )
            position += 2 if takes else 1
            continue
        for candidate in command.commands:
            if word in (candidate.name, *candidate.aliases):
                command, path = candidate, f"{path} {candidate.name}"
                del kept[position]
                break
        else:
            # Only the root refuses: below it, cobra hands unknown words to a group, which shows its help.
            if command is root:
                raise Refused(f'unknown command "{word}" for "{root.name}"{_suggestions(root, word)}')
            break
    return Found(command, path, kept)


def parse(words: Sequence[str], flags: Sequence[Flag]) -> tuple[dict[str, str], list[str]]:
    """Flags and arguments as pflag reads them, interspersed, up to `--`. Raises Refused."""
    given: dict[str, str] = {}
    arguments: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            arguments += waiting
            break
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            flag = next((one for one in flags if one.name == name), None)
            if flag is None:
                raise Refused(f"unknown flag: --{name}")
            if not equals:
                value = _next(flag, waiting, f"--{name}")
            given[flag.name] = _check_value(flag, value)
        elif word.startswith("-") and len(word) > 1:
            _short(word, waiting, flags, given)
        else:
            arguments.append(word)
    return given, arguments


def _short(word: str, waiting: list[str], flags: Sequence[Flag], given: dict[str, str]) -> None:
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        flag = next((one for one in flags if one.short == letter), None)
        if flag is None:
            raise Refused(f"unknown shorthand flag: '{letter}' in {word}")
        if letters.startswith("="):
            value, letters = letters[1:], ""
        elif flag.kind == "bool":
            value = "true"
        elif letters:
            value, letters = letters, ""
        else:
            value = _next(flag, waiting, f"'{letter}' in {word}")
        given[flag.name] = _check_value(flag, value)


def _next(flag: Flag, waiting: list[str], said: str) -> str:
    if flag.kind == "bool":
        return "true"
    if not waiting:
        raise Refused(f"flag needs an argument: {said}")
    return waiting.pop(0)


def _check_value(flag: Flag, value: str) -> str:
    said = f"-{flag.short}, --{flag.name}" if flag.short else f"--{flag.name}"
    if flag.kind == "bool":
        if value.lower() not in ("true", "false", "1", "0", "t", "f"):
            reason = f'strconv.ParseBool: parsing "{value}": invalid syntax'
            raise Refused(f'invalid argument "{value}" for "{said}" flag: {reason}')
        return "true" if value.lower() in ("true", "1", "t") else "false"
    if flag.kind == "duration":
        try:
            seconds(value)
        except ValueError as error:
            raise Refused(f'invalid argument "{value}" for "{said}" flag: {error}') from None
    return value


def seconds(duration: str) -> float:
    """A duration such as `2160h` or `1h30m`, in seconds. Raises ValueError in Go's words (`90d` is none)."""
    rest = duration.removeprefix("-").removeprefix("+")
    if rest == "0":
        return 0.0
    total, matched = 0.0, False
    while rest:
        number = re.match(r"\d+\.?\d*|\.\d+", rest)
        if not number:
            raise ValueError(f'time: invalid duration "{duration}"')
        rest = rest[number.end() :]
        unit = re.match(r"[^\d.]*", rest)
        name = unit.group() if unit else ""
        if not name:
            raise ValueError(f'time: missing unit in duration "{duration}"')
        if name not in UNITS:
            raise ValueError(f'time: unknown unit "{name}" in duration "{duration}"')
        rest, matched = rest[len(name) :], True
        total += float(number.group()) * UNITS[name]
    if not matched:
        raise ValueError(f'time: invalid duration "{duration}"')
    return -total if duration.startswith("-") else total


def usage(found: Found, common: Sequence[Flag]) -> str:
    """The help of a command, laid out as cobra lays it out."""
    command = found.command
    lines = [command.short, "", "Usage:"]
    if command.run:
        lines.append(f"  {found.path}{command.use and ' ' + command.use} [flags]")
    if command.commands:
        lines.append(f"  {found.path} [command]")
        width = max(11, *(len(each.name) for each in command.commands))
        lines += ["", "Available Commands:"]
        lines += [f"  {each.name:<{width}} {each.short}" for each in command.commands]
    if command.aliases:
        lines += ["", "Aliases:", "  " + ", ".join((command.name, *command.aliases))]
    for title, flags in (("Flags", (*command.flags, HELP)), ("Global Flags", tuple(common))):
        if flags:
            lines += ["", f"{title}:", *_flag_lines(flags)]
    if command.commands:
        lines += ["", f'Use "{found.path} [command] --help" for more information about a command.']
    return "\n".join(lines) + "\n"


def _flag_lines(flags: Sequence[Flag]) -> list[str]:
    left = [
        f"  {'-' + flag.short + ',' if flag.short else '   '} --{flag.name}"
        f"{'' if flag.kind == 'bool' else ' ' + flag.kind}"
        for flag in flags
    ]
    width = max(map(len, left))
    return [f"{text:<{width}}   {flag.help}" for text, flag in zip(left, flags, strict=True)]


def _suggestions(root: Command, word: str) -> str:
    near = [
        each.name
        for each in root.commands
        if _distance(word.lower(), each.name) <= 2 or each.name.startswith(word.lower())
    ]
    return "\n\nDid you mean this?\n" + "".join(f"\t{name}\n" for name in near) if near else ""


def _distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        before, row[0] = row[0], number
        for column, target in enumerate(other, 1):
            before, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, before + (letter != target)),
            )
    return row[-1]
