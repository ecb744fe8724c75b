"""Names the place where the shell runs that a command opens, such as `on web1`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ...text.lazy_pattern import LazyPattern
from ..simple_command import SimpleCommand
from .arguments import make_table, read_arguments
from .detector import CONTAINER_OPTIONS, find_value, skip_assignments
from .programs import LOGINS, SHELL_NAMES, WRAPPERS

_ROOT_OPTIONS = frozenset(("i", "s", "--login", "--shell"))

_USER_OPTION = LazyPattern(r"--user(?:=(.*))?|-[ABEHPSbikns]*u(.*)")  # also in `sudo -iu app`

_VALUES = make_table(
    "e u w c n f l --env --user --workdir --container --namespace --context --kubeconfig --image --index "
    "p --port --ssh-user --ssh-key-path --ssh-port "
    "--zone --project --region --profile --target --name --network --entrypoint --file --cluster --task"
)

_CONTAINERS = frozenset(("docker", "podman", "nerdctl", "docker-compose", "podman-compose", "lxc", "incus"))

_PODS = frozenset(("kubectl", "oc", "k", "microk8s.kubectl"))


def name_place(commands: Sequence[SimpleCommand], start: int) -> str:
    """Return where the shell runs that the command at `start` opens, with a preposition."""
    words = next((command.words for command in commands if command.start == start), ())
    return _name(skip_assignments(words)) if words else "in another shell"


def _name(words: Sequence[str]) -> str:
    words = skip_assignments(words)
    if not words:
        return "in another shell"
    name, rest = words[0].rpartition("/")[2], words[1:]
    if name in ("sudo", "doas", "pkexec", "run0"):
        return _name_sudo(name, rest)
    if name in ("su", "runuser"):
        operands = read_arguments(rest, LOGINS[name][0]).operands
        return f"as {next((each for each in operands if each != '-'), 'root')}"
    if name in LOGINS and name != "newgrp":
        operands = read_arguments(rest, LOGINS[name][0], mixed=False).operands
        return f"on {operands[0].rpartition('@')[2]}" if operands else f"in {name}"
    if name in _PODS or name in _CONTAINERS:
        return _name_container(name, rest)
    if name == "lxc-attach":
        return f"in {find_value(('-n', '--name'), rest) or name}"
    if name in ("tailscale", "hcloud", "doctl"):
        return f"on {read_arguments(rest, _VALUES).operands[-1].rpartition('@')[2]}"
    if name in ("chroot", "arch-chroot", "jexec"):
        operands = read_arguments(rest, WRAPPERS[name].options, mixed=False).operands
        return f"in {' '.join((name, *operands[:1]))}"
    if name in WRAPPERS and name not in ("unshare", "nsenter", "systemd-nspawn"):
        wrapper = WRAPPERS[name]
        operands = read_arguments(rest, wrapper.options, mixed=False).operands[wrapper.operands :]
        return _name(operands) if operands else f"in {name}"
    if name in SHELL_NAMES or name in WRAPPERS:
        return f"in {name}"
    operands = read_arguments(rest, _VALUES).operands
    return f"in {' '.join((name, *operands[:2]))}"


def _name_sudo(name: str, words: Sequence[str]) -> str:
    """Return the user whose shell `sudo -i`, `sudo -u app bash` or `sudo docker exec …` opens."""
    if name == "pkexec":
        return _name(words) if words else "as root"
    read = read_arguments(words, WRAPPERS[name].options, mixed=False)
    inner = skip_assignments(read.operands)
    program = inner[0].rpartition("/")[2] if inner else ""
    if inner and not (program in SHELL_NAMES or _ROOT_OPTIONS & {*read.options}):
        return _name(inner)
    for word, after in pairwise((*words, "")):
        match = _USER_OPTION.fullmatch(word)
        if match is not None:
            return f"as {match[1] or match[2] or after}"
    return "as root"


def _name_container(name: str, words: Sequence[str]) -> str:
    """Return the container, pod or node that `docker exec` and its like enter."""
    before = words[: words.index("--")] if "--" in words else words
    operands = read_arguments(before, CONTAINER_OPTIONS).operands
    actions = ("exec", "run", "debug", "rsh", "attach", "shell")
    at = next((index for index, word in enumerate(operands) if word in actions), -1)
    if at < 0 or at + 1 >= len(operands):
        return f"in {name}"
    return f"{'in a container of' if operands[at] == 'run' else 'in'} {operands[at + 1]}"
