"""Knows small programs: they start no others, stay in the foreground, and leave the terminal to the shell.

A statement that is one of them needs no process group of its own: when it has ended, nothing of it is left
in the group of the shell, on which a closing terminal would hang up.
"""

from __future__ import annotations

from ..text.lazy_pattern import LazyPattern

# one plain program with its arguments; the first group is its name
PLAIN_PROGRAM = LazyPattern(
    r"\s*(?:command +)?([\w./+-]+)(?:[ \t]+(?:[^\s'\"\\$`(){}\[\];&|<>*?~#!]+|'[^'\\]*'))*\s*"
)

_FOLDERS = ("/bin/", "/usr/bin/")

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


def find_small_program(code: str) -> str | None:
    """Return the name or the path of the small program that a statement consists of, None for any other."""
    found = PLAIN_PROGRAM.fullmatch(code)
    if found is None:
        return None
    name = found[1]
    folder = next((each for each in _FOLDERS if name.startswith(each)), "")
    return name if name[len(folder) :] in _NAMES else None
