"""Lists what bash, zsh, sh and ash read again: builtins, tests and special variables.

Each list is the union of what these shells do: `sh` can be any of them, and a value that is refused in one of
them without need would be an error of its own there (`[ x -eq 1 ]`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...text.lazy_pattern import LazyPattern
from .places import Reader

# An argument that is read again: its first word and the one after its last, the reader, and where a part of
# one word begins and ends; 0 is the end.
Argument = tuple[int, int, Reader, int, int]

COMPARISONS = frozenset(("-eq", "-ne", "-lt", "-le", "-gt", "-ge"))

NAME_TESTS = frozenset(("-v", "-R"))

# Variables that hold an integer: what is assigned to them is calculated.
_INTEGERS = LazyPattern(
    r"RANDOM|SRANDOM|SECONDS|EPOCHSECONDS|OPTIND|LINENO|HISTCMD|COLUMNS|LINES|HISTSIZE|SAVEHIST|KEYTIMEOUT|LISTMAX|LOGCHECK"
    r"|TMOUT|TTYIDLE|E?[UG]ID|PERIOD|BAUD|FUNCNEST|MAILCHECK|DIRSTACKSIZE|SHLVL|ERRNO|CURSOR|MARK"
)

_PROMPTS = LazyPattern(r"PS\d|R?PROMPT\d?|RPS\d|SPROMPT|ENV|BASH_ENV|MAILPATH|TIMEFMT|WATCHFMT|POSTEDIT")

_CODE = LazyPattern(
    r"PROMPT_COMMAND|GIT_SSH_COMMAND|GIT_SEQUENCE_EDITOR|LESSOPEN|LESSCLOSE|VISUAL|FCEDIT"
    r"|(?:GIT_|KUBE_|PSQL_|SUDO_|SYSTEMD_)?EDITOR|(?:AWS_|BAT_|GIT_|MAN|PSQL_|SYSTEMD_)?PAGER"
)

# maps of zsh whose elements are code
_CODE_MAPS = LazyPattern(r"(?:dis_)?(?:functions|[gs]?aliases)\[")

_ASSIGNED = LazyPattern(r"([A-Za-z_]\w*)(?:\[[^]]*\])?\+?=")

_DECLARATIONS = frozenset(
    ("declare", "typeset", "local", "export", "readonly", "integer", "float", "private")
)

# commands after which the word that follows is the command
_PREFIXES = frozenset(("command", "builtin", "exec", "noglob", "nocorrect", "-", "!", "time", "nohup"))

# options of builtins that take the next word
_VALUES = {
    "read": "adinNptu",
    "mapfile": "dnOsucC",
    "readarray": "dnOsucC",
    "printf": "v",
    "print": "vfuCxX",
    "compgen": "oAGWFCXPS",
    "complete": "oAGWFCXPS",
    "bind": "mfquxr",
    "wait": "p",
    "emulate": "c",
}

# whose options' values are read again
_OPTIONS = {
    ("read", "a"): Reader.NAME,
    ("mapfile", "C"): Reader.SHELL,
    ("readarray", "C"): Reader.SHELL,
    ("printf", "v"): Reader.NAME,
    ("print", "v"): Reader.NAME,
    ("compgen", "C"): Reader.SHELL,
    ("compgen", "F"): Reader.SHELL,
    ("compgen", "W"): Reader.SHELL,
    ("complete", "C"): Reader.SHELL,
    ("complete", "F"): Reader.SHELL,
    ("complete", "W"): Reader.SHELL,
    ("bind", "x"): Reader.SHELL,
    ("wait", "p"): Reader.NAME,
    ("emulate", "c"): Reader.SHELL,
}

# whose operands are read again, each by itself
_OPERANDS = {
    "let": Reader.ARITHMETIC,
    "read": Reader.NAME,
    "mapfile": Reader.NAME,
    "readarray": Reader.NAME,
    "unset": Reader.NAME,
    "vared": Reader.NAME,
    "getln": Reader.NAME,
    "exit": Reader.ARITHMETIC,
    "return": Reader.ARITHMETIC,
    "logout": Reader.ARITHMETIC,
    "shift": Reader.ARITHMETIC,
    "break": Reader.ARITHMETIC,
    "continue": Reader.ARITHMETIC,
    "zmv": Reader.SHELL,
    "zcp": Reader.SHELL,
    "zln": Reader.SHELL,
    "bindkey": Reader.SHELL,
    "zstyle": Reader.SHELL,
    "sched": Reader.SHELL,
}

_CONVERSION = LazyPattern(
    r"%(?:\d+\$)?[-+ #0']*(\*|\d+)?(?:\.(\*|\d+)?)?(?:hh|h|ll|l|L|q|j|z|t)?([A-Za-z%(])"
)

_NUMERIC = frozenset("diouxXeEfFgGcaA")

_NAMES = frozenset(
    (
        "eval", "trap", "alias", "source", "let", "declare", "typeset", "local", "export", "readonly",
        "integer", "float", "read", "mapfile", "readarray", "unset", "printf", "print", "test", "vared",
        "getopts", "wait", "exit", "return", "logout", "shift", "break", "continue", "zmv", "zcp", "zln",
        "bindkey", "zstyle", "sched", "compgen", "complete", "bind", "emulate", "repeat", "set", "abbr",
        "function", "fish", "env", "coproc", "add-zsh-hook",
    )
)  # fmt: skip

_WORD = LazyPattern(r"[\w-]+")

_DOT_OR_COMPARISON = LazyPattern(r"(?<!\S)[.](?=\s)|-(?:eq|ne|lt|le|gt|ge)\b")

_ASSIGNMENT = LazyPattern(r"[A-Z\d]\w*\+?=")  # a quick look for what the next pattern finds

_SPECIAL_VARIABLE = LazyPattern(
    r"(?:RANDOM|SECONDS|OPTIND|LINENO|HISTCMD|COLUMNS|LINES|HISTSIZE|SAVEHIST|KEYTIMEOUT|LISTMAX|LOGCHECK|TMOUT|TTYIDLE|UID"
    r"|GID|PERIOD|BAUD|FUNCNEST|MAILCHECK|DIRSTACKSIZE|SHLVL|PS\d|PROMPT\w*|RPS\d|ENV|COMMAND|EDITOR|FCEDIT|VISUAL|PAGER|LESS\w+|MAILPATH|TIMEFMT"
    r"|WATCHFMT|POSTEDIT|ERRNO|CURSOR|MARK)\+?="
)


def names_reader(text: str) -> bool:
    """Return whether a statement has the name of a builtin or variable of these lists."""
    return (
        "[" in text
        or not _NAMES.isdisjoint(_WORD.findall(text))
        or _DOT_OR_COMPARISON.search(text) is not None
        or (_ASSIGNMENT.search(text) is not None and _SPECIAL_VARIABLE.search(text) is not None)
    )


def find_arguments(words: Sequence[str]) -> Iterator[Argument]:
    """Yield the arguments of a command that a builtin of the shell reads again.

    The words are without their quotes.
    """
    at = 0
    while at < len(words) and (_ASSIGNED.match(words[at]) or words[at] in _PREFIXES):
        yield from find_assignment(words, at)
        at += 1
    if at >= len(words):
        return
    name = words[at]
    if name in ("[", "test", "[["):
        yield from _find_tested(words, at)
    elif name in _DECLARATIONS:
        yield from _find_declared(words, at)
    elif name in ("eval", "add-zsh-hook"):
        yield (at + 1, len(words), Reader.SHELL, 0, 0)
    elif name == "trap":
        first = at + 2 if words[at + 1 : at + 2] == ["--"] else at + 1
        yield (first, first + 1, Reader.SHELL, 0, 0)
    elif name in ("alias", "abbr"):
        for index in range(at + 1, len(words)):
            name_end = words[index].find("=") + 1
            yield (index, index + 1, Reader.SHELL, name_end, 0)
    elif name == "getopts" or (name == "set" and words[at + 1 : at + 2] in (["-A"], ["+A"])):
        yield (at + 2, at + 3, Reader.NAME, 0, 0)
    elif name == "repeat":
        yield (at + 1, at + 2, Reader.ARITHMETIC, 0, 0)
    elif name == "env":
        for index in range(at + 1, len(words)):
            yield from find_assignment(words, index)
    else:
        yield from _find_listed(name, words, at)


def find_assignment(words: Sequence[str], at: int) -> Iterator[Argument]:
    """Yield the value that a special variable is given."""
    found = _ASSIGNED.match(words[at])
    if found is None:
        return
    for pattern, reader in ((_INTEGERS, Reader.ARITHMETIC), (_PROMPTS, Reader.PROMPT), (_CODE, Reader.SHELL)):
        if pattern.fullmatch(found[1]):
            yield (at, at + 1, reader, found.end(), 0)
    if _CODE_MAPS.match(words[at]):
        yield (at, at + 1, Reader.SHELL, found.end(), 0)


def _find_tested(words: Sequence[str], at: int) -> Iterator[Argument]:
    for index in range(at + 1, len(words)):
        if words[index] in COMPARISONS:
            yield (index - 1, index, Reader.ARITHMETIC, 0, 0)
            yield (index + 1, index + 2, Reader.ARITHMETIC, 0, 0)
        elif words[index] in NAME_TESTS:
            yield (index + 1, index + 2, Reader.NAME, 0, 0)
        elif words[index] == "-t":
            yield (index + 1, index + 2, Reader.ARITHMETIC, 0, 0)


def _find_declared(words: Sequence[str], at: int) -> Iterator[Argument]:
    options = "".join(word[1:] for word in words[at + 1 :] if word.startswith("-"))
    values = {"i": Reader.ARITHMETIC, "E": Reader.ARITHMETIC, "F": Reader.ARITHMETIC, "n": Reader.NAME,
              "a": Reader.SHELL, "A": Reader.SHELL}  # fmt: skip
    reader = next((values[letter] for letter in options if letter in values), None)
    if words[at] in ("integer", "float"):
        reader = Reader.ARITHMETIC
    for index in range(at + 1, len(words)):
        word = words[index]
        equals = word.find("=")
        if equals >= 0:
            yield (index, index + 1, Reader.NAME, 0, equals)
            yield from find_assignment(words, index)
            if reader is not None:
                yield (index, index + 1, reader, equals + 1, 0)
        elif not word.startswith("-"):
            yield (index, index + 1, Reader.ASSIGNMENT if reader is None else Reader.NAME, 0, 0)


def _find_listed(name: str, words: Sequence[str], at: int) -> Iterator[Argument]:
    """Yield the arguments of the builtins whose options and operands are in the tables above."""
    if name not in _VALUES and name not in _OPERANDS:
        return
    takes = _VALUES.get(name, "")
    options = ""
    index = at + 1
    while index < len(words) and words[index][:1] in ("-", "+") and len(words[index]) > 1:
        letters = words[index][1:]
        index += 1
        if letters == "-":
            break
        valued = next((k for k, letter in enumerate(letters) if letter in takes), None)
        if valued is None:
            options += letters
            continue
        options += letters[: valued + 1]
        reader = _OPTIONS.get((name, letters[valued]))
        if valued < len(letters) - 1:
            if reader is not None:
                yield (index - 1, index, reader, valued + 2, 0)
            continue
        if reader is not None:
            yield (index, index + 1, reader, 0, 0)
        if name == "print" and letters[valued] == "f":
            yield from _find_numbers(words[index : index + 1], words, index + 1)
        index += 1
    if name in _OPERANDS:
        for each in range(index, len(words)):
            end = words[each].find("?") if name == "read" and "?" in words[each] else 0
            yield (each, each + 1, _OPERANDS[name], 0, end)
    elif name == "print" and not {"P", "z"}.isdisjoint(options):
        reader = Reader.SHELL if "z" in options else Reader.PROMPT
        yield from ((each, each + 1, reader, 0, 0) for each in range(index, len(words)))
    elif name == "printf":
        yield from _find_numbers(words[index : index + 1], words, index + 1)


def _find_numbers(formats: Sequence[str], words: Sequence[str], first: int) -> Iterator[Argument]:
    """Yield the arguments that a format shows as numbers, which zsh calculates."""
    kinds: list[bool] = []
    for found in _CONVERSION.finditer(formats[0]) if formats else ():
        kinds += [True] * (found[1] == "*") + [True] * (found[2] == "*")
        kinds += [found[3] in _NUMERIC] * (found[3] != "%")
    for index in range(first, len(words)) if kinds else ():
        if kinds[(index - first) % len(kinds)]:
            yield (index, index + 1, Reader.ARITHMETIC, 0, 0)
