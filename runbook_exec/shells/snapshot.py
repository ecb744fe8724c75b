"""What a shell holds: its variables, functions and aliases, each as code that makes it again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .base import Filling
from .quoting import Context
from .registry import SHELLS

_SECTION = "\0"


_Reader = Callable[
    [str, str], Iterator[tuple[str, str, str]]
]  # kind, name and code of each thing in a section


# How each shell tells what it holds. In fish the local variables of the prompt are told too.
_LOOK = {
    "fish": (
        "begin; set -gxL; builtin printf '\\0'; set -guL; builtin printf '\\0'; set -lL; "
        "builtin printf '\\0'; "
        # to look at a function that was there at the start would load it
        "set -q __runbook_functions; or set -g __runbook_functions (functions -n | string split ,); "
        "for __runbook_name in (functions -n | string split ,); "
        "contains -- $__runbook_name $__runbook_functions; or functions $__runbook_name; end; "
        # `set` shows the items of a list without escaping the quotes in them
        "builtin printf '\\0'; for __runbook_name in (set -n); "
        'set -q "$__runbook_name"[2]; and echo $__runbook_name (string escape -- $$__runbook_name); end; '
        "builtin printf '\\0'; functions -n | string split ,; end >'{file}'"
    ),
    "bash": "{{ declare -p; printf '\\0'; declare -f; printf '\\0'; alias -p; }} >'{file}' 2>/dev/null",
    "zsh": "{{ typeset -p; printf '\\0'; typeset -f; printf '\\0'; alias -L; }} >|'{file}' 2>/dev/null",
    "sh": "{{ set; printf '\\0'; export -p; printf '\\0'; alias; }} >'{file}' 2>/dev/null",
}


# What belongs to the shell itself, and changes without anybody's doing.
_ITS_OWN = re.compile(
    r"__runbook_\w*|BASH\w*|DIRSTACK|EPOCH\w*|EUID|FUNCNAME|GROUPS|HIST\w*|LINENO|OLDPWD|OPT(?:ARG|IND)|PIPESTATUS"
    r"|PPID|PWD|RANDOM|SECONDS|SHELLOPTS|SHLVL|SRANDOM|UID|_|COLUMNS|LINES|PS[124]|PROMPT_COMMAND|TTY\w*|status"
    r"|pipestatus|history|argv|hostname|version|fish_pid|fish_kill\w*|fish_history|fish_private_mode"
    r"|status_generation|CMD_DURATION|FISH_\w+|umask|fish_bind_mode|ZSH_\w+|argv0|\?|\!|#|\$|\*|-|@|0"
    r"|funcstack|functrace|parameters|jobtexts|jobdirs|jobstates|commands|functions|dirstack|userdirs|nameddirs"
    r"|historywords|errnos|sysparams|mapfile|keymaps|widgets|options|modules|builtins|aliases|reswords|patchars"
    r"|\w*_(?:chars|files|source|trace)|dis_\w+|galiases|saliases|usergroups|langinfo|termcap|terminfo|key"
)


_FISH_VARIABLE = re.compile(r"([^\s'\"\\]+)(.*)")

_FISH_DEFINES = re.compile(
    r"(?:^|[\s;(])(?:function|alias|functions\s+(?:-c|--copy)\s+\S+)\s+['\"]?([\w.:@+-]+)"
)

_FISH_FUNCTION = re.compile(r"(?:\s*#[^\n]*\n)*function ([^\n ]+)")

_DECLARED = re.compile(r"(?:declare|typeset|export)((?: -[\w-]+)*) (\w+)(?==|$)")

_ASSIGNED = re.compile(r"(\w+)=")

_FUNCTION = re.compile(r"([^\s()]+) ?\(\)")

_ALIAS = re.compile(r"(?:alias )?(?:-[gs] )?([^=\s]+)=")

_READ_ONLY = re.compile(r" -\w*r")


def build_snapshot_code(shell: str, file: str, redefined: Iterable[str] = ()) -> str:
    """Code that writes down into a file what the shell holds.

    Functions that a fish had at its start are told of only if they were `redefined`.
    """
    told = "".join(
        f"if set -l __runbook_at (contains -i -- {name} $__runbook_functions); "
        "set -e __runbook_functions[$__runbook_at]; end; "
        for name in redefined
    )
    return told + _LOOK[shell].replace("{{", "{").replace("}}", "}").replace("{file}", file)


def find_defined_functions(shell: str, code: str) -> tuple[str, ...]:
    """The names of functions that a statement of fish defines by its text; the other shells tell of all."""
    return tuple(dict.fromkeys(_FISH_DEFINES.findall(code))) if shell == "fish" else ()


def parse_snapshot(shell: str, told: bytes) -> dict[str, str]:
    """What a shell has told, as code by the kind and name of what it makes."""
    text = told.decode("utf-8", "surrogateescape")
    sections = text.split(_SECTION)
    found: dict[str, str] = {}
    for read, section in zip(_READERS[shell], sections, strict=False):
        for key, name, code in read(section, shell):
            if not _ITS_OWN.fullmatch(name):
                found[f"{key} {name}"] = code
    for line in sections[4].splitlines() if shell == "fish" and len(sections) > 4 else ():
        name, _, items = line.partition(" ")
        if (key := f"variable {name}") in found:
            found[key] = f"{found[key].split(f' {name} ')[0]} {name} {items}"
    return found


def find_callable_names(shell: str, told: bytes, held: Mapping[str, str]) -> frozenset[str]:
    """The names of functions and aliases, those included that fish would load when they are called."""
    if shell == "fish":
        return frozenset(told.decode("utf-8", "surrogateescape").rpartition(_SECTION)[2].split())
    kinds = (key.split(" ", 1) for key in held)
    return frozenset(name for kind, name in kinds if kind in ("function", "alias"))


@dataclass(frozen=True, slots=True)
class StateChange:
    """How what a shell holds differs from before: what is to be made, and the keys of what is gone."""

    made: Mapping[str, str]
    gone: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.made or self.gone)


def diff_snapshots(before: Mapping[str, str], now: Mapping[str, str]) -> StateChange:
    """What has been made, made differently or taken away."""
    made = {key: code for key, code in now.items() if before.get(key) != code}
    return StateChange(made, tuple(key for key in before if key not in now))


def build_restore_code(shell: str, change: StateChange) -> str:
    """Code that brings a change about in a shell that is as it was before."""
    lines = [_build_removal_code(shell, *key.split(" ", 1)) for key in change.gone]
    return "\n".join((*lines, *change.made.values()))


@dataclass(slots=True)
class ShellState:
    """Follows what a shell holds, and looks at it as seldom as it can."""

    shell: str
    snapshot: bytes = b""
    definitions: Mapping[str, str] = field(default_factory=dict)
    names: frozenset[str] = frozenset()

    def update(self, told: bytes) -> StateChange:
        """Take what the shell tells; how it differs from before. Nothing told changes nothing."""
        if told in (b"", self.snapshot):
            return StateChange({}, ())
        now = parse_snapshot(self.shell, told)
        found = diff_snapshots(self.definitions, now)
        self.snapshot, self.definitions, self.names = told, now, find_callable_names(self.shell, told, now)
        return found

    def update_after(self, code: str, looking: Callable[[Iterable[str]], bytes]) -> StateChange:
        """How a statement has changed it; the shell is asked only if the text does not say."""
        if changes_nothing(self.shell, code, self.names):
            return StateChange({}, ())
        if (found := parse_assignment(self.shell, code)) is not None:
            self.definitions = {**self.definitions, **found.made}
            return found
        return self.update(looking(find_defined_functions(self.shell, code)))

    def build_restore_code(self, change: StateChange) -> str:
        """Code for a shell that holds what this one does, so that it holds what has changed as well."""
        return build_restore_code(
            self.shell, StateChange(change.made, tuple(k for k in change.gone if k in self.definitions))
        )


def _build_removal_code(shell: str, kind: str, name: str) -> str:
    word = "".join(piece.text for piece in SHELLS[shell].fill("<x>", [Filling(0, 3, Context.BARE, name)]))
    fish = {"function": "functions -e ", "variable": "set -e "}
    posix = {"function": "unset -f ", "variable": "unset -v ", "alias": "unalias "}
    return (fish if shell == "fish" else posix)[kind] + word


def changes_nothing(shell: str, code: str, known: Iterable[str]) -> bool:
    """Whether a statement surely leaves the shell as it was: one plain program with its arguments.

    `known` are the names of functions and aliases, any of which may do anything.
    """
    found = _PLAIN.fullmatch(code)
    if found is None:
        return False
    name = found[1]
    return name in _HARMLESS or (name not in _BUILTINS and name not in known and "=" not in name)


def parse_assignment(shell: str, code: str) -> StateChange | None:
    """What a statement changes that does nothing but set one variable to texts as they stand there."""
    found = (_FISH_SET if shell == "fish" else _SET).fullmatch(code)
    return StateChange({f"variable {found[1]}": code.strip()}, ()) if found else None


_TEXT = r"(?:[\w./:@%+,-]+|'[^'\\]*')"

_FISH_SET = re.compile(rf"\s*set(?: +-[gxl]+)* +([A-Za-z_]\w*)(?: +{_TEXT})*\s*")

_SET = re.compile(rf"\s*(?:export +)?([A-Za-z_]\w*)={_TEXT}?\s*")

_PLAIN = re.compile(
    r"\s*(?:command +)?([\w./+-]+)(?:[ \t]+(?:[^\s'\"\\$`(){}\[\];&|<>*?~#!]+|'[^'\\]*'))*\s*"
)

_HARMLESS = frozenset(("echo", "printf", "test", "true", "false", "pwd", "sleep"))

# fmt: off
_BUILTINS = frozenset((
    "alias", "and", "abbr", "argparse", "autoload", "begin", "bg", "bind", "block", "break", "builtin",
    "case", "cd", "command", "continue", "coproc", "declare", "dirs", "disown", "do", "done", "elif",
    "else", "emulate", "enable", "end", "esac", "eval", "exec", "exit", "export", "fg", "fi",
    "fish_add_path", "float", "for", "function", "functions", "getopts", "hash", "if", "integer", "jobs",
    "let", "local", "mapfile", "not", "or", "popd", "pushd", "random", "read", "readarray", "readonly",
    "return", "select", "set", "setopt", "shift", "shopt", "source", "status", "string", "switch", "tabs",
    "then", "time", "times", "trap", "type", "typeset", "ulimit", "umask", "unalias", "unset", "unsetopt",
    "until", "vared", "wait", "while", "zle", "zmodload", "math", ".", ":", "!",
))

# fmt: on


def _fish_variables(flags: str) -> _Reader:
    def read(section: str, shell: str) -> Iterator[tuple[str, str, str]]:
        for line in section.splitlines():
            if found := _FISH_VARIABLE.fullmatch(line):
                yield "variable", found[1], f"set {flags} {line}"

    return read


def _fish_functions(section: str, shell: str) -> Iterator[tuple[str, str, str]]:
    for text in _statements(shell, section):
        if found := _FISH_FUNCTION.match(text):
            yield "function", found[1].strip("'\""), text


def _declarations(section: str, shell: str) -> Iterator[tuple[str, str, str]]:
    for text in _statements(shell, section):
        found = _DECLARED.match(text)
        if found and not _READ_ONLY.search(found[1]):
            yield "variable", found[2], text


def _assignments(section: str, shell: str) -> Iterator[tuple[str, str, str]]:
    for text in _statements(shell, section):
        if found := _ASSIGNED.match(text):
            yield "variable", found[1], text


def _functions(section: str, shell: str) -> Iterator[tuple[str, str, str]]:
    for text in _statements(shell, section):
        if found := _FUNCTION.match(text):
            yield "function", found[1], text


def _aliases(section: str, shell: str) -> Iterator[tuple[str, str, str]]:
    for text in _statements(shell, section):
        if found := _ALIAS.match(text):
            yield "alias", found[1], text if text.startswith("alias ") else f"alias {text}"


def _statements(shell: str, section: str) -> Iterator[str]:
    scan = SHELLS[shell].scan(section)
    for start, end in scan.statements:
        yield section[start:end]


_READERS: Mapping[str, tuple[_Reader, ...]] = {
    "fish": (_fish_variables("-gx"), _fish_variables("-gu"), _fish_variables("-l"), _fish_functions),
    "bash": (_declarations, _functions, _aliases),
    "zsh": (_declarations, _functions, _aliases),
    "sh": (_assignments, _declarations, _aliases),
}
