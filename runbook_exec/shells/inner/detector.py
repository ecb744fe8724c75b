"""Says whether a command opens another shell, or the prompt of another program, in the terminal.

What follows such a command on a page is meant for that shell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum

from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from ..simple_command import SimpleCommand
from .arguments import OptionTable, make_table, read_arguments
from .programs import LOGINS, PROMPTS, SHELL_NAMES, SYSTEM_IMAGES, WRAPPERS, PromptProgram, WrapperProgram


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


_CONTAINER_OPTIONS = make_table(
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
    read = read_arguments(words, _CONTAINER_OPTIONS, mixed=False)
    operands = read.operands
    if operands[:1] == ("compose",):
        operands = read_arguments(operands[1:], _CONTAINER_OPTIONS, mixed=False).operands
        tty = True  # compose gives a terminal unless told otherwise
    else:
        tty = name.endswith("compose")
    if operands[:1] == ("container",):
        operands = operands[1:]
    if not operands or operands[0] not in ("exec", "run"):
        return None
    inner = read_arguments(operands[1:], _CONTAINER_OPTIONS, mixed=False)
    if _CONTAINER_OPTIONS.batch & set(inner.options) or not inner.operands:
        return None
    if not _interactive(inner.options) and not (tty and "T" not in inner.options):
        return None
    if len(inner.operands) > 1:
        return _open(inner.operands[1:])
    entry = _value_of("--entrypoint", operands[1:])
    if entry:
        return _open((entry,))
    image = inner.operands[0].rpartition("/")[2].partition(":")[0].partition("@")[0]
    alone = operands[0] == "run" and image in SYSTEM_IMAGES and not tty
    return (InnerKind.SHELL, "sh") if alone else None


def _value_of(option: str, words: Sequence[str]) -> str:
    for word, after in zip(words, (*words[1:], ""), strict=True):
        if word == option:
            return after
        if word.startswith(option + "="):
            return word.partition("=")[2]
    return ""


def _open_pod(name: str, words: Sequence[str]) -> _Opened:
    """Return what `kubectl exec -it …`, `oc debug …` and the like open."""
    before = words[: words.index("--")] if "--" in words else words
    command = words[words.index("--") + 1 :] if "--" in words else ()
    read = read_arguments(before, _CONTAINER_OPTIONS)
    if not read.operands or _CONTAINER_OPTIONS.batch & {*read.options} - {"d"}:
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


# By program and the first words after it: options that end it without a prompt.
_SUBCOMMANDS: Mapping[str, Sequence[tuple[str, OptionTable]]] = {
    "vagrant": (("ssh", make_table("p", "c --command")),),
    "minikube": (("ssh", make_table("n p --node --profile")),),
    "multipass": (("shell", make_table()),),
    "limactl": (("shell", make_table("--workdir")),),
    "colima": (("ssh", make_table()),),
    "lxc": (("shell", make_table()),),
    "incus": (("shell", make_table()),),
    "machinectl": (("shell", make_table()), ("login", make_table())),
    "toolbox": (("enter", make_table("c r")),),
    "distrobox": (("enter", make_table("n --name", "e")),),
    "docker-machine": (("ssh", make_table()),),
    "gcloud": (("compute ssh", make_table("--zone --project --region", "--command --dry-run")),),
    "az": (
        ("ssh vm", make_table("n g --name --resource-group --ip")),
        ("webapp ssh", make_table()),
        ("containerapp exec", make_table("n g --name --resource-group", "--command")),
    ),
    "aws": (("ssm start-session", make_table("--target --region --profile", "--document-name")),),
    "fly": (("ssh console", make_table("a C --app", "C --command")), ("postgres connect", make_table())),
    "flyctl": (("ssh console", make_table("a C --app", "C --command")), ("postgres connect", make_table())),
    "heroku": (("pg:psql", make_table("a --app", "c --command")), ("psql", make_table("a --app"))),
    "cockroach": (("sql", make_table("--url --host --certs-dir", "e --execute f --file")),),
    "poetry": (("shell", make_table()),),
    "pipenv": (("shell", make_table()),),
    "nix": (("develop", make_table("", "c --command")), ("shell", make_table("", "c --command"))),
    "guix": (("shell", make_table()),),
    "rails": (("console", make_table("e")), ("c", make_table("e")), ("dbconsole", make_table())),
    "tmux": (
        ("", make_table("L S f", "c V")),
        ("new", make_table("s n t c x y F e", "d")),
        ("new-session", make_table("s n t c x y F e", "d")),
        ("attach", make_table("t c")),
        ("attach-session", make_table("t c")),
        ("a", make_table("t c")),
    ),
    "screen": (("", make_table("S t e p h T c s", "d X ls list wipe Q v")),),
    "script": (("", make_table("c T B I O o m", "c V --version --command")),),
    "nix-shell": (("", make_table("p A I", "--run --command version")),),
}

_PROMPT_SUBCOMMANDS = frozenset(("pg:psql", "psql", "sql", "postgres connect", "console", "c", "dbconsole"))

# Programs whose first operand after the subcommand may be there, but no command after it.
_MOST_OPERANDS: Mapping[str, int] = {"screen": 0, "tmux": 0, "script": 1, "nix": 9, "nix-shell": 9, "guix": 9}


def _open_subcommand(name: str, words: Sequence[str]) -> _Opened:
    """Return what a subcommand such as `vagrant ssh` opens."""
    operands = read_arguments(words, make_table()).operands
    for subcommand, table in _SUBCOMMANDS[name]:
        wanted = tuple(subcommand.split())
        if operands[: len(wanted)] != wanted or (not wanted and name == "tmux" and operands):
            continue
        rest = [word for word in words if word not in wanted]
        read = read_arguments(rest, table)
        if table.batch & set(read.options) or read.after_dashes:
            return _open(read.after_dashes) if read.after_dashes else None
        if len(read.operands) > _MOST_OPERANDS.get(name, 1):
            return _open(read.operands[1:]) if name in ("minikube", "limactl") else None
        kind = InnerKind.PROMPT if subcommand in _PROMPT_SUBCOMMANDS else InnerKind.SHELL
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
        return _open(_value_of("--command", words).split())
    if tuple(words[:1]) == ("run",):
        return _open(read_arguments(words[1:], make_table("a --app")).operands)
    return _open_subcommand(name, words)


_Opener = Callable[[str, Sequence[str]], _Opened]

_BY_PROGRAM: Mapping[str, _Opener] = {
    **dict.fromkeys(_SUBCOMMANDS, _open_subcommand),
    **dict.fromkeys(("docker", "podman", "nerdctl", "docker-compose", "podman-compose"), _open_container),
    **dict.fromkeys(("kubectl", "oc", "k", "microk8s.kubectl"), _open_pod),
    **dict.fromkeys(("lxc", "incus"), _open_lxd),
    **dict.fromkeys(("aws", "heroku"), _open_remote_command),
}

# Every command that opens a shell or prompt has one of these in it; others need no parsing.
_NAMES = (*SHELL_NAMES, *PROMPTS, *LOGINS, *WRAPPERS, *_BY_PROGRAM, "exec", "SHELL", "BASH")

_CANDIDATES = frozenset(name.partition(".")[0] for name in _NAMES)

_WORD = LazyPattern(r"[\w-]+")


def may_open_shell(text: str) -> bool:
    """Return whether the text of a statement has the name of a program that opens a shell or prompt."""
    return "$0" in text or not _CANDIDATES.isdisjoint(_WORD.findall(text))
