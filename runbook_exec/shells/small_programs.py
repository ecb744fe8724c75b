"""Knows small programs: they start no others, stay in the foreground, and leave the terminal to the shell.

A statement that is one of them needs no process group of its own: when it has ended, nothing of it is left
in the group of the shell, on which a closing terminal would hang up.
"""

from __future__ import annotations

from functools import lru_cache

from ..text.lazy_pattern import LazyPattern

# a variable in an argument; an index after it can be a calculation with an assignment
_VARIABLE = r"\$[A-Za-z_]\w*(?![\w\[])"

_WORD = rf"(?:[^\s'\"\\$`(){{}}\[\];&|<>#!]|'[^'\\]*'|{_VARIABLE}|\"(?:[^\"\\$`!]|{_VARIABLE})*\")+"

# one plain command with its arguments, in any shell; the first group is its name
_COMMAND = LazyPattern(
    rf"(?:command +)?([\w./+-]+)(?:[ \t]+(?:\d?(?:>>?|<)(?:&\d|[ \t]*{_WORD})|{_WORD}))*[ \t]*"
)

_BETWEEN = LazyPattern(r"(?:\|\|?|&&|[;\n])\s*")

_FOLDERS = ("", "/bin/", "/usr/bin/")

# fmt: off
_NAMES = frozenset((
    "arch", "b2sum", "base32", "base64", "basename", "cat", "chgrp", "chmod", "chown", "cksum", "cmp",
    "comm", "cp", "curl", "cut", "date", "dd", "df", "dirname", "du", "expand", "expr", "factor",
    "false", "file", "fmt", "fold", "grep", "groups", "head", "hostname", "id", "jq", "ln", "ls",
    "md5sum", "mkdir", "mkfifo", "mktemp", "mv", "nl", "nproc", "numfmt", "od", "paste", "printenv",
    "readlink", "realpath", "rm", "rmdir", "seq", "sha1sum", "sha256sum", "sha512sum", "shred", "shuf",
    "sleep", "stat", "sum", "sync", "tac", "tail", "touch", "tr", "true", "truncate", "tty", "uname",
    "unexpand", "uniq", "unlink", "uptime", "wc", "who", "whoami",
))
# fmt: on

_PROGRAMS = frozenset(folder + name for folder in _FOLDERS for name in _NAMES)


@lru_cache(maxsize=8)  # the session and the state of the shell ask about the same statement
def list_plain_commands(code: str) -> tuple[str, ...]:
    """Return the names of the commands of a statement that consists of plain commands only; none for others.

    They can be in a pipeline, in a list, and have redirections. Their arguments may read variables.
    """
    names: list[str] = []
    at, end = len(code) - len(code.lstrip()), len(code.rstrip())
    while at < end:
        found = _COMMAND.match(code, at, end)
        if found is None:
            return ()
        names.append(found[1])
        at = found.end()
        if at < end:
            between = _BETWEEN.match(code, at, end)
            if between is None:
                return ()
            at = between.end()
    return tuple(names)


def find_small_program(code: str) -> str | None:
    """Return the name or the path of the small program that a statement consists of, None for any other."""
    names = list_plain_commands(code)
    return names[0] if len(names) == 1 and names[0] in _PROGRAMS else None
