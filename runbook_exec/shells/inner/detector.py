"""Says whether a command opens another shell, or the prompt of another program, in the terminal.

What follows such a command on a page is meant for that shell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from itertools import pairwise

from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from ..simple_command import RawWords, SimpleCommand, read_raw_words, split_raw_words
from .arguments import OptionTable, make_table, read_arguments
from .programs import (
    LOGINS,
    MOST_OPERANDS,
    PROMPT_SUBCOMMANDS,
    PROMPTS,
    SHELL_NAMES,
    SUBCOMMANDS,
    SYSTEM_IMAGES,
    WRAPPERS,
    PromptProgram,
    WrapperProgram,
)


class InnerKind(StrEnum):
    """What a command opens."""

    SHELL = "another shell"
    PROMPT = "a prompt of its own"
    REPLACEMENT = "another program in place of this shell"


class InnerShell(NamedTuple):
    """The shell or prompt that a command opens; `program` is the name of what reads the next lines."""

    kind: InnerKind
    program: str
    start: int  # of the command, in the script

    @property
    def description(self) -> str:
        """Return what is opened, for a message."""
        return f"{self.kind} (`{self.program}`)" if self.kind is InnerKind.PROMPT else str(self.kind)


_LEAVES = frozenset(("exit", "logout", "quit", "\\q", ".exit", ".quit", "exit;", "quit;", "exit()", "quit()"))

_ASSIGNMENT = LazyPattern(r"[A-Za-z_]\w*=")

_SHELL_VARIABLES = frozenset(("$SHELL", "${SHELL}", "$0", "$BASH"))


def find_inner_shell(commands: Iterable[SimpleCommand]) -> InnerShell | None:
    """Return what the last of these commands that opens a shell or prompt opens; None if none does.

    A command whose standard input is a pipe or a file opens none.
    """
    found = None
    for command in commands:
        if command.is_fed and command.words[:1] != ("exec",):
            continue
        opened = _open(command.words)
        if opened is not None:
            found = InnerShell(*opened, command.start)
    return found


# shells and terminals in which no statement can be run from outside
_CLOSED = frozenset(
    ("csh", "tcsh", "pwsh", "powershell", "elvish", "xonsh", "mosh", "tmux", "screen", "script", "rlwrap")
)


def can_follow(inner: InnerShell) -> bool:
    """Return whether statements can be run inside, one by one."""
    return inner.kind is InnerKind.SHELL and inner.program.partition(" ")[0] not in _CLOSED


def is_exit(commands: Sequence[SimpleCommand]) -> bool:
    """Return whether a statement does nothing but leave the shell that reads it."""
    return len(commands) == 1 and commands[0].words[:1] in (("exit",), ("logout",))


def leaves_shell(commands: Sequence[SimpleCommand]) -> bool:
    """Return whether these commands leave the shell or prompt that reads them."""
    return bool(commands) and commands[-1].words[:1] != () and commands[-1].words[0] in _LEAVES


_Opened = tuple[InnerKind, str] | None


def _open(words: Sequence[str]) -> _Opened:
    """Return what a command with these words opens."""
    words = skip_assignments(words)
    if not words or "--help" in words:
        return None
    name = "$SHELL" if words[0] in _SHELL_VARIABLES else words[0].rpartition("/")[2]
    rest = words[1:]
    if name == "exec":
        return _replace_shell(rest)
    if name in SHELL_NAMES or name == "$SHELL":
        return _open_shell(name, rest)
    if name in PROMPTS:
        return _open_prompt(name, PROMPTS[name], rest)
    if name in WRAPPERS:
        return _open_wrapped(name, WRAPPERS[name], rest)
    if (login := LOGINS.get(name)) is not None:
        return _open_login(name, login, rest)
    opener = _BY_PROGRAM.get(name)
    return opener(name, rest) if opener is not None else None


def skip_assignments(words: Sequence[str]) -> Sequence[str]:
    """Return the words of a command without the variables that it sets for its program."""
    at = 0
    while at < len(words) and _ASSIGNMENT.match(words[at]):
        at += 1
    return words[at:]


def _open_wrapped(name: str, wrapper: WrapperProgram, words: Sequence[str]) -> _Opened:
    """Return what the command after a program such as `env` opens, or the program without one."""
    read = read_arguments(words, wrapper.options, mixed=False)
    if wrapper.options.batch & set(read.options):
        return None
    inner = skip_assignments(read.operands)[wrapper.operands :]
    if inner:
        return _open(inner)
    opens = wrapper.opens_alone or not wrapper.alone_options.isdisjoint(read.options)
    return (InnerKind.SHELL, name) if opens else None


def _replace_shell(words: Sequence[str]) -> _Opened:
    operands = read_arguments(words, make_table("a"), mixed=False).operands
    return (InnerKind.REPLACEMENT, operands[0].rpartition("/")[2]) if operands else None


_SHELL_OPTIONS = make_table(
    "o O --rcfile --init-file --init-command C",
    "c n v --version --help --command Command File EncodedCommand",
)


def _open_shell(name: str, words: Sequence[str]) -> _Opened:
    read = read_arguments(words, _SHELL_OPTIONS, mixed=False)
    if read.operands or _SHELL_OPTIONS.batch & set(read.options):
        return None
    return InnerKind.SHELL, name


def _open_prompt(name: str, program: PromptProgram, words: Sequence[str]) -> _Opened:
    read = read_arguments(words, program.options)
    if program.options.batch & set(read.options):
        return None
    first, second, *_ = (*read.operands, "", "")
    if first.rpartition("/")[2] == "manage.py" and second in ("shell", "shell_plus", "dbshell"):
        return InnerKind.PROMPT, f"manage.py {second}"
    if len(read.operands) > program.operands or first.endswith((".js", ".sql")) or second.startswith("@"):
        return None
    return InnerKind.PROMPT, name


def _open_login(name: str, table: tuple[OptionTable, int], words: Sequence[str]) -> _Opened:
    """Return what `ssh`, `su` and other commands open that take a command to run instead."""
    options, operands = table
    read = read_arguments(words, options, mixed=False)
    # `ssh HOST -p 22`: options may follow the first operand, but not the command
    more = read_arguments(read.operands[operands:], options, mixed=False)
    if options.batch & {*read.options, *more.options}:
        return None
    if name == "ssh" and read.operands and read.operands[0].startswith("git@"):
        return None
    if more.operands:
        return _open(" ".join(more.operands).split()) if name != "su" else None
    return (InnerKind.SHELL, name) if read.operands or name in ("su", "runuser", "newgrp") else None


def _interactive(options: Iterable[str]) -> bool:
    return not {"i", "t", "--interactive", "--tty", "--stdin"}.isdisjoint(options)


CONTAINER_OPTIONS = make_table(
    "e u w v p l h m c a n f --env --env-file --user --workdir --volume --publish --name --network --label "
    "--hostname --entrypoint --mount --platform --memory --cpus --add-host --device --cap-add --cap-drop "
    "--security-opt --env-from --pull --restart --runtime --ulimit --dns --gpus --net --link --volumes-from "
    "--pid --ipc --userns --shm-size --tmpfs --log-driver --log-opt --expose --cidfile --group-add --index "
    "--file --project-name --profile --project-directory --container --namespace --context --kubeconfig "
    "--image --overrides --serviceaccount --limits --requests --labels --selector --target --as --server "
    "--token --cluster --image-pull-policy --port --to-namespace --node-name",
    "d --detach --help --version --dry-run",
)


def _open_container(name: str, words: Sequence[str]) -> _Opened:
    """Return what `docker exec -it …` and the like open."""
    read = read_arguments(words, CONTAINER_OPTIONS, mixed=False)
    operands = read.operands
    if operands[:1] == ("compose",):
        operands = read_arguments(operands[1:], CONTAINER_OPTIONS, mixed=False).operands
        tty = True  # compose gives a terminal unless told otherwise
    else:
        tty = name.endswith("compose")
    if operands[:1] == ("container",):
        operands = operands[1:]
    if not operands or operands[0] not in ("exec", "run"):
        return None
    inner = read_arguments(operands[1:], CONTAINER_OPTIONS, mixed=False)
    if CONTAINER_OPTIONS.batch & set(inner.options) or not inner.operands:
        return None
    if not _interactive(inner.options) and not (tty and "T" not in inner.options):
        return None
    if len(inner.operands) > 1:
        return _open(inner.operands[1:])
    entry = find_value(("--entrypoint",), operands[1:])
    if entry:
        return _open((entry,))
    image = inner.operands[0].rpartition("/")[2].partition(":")[0].partition("@")[0]
    alone = operands[0] == "run" and image in SYSTEM_IMAGES and not tty
    return (InnerKind.SHELL, "sh") if alone else None


def find_value(options: Sequence[str], words: Sequence[str]) -> str:
    """Return the value of the first of these options that a command has; empty without one."""
    for word, after in pairwise((*words, "")):
        name, _, value = word.partition("=")
        if name in options:
            return value or after
    return ""


def _open_pod(name: str, words: Sequence[str]) -> _Opened:
    """Return what `kubectl exec -it …`, `oc debug …` and the like open."""
    before = words[: words.index("--")] if "--" in words else words
    command = words[words.index("--") + 1 :] if "--" in words else ()
    read = read_arguments(before, CONTAINER_OPTIONS)
    if not read.operands or CONTAINER_OPTIONS.batch & {*read.options} - {"d"}:
        return None
    action, *operands = read.operands
    if action in ("rsh", "debug") and name == "oc":
        command = command or operands[1:] if action == "rsh" else command
        return _open(command) if command else (InnerKind.SHELL, f"oc {action}")
    if action not in ("exec", "run", "debug", "attach") or not _interactive(read.options):
        return None
    if action == "exec":
        return _open(command or operands[1:])
    if command:
        return _open(command)
    if action == "run" and len(operands) > 1:
        return _open(operands[1:])
    return InnerKind.SHELL, f"{name} {action}"


def _open_subcommand(name: str, words: Sequence[str]) -> _Opened:
    """Return what a subcommand such as `vagrant ssh` opens."""
    operands = read_arguments(words, make_table()).operands
    for subcommand, table in SUBCOMMANDS[name]:
        wanted = tuple(subcommand.split())
        if operands[: len(wanted)] != wanted or (not wanted and name == "tmux" and operands):
            continue
        rest = [word for word in words if word not in wanted]
        read = read_arguments(rest, table)
        if table.batch & set(read.options) or read.after_dashes:
            return _open(read.after_dashes) if read.after_dashes else None
        if len(read.operands) > MOST_OPERANDS.get(name, 1):
            return _open(read.operands[1:]) if name in ("minikube", "limactl") else None
        kind = InnerKind.PROMPT if subcommand in PROMPT_SUBCOMMANDS else InnerKind.SHELL
        return kind, f"{name} {subcommand}".strip()
    return None


def _open_lxd(name: str, words: Sequence[str]) -> _Opened:
    """Return what `lxc exec NAME -- bash` opens."""
    if words[:1] == ["exec"] or tuple(words[:1]) == ("exec",):
        command = words[list(words).index("--") + 1 :] if "--" in words else words[2:]
        return _open(command)
    return _open_subcommand(name, words)


def _open_remote_command(name: str, words: Sequence[str]) -> _Opened:
    """Return what `heroku run bash` and `aws ecs execute-command --command sh` open."""
    if tuple(words[:2]) == ("ecs", "execute-command"):
        return _open(find_value(("--command",), words).split())
    if tuple(words[:1]) == ("run",):
        return _open(read_arguments(words[1:], make_table("a --app")).operands)
    return _open_subcommand(name, words)


_CONTAINERS = ("docker", "podman", "nerdctl", "docker-compose", "podman-compose")

_PODS = ("kubectl", "oc", "k", "microk8s.kubectl")

_Opener = Callable[[str, Sequence[str]], _Opened]

_BY_PROGRAM: Mapping[str, _Opener] = {
    **dict.fromkeys(SUBCOMMANDS, _open_subcommand),
    **dict.fromkeys(_CONTAINERS, _open_container),
    **dict.fromkeys(_PODS, _open_pod),
    **dict.fromkeys(("lxc", "incus", "pct"), _open_lxd),
    **dict.fromkeys(("aws", "heroku"), _open_remote_command),
}

# Every command that opens a shell or prompt has one of these in it; others need no parsing.
_NAMES = frozenset((*SHELL_NAMES, *PROMPTS, *LOGINS, *WRAPPERS, *_BY_PROGRAM, "exec", "SHELL", "BASH"))

# words of which such a command of these programs has one
_ACTIONS: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(_CONTAINERS, ("exec", "run")),
    **dict.fromkeys(_PODS, ("exec", "run", "debug", "rsh", "attach")),
    **dict.fromkeys(("lxc", "incus", "pct"), ("exec",)),
    **dict.fromkeys(("aws", "heroku"), ("execute-command", "run")),
}


def may_open_shell(text: str) -> bool:
    """Return whether a statement may open a shell or prompt, as its words look; most need no parsing."""
    words = read_raw_words(text)
    names = words.list_among(_NAMES)
    return "$0" in text or (
        bool(names) and (words.are_split() or any(_may_open(each, words) for each in names))
    )


def _may_open(name: str, words: RawWords) -> bool:
    """Return whether a program may open something, if these are the words of its statement."""
    if name in WRAPPERS:  # another program opens it, which is among the words too
        wrapper = WRAPPERS[name]
        return wrapper.opens_alone or words.have_option(wrapper.alone_options)
    if name not in _BY_PROGRAM:
        return True
    return any(map(words.have_all, _list_uses(name)))


@cache
def _list_uses(name: str) -> list[frozenset[str]]:
    """Return the words of the subcommands with which a program opens something."""
    uses = (*_ACTIONS.get(name, ()), *(use for use, _ in SUBCOMMANDS.get(name, ())))
    return [split_raw_words(use) for use in uses]
