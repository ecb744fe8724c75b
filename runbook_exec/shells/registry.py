"""Lists the shells by name, and the languages of fenced blocks that mean them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module

# As in `typing`, which `--version` would load for nothing else: the command line offers the shells' names.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .base import Shell
    from .driver import Driver


class _Entry:
    """The facts of a shell that are needed before it is loaded."""

    __slots__ = ("commands", "driver", "languages", "module", "reads")

    def __init__(
        self,
        module: str,
        driver: str,
        languages: tuple[str, ...],
        reads: tuple[str, ...] = (),
        commands: tuple[tuple[str, ...], ...] = (),
    ) -> None:
        self.module = module  # below this package; defines `SHELL`
        self.driver = driver  # the name of its driver, in the module `driver` of the same package
        self.languages = languages  # of fenced blocks
        self.reads = reads  # other shells whose code this one also runs correctly
        self.commands = commands  # that start it, best first; if empty, its name


# `sh` means sh. `shell` and `shellscript` name no shell: people write them over code for bash.
_ENTRIES = {
    "fish": _Entry(".fish", "FISH_DRIVER", ("fish",)),
    "bash": _Entry(
        ".posix.bash",
        "BASH_DRIVER",
        ("bash", "shell", "shellscript", "shell-script", "bash-interactive"),
        reads=("sh",),
    ),
    "zsh": _Entry(".posix.zsh", "ZSH_DRIVER", ("zsh",)),
    "sh": _Entry(".posix.sh", "SH_DRIVER", ("sh",)),
    "ash": _Entry(".posix.ash", "ASH_DRIVER", ("ash", "busybox sh"), ("sh",), (("ash",), ("busybox", "ash"))),
}


class _Shells(Mapping[str, "Shell"]):
    """The shells by name; a shell's modules are imported when it is first asked for."""

    def __getitem__(self, name: str) -> Shell:
        return _import_shell(name)

    def __contains__(self, name: object) -> bool:
        return name in _ENTRIES

    def __iter__(self) -> Iterator[str]:
        return iter(_ENTRIES)

    def __len__(self) -> int:
        return len(_ENTRIES)


@cache
def _import_shell(name: str) -> Shell:
    shell: Shell = import_module(_ENTRIES[name].module, __package__).SHELL
    return shell


SHELLS: Mapping[str, Shell] = _Shells()

CONSOLE = "console"

# The shell of a console block outside of procedures, and of a procedure with only console blocks.
CONSOLE_SHELL = "bash"

# The shell of a run in which no block runs.
FALLBACK_SHELL = "sh"

# A console block shows typed commands and their output; it runs in the shell of its procedure.
LANGUAGES: Mapping[str, str] = {
    **{language: name for name, entry in _ENTRIES.items() for language in entry.languages},
    **dict.fromkeys(
        ("console", "shell-session", "shellsession", "sh-session", "bash-session", "terminal"), CONSOLE
    ),
}

# Languages of commands that no shell of ours runs, with what they are. `languages:` can map some of them.
OTHER_COMMANDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("azurecli", "azurecli-interactive", "azure-cli", "azure-cli-interactive", "gcloud", "aws-cli"),
        "commands of a cloud's shell",
    ),
    **dict.fromkeys(
        ("powershell", "pwsh", "ps", "ps1", "posh", "azurepowershell", "azurepowershell-interactive",
         "powershell-interactive"),
        "PowerShell",
    ),
    **dict.fromkeys(("cmd", "bat", "batch", "batchfile", "winbatch", "dos", "doscon"), "Windows commands"),
    **dict.fromkeys(("csh", "tcsh", "ksh", "nu", "nushell", "elvish", "xonsh"), "another shell"),
}  # fmt: skip

# What `languages:` calls blocks that never run.
NEVER = "none"

# The names that the languages mean: those of shells, and `console`.
CANONICAL_LANGUAGES = frozenset(LANGUAGES.values())

# By shell, the other shells whose code it also runs correctly.
READS: Mapping[str, frozenset[str]] = {
    name: frozenset(entry.reads) for name, entry in _ENTRIES.items() if entry.reads
}


def load_driver(name: str) -> Driver:
    """Return the driver of a shell, without the rest of the shell: a session needs no more of it."""
    entry = _ENTRIES[name]
    family = ".".join(entry.module.split(".")[:2])
    driver: Driver = vars(import_module(f"{family}.driver", __package__))[entry.driver]
    return driver


def find_command(name: str) -> tuple[str, ...] | None:
    """Return the command that starts a shell, with the path of its program.

    Returns None if it is not installed.
    """
    for program, *arguments in _ENTRIES[name].commands or ((name,),):
        if path := _find_program(program):
            return (path, *arguments)
    return None


def _find_program(name: str) -> str | None:
    """Return the path of a program on PATH, as `shutil.which` does, which imports many other modules."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, name)  # noqa: PTH118
        if os.access(path, os.X_OK) and os.path.isfile(path):  # noqa: PTH113
            return path
    return None


def language_target(text: str) -> str:
    """Return what a language can be mapped to: a shell, `console` or `none`.

    Raises ValueError for anything else.
    """
    if text not in (*SHELLS, CONSOLE, NEVER):
        expected = ", ".join(f"`{name}`" for name in (*SHELLS, CONSOLE, NEVER))
        raise ValueError(f"expected one of {expected}, got `{text}`")
    return text


def shell_name(text: str) -> str:
    """Return the name of a shell; raises ValueError for anything else."""
    if text not in SHELLS:
        raise ValueError(f"expected one of {', '.join(f'`{shell}`' for shell in SHELLS)}, got `{text}`")
    return text
