"""Finds the hosts that a pattern means."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...errors import Refused, reason
from ...light_classes import NamedTuple
from ...text.host_names import parse_host
from ...text.lazy_pattern import LazyPattern

_UNSAFE = LazyPattern(r"[^A-Za-z0-9_.@]")

_LONGEST = 48  # characters of a host in the id of its run


class Target(NamedTuple):
    """A host of a fleet: its name, and what ssh connects to."""

    name: str
    destination: str

    def make_run_id(self, fleet: str) -> str:
        """Return the id of the run on this host, which is the same whenever the fleet is resumed."""
        return f"{fleet}.{_UNSAFE.sub('-', self.name)[:_LONGEST]}"


def find_targets(pattern: str, inventory: str | None) -> tuple[Target, ...]:
    """Return the hosts of a pattern, each once, in its order; raises Refused.

    It is names with commas between, `@FILE` with a name on each line, or with an inventory a pattern of
    Ansible.
    """
    targets = _ask_ansible(pattern, inventory) if inventory else _read_names(pattern)
    by_id = {target.make_run_id(""): target for target in targets}
    if len(by_id) < len({target.name for target in targets}):
        raise Refused(f"`--on {pattern}`: two of the hosts have names that are too similar for a run's id")
    if not by_id:
        raise Refused(f"`--on {pattern}`: expected at least one host, found none")
    return tuple(by_id.values())


def _read_names(pattern: str) -> list[Target]:
    if pattern.startswith("@"):
        try:
            lines = Path(pattern[1:]).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            why = reason(error) if isinstance(error, OSError) else "it is not UTF-8"
            raise Refused(f"`--on {pattern}`: cannot read `{pattern[1:]}`: {why}") from None
        names: Iterable[str] = (line.partition("#")[0].strip() for line in lines)
    else:
        names = (name.strip() for name in pattern.split(","))
    return [_make_target(name, name, pattern) for name in names if name]


def _make_target(name: str, destination: str, pattern: str) -> Target:
    try:
        return Target(name, parse_host(destination))
    except ValueError as problem:
        raise Refused(f"`--on {pattern}`: {problem}") from None


def _ask_ansible(pattern: str, inventory: str) -> list[Target]:
    """Return the hosts of a pattern in an inventory, as Ansible itself finds them.

    It reads the person's own configuration, and not that of the working directory, which nobody has trusted.
    """
    source = inventory if "," in inventory else str(Path(inventory).expanduser().absolute())
    command = ("ansible-inventory", "-i", source, "--list", "--limit", pattern)
    named = os.environ.get("ANSIBLE_CONFIG")
    try:
        done = subprocess.run(
            command,
            cwd="/",  # a working directory can have a configuration, which names programs to run
            env={**os.environ, **({"ANSIBLE_CONFIG": str(Path(named).absolute())} if named else {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise Refused(
            f"cannot run `ansible-inventory`: {reason(error)}; install Ansible, or name the hosts without "
            "`--inventory`"
        ) from None
    try:
        if done.returncode:
            raise ValueError
        known = json.loads(done.stdout)
        variables = {str(name): dict(each) for name, each in known["_meta"]["hostvars"].items()}
        groups = [group for name, group in known.items() if name != "_meta"]
        names = dict.fromkeys(str(host) for group in groups for host in group.get("hosts", ()))
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        said = (done.stderr.strip().splitlines() or ["no inventory in JSON came"])[-1]
        raise Refused(f"`ansible-inventory` cannot read `{inventory}` for `{pattern}`: {said}") from None
    if not names:
        said = " ".join(done.stderr.split())
        why = f": {said}" if said else ""
        raise Refused(f"`ansible-inventory` found no host for `{pattern}` in `{inventory}`{why}")
    return [_make_target(name, _find_destination(name, variables.get(name, {})), pattern) for name in names]


def _find_destination(name: str, variables: Mapping[str, Any]) -> str:
    """Return what ssh connects to for a host with these variables of Ansible."""
    host = str(variables.get("ansible_host", name))
    user = variables.get("ansible_user", variables.get("ansible_ssh_user"))
    port = variables.get("ansible_port", variables.get("ansible_ssh_port"))
    there = f"{user}@{host}" if user else host
    return f"ssh://{there}:{port}" if port else there
