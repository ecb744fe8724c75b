"""Recognises prompts: of shells, with the user and the machine they name, and of other programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from ...light_classes import NamedTuple
from ...shells.registry import CONSOLE
from ...text.lazy_pattern import LazyPattern
from ...text.signs import has_any_sign
from .common_commands import is_certain_command

_VENV = r"[ \t]*+(?:\([\w./ -]{1,40}\) ?)?"

_PLACE = (
    r"(?:\[(?P<bracket>[\w.-]+@[\w.-]+)[^\]\n]{0,80}\]"
    r"|(?P<host>[\w.-]+@[\w.-]+)(?::[^\s#$%>]{0,80}| [~/\w][^\s#$%>]{0,80})?(?: \([^)\n]{0,40}\))? ?"
    r"|(?P<machine>[\w.-]{1,40}):(?=~|/(?!/))[^\s#$%>{}]{0,80} ?"
    r"|(?:~[\w./-]{0,80}(?=[$#%]| [$%])|~(?= #)|(?P<folder>/[\w.-]{0,40})(?= #)) ?"
    r"|(?P<shell>(?:sh|bash|zsh|ash|dash|ksh|csh)-\d[\d.]*))"
)

_UNUSUAL_SIGNS = "❯➜λ»"

_SIGNS = "$#%" + _UNUSUAL_SIGNS

_END = r"(?:[ \t]|$)"


class PromptForm(StrEnum):
    """How the prompts of a block look; those of one form in a block are of one user."""

    DOLLAR = _VENV + r"\$>?(?: |$)"
    PLACE = _VENV + _PLACE + rf"(?P<sign>[$#%]){_END}"
    ARROW = _VENV + rf"(?:[❯➜λ»]|\$>)(?: +(?:[\w.~/-]+ git:\([^)\n]*\) ?[✗✓]?|~(?= )))?{_END} *"
    WORD = rf"(?P<machine>[A-Za-z][\w.-]{{0,40}})(?P<sign>[$#%]){_END}"
    PERCENT = r"%(?: |$)"
    ANGLE = r">(?= [A-Za-z./~][\w./~-]*(?: |$))(?: |$)"
    ROOT = r"#(?: |$)"

    pattern: LazyPattern[str]
    signs: str  # characters of which each prompt of this form has one

    def __init__(self, form: str) -> None:
        self.pattern = LazyPattern(form, re.MULTILINE)
        self.signs = ">" if form.startswith(">") else "".join(sign for sign in _SIGNS if sign in form)

    def match(self, line: str) -> re.Match[str] | None:
        """Return the match of a prompt of this form at the start of a line."""
        if not has_any_sign(line, self.signs):
            return None
        found = self.pattern.match(line)
        if found is None or self is not PromptForm.PLACE or found["folder"] in (None, "/"):
            return found
        # `/app # ls` is a prompt, `/usr/bin/app # the app` a command with a comment
        return found if is_certain_command(line[found.end() :]) else None


# A program that is no shell reads what follows these.
_OTHER_PROGRAM = LazyPattern(
    r"[ \t]*+(?P<prompt>(?:mysql|mariadb|MariaDB \[[^\]\n]*\]|sqlite|sftp|ftp|ghci|redis(?: [\d.:]+)?"
    r"|[\d.]+:\d+"
    r"|mongos?|mongosh|cqlsh(?::\w+)?|\w+@cqlsh(?::\w+)?|node|scala|hive|spark-sql|ksql|gdb|lldb|influx|irb"
    r"|irb\([^)\n]*\)[\d:]*|pry\([^)\n]*\)|\[\d+\] pry\([^)\n]*\)|iex\(\d+\)|ipython|julia|R|SQL|telnet|lftp"
    r"|rs0:\w+|\w+:PRIMARY|defaultdb|root@[^\n>]{1,60}/\w*|nslookup|grunt|erl)>"
    r"|>>>|\.\.\.(?= )|\w+[=(-][#>](?= |$)|In \[\d+\]:|PS [A-Z]?:?[^>\n]{0,80}>|[A-Z]:\\[^>\n]{0,80}>)"
    r"(?:[ \t]|$)",
    re.MULTILINE,
)

_SIGNS_OF_OTHERS = (">", "#", "... ", "In [")

_FIRST_FORMS = (PromptForm.DOLLAR, PromptForm.PLACE, PromptForm.ARROW, PromptForm.WORD)

_ANYWHERE = (PromptForm.DOLLAR, PromptForm.PLACE, PromptForm.ARROW)


def match_other_program(line: str) -> re.Match[str] | None:
    """Return the match of a prompt of a program that is no shell on a line; its group is `prompt`."""
    return _OTHER_PROGRAM.match(line) if has_any_sign(line, _SIGNS_OF_OTHERS) else None


class PromptUser(NamedTuple):
    """The user and machine that a prompt names: `place` is `user@host`, a machine, or empty."""

    is_root: bool
    place: str

    def describe(self) -> str:
        """Return the prompt in its shortest form, such as `root@web#` or `$`."""
        return self.place + ("#" if self.is_root else "$")


@lru_cache(maxsize=8)
def find_first_form(code: str, language: str) -> PromptForm | None:
    """Return the form of the prompt that a block in this language begins with, or None.

    Blank lines and comments before it do not count. A console may begin with output. Only consoles have the
    prompt `%`; `>` is one there and in fish.
    """
    if not _has_sign(code):
        return None
    in_console = language == CONSOLE
    forms: tuple[PromptForm, ...] = (
        *_FIRST_FORMS,
        *((PromptForm.PERCENT, PromptForm.ANGLE) if in_console else ()),
    )
    forms += (PromptForm.ANGLE,) if language == "fish" else ()
    for line in code.split("\n"):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        for form in forms if _has_sign(line) else ():
            found = form.match(line)
            if found is not None and line[found.end() :].strip():
                return form
        if not in_console or match_other_program(line):
            return None
        forms = _ANYWHERE
    return None


def _has_sign(text: str) -> bool:
    """Return whether a text has a character that ends a prompt."""
    if "$" in text or "#" in text or "%" in text or ">" in text:
        return True
    return not text.isascii() and any(sign in text for sign in _UNUSUAL_SIGNS)


def find_user(form: PromptForm, line: str) -> PromptUser:
    """Return the user and machine that the prompt of a line names."""
    found = form.match(line)
    groups = found.groupdict() if found else {}
    place = groups.get("bracket") or groups.get("host") or groups.get("machine") or groups.get("shell") or ""
    user = place.partition("@")[0] if "@" in place else ""
    is_root = form is PromptForm.ROOT or groups.get("sign") == "#" or user == "root"
    return PromptUser(is_root, place)


def find_users(lines: Sequence[str], form: PromptForm) -> tuple[tuple[PromptUser, int], ...]:
    """Return the users of the prompts of a block, each with the index of its first line.

    Lines with prompts of another form count if these name a place; others may be output.
    """
    users: dict[PromptUser, int] = {}
    for index, line in enumerate(lines):
        if form.match(line):
            users.setdefault(find_user(form, line), index)
        elif form is not PromptForm.PLACE and PromptForm.PLACE.match(line):
            users.setdefault(find_user(PromptForm.PLACE, line), index)
        elif form is PromptForm.PLACE and PromptForm.DOLLAR.match(line) and line.rstrip() != "$":
            users.setdefault(find_user(PromptForm.DOLLAR, line), index)
    return tuple(users.items())
