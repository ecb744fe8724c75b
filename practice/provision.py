"""What `mise run provision-indri` does: the output of a playbook, and the one role that changes something."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from urllib.parse import urlsplit

from . import store

WIDTH = 80
ROLE = "forgejo_actions_secrets"
DEPLOY_TOKEN = "op://blumeops/fly.io admin/add more/deploy-token"  # noqa: S105 - where it is
API_TOKEN = "op://blumeops/forgejo admin/api-token"  # noqa: S105
HOST = "indri"


def _head(text: str) -> None:
    print(f"\n{text} {'*' * max(3, WIDTH - len(text) - 1)}", flush=True)


def _tags(words: list[str]) -> set[str] | None:
    """The tags asked for; None for all. Raises ValueError for anything else."""
    waiting, tags = list(words), set[str]()
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.partition("=")
        if name not in ("--tags", "-t"):
            raise ValueError(f"unrecognized arguments: {word}")
        if not equals:
            if not waiting:
                raise ValueError("argument -t/--tags: expected one argument")
            value = waiting.pop(0)
        tags |= set(value.split(","))
    return tags or None


def _op_read(folder: str, reference: str) -> str:
    called = subprocess.run(
        [f"{folder}/bin/op", "read", reference], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if called.returncode:
        raise LookupError(called.stderr.strip())
    return called.stdout.removesuffix("\n")


def _put(folder: str, token: str, value: str) -> int:
    forgejo = store.look(folder)["forgejo"]
    if forgejo["url"] is None:
        raise OSError("Connection refused")
    connection = http.client.HTTPConnection(urlsplit(forgejo["url"]).netloc, timeout=10)
    connection.request(
        "PUT",
        f"/api/v1/repos/{forgejo['repository']}/actions/secrets/FLY_DEPLOY_TOKEN",
        json.dumps({"data": value}),
        {"Authorization": f"token {token}", "Content-Type": "application/json"},
    )
    return connection.getresponse().status


def _sync(folder: str, counts: dict[str, int]) -> None:
    """Copy the token from 1Password to Forgejo, task by task, counting how they end."""

    def fatal(problem: object) -> None:
        counts["failed"] += 1
        said = json.dumps({"changed": False, "msg": str(problem)})
        print(f"fatal: [{HOST} -> localhost]: FAILED! => {said}")

    _head(f"TASK [{ROLE} : Read the tokens from 1Password]")
    try:
        value, token = _op_read(folder, DEPLOY_TOKEN), _op_read(folder, API_TOKEN)
    except LookupError as error:
        return fatal(error)
    counts["ok"] += 1
    print(f"ok: [{HOST} -> localhost]")
    _head(f"TASK [{ROLE} : Write FLY_DEPLOY_TOKEN to Forgejo Actions]")
    try:
        status = _put(folder, token, value)
    except OSError as error:
        return fatal(f"Status code was -1 and not [201, 204]: {error}")
    if status not in (201, 204):
        return fatal(f"Status code was {status} and not [201, 204]")
    counts["ok"] += 1
    counts["changed"] += 1
    print(f"changed: [{HOST} -> localhost]")
    return None


def main(folder: str, words: list[str]) -> int:
    """Run the playbook with these words, and return its exit status: 2 where a task failed."""
    try:
        tags = _tags(words)
    except ValueError as error:
        print(f"ansible-playbook: error: {error}", file=sys.stderr)
        return 2
    counts = dict.fromkeys(("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored"), 0)
    _head(f"PLAY [Provision {HOST}]")
    _head("TASK [Gathering Facts]")
    counts["ok"] += 1
    print(f"ok: [{HOST}]")
    if tags is None or tags & {ROLE, "all"}:
        _sync(folder, counts)
    _head("PLAY RECAP")
    print(f"{HOST:<26} : " + " ".join(f"{name}={count:<4}" for name, count in counts.items()))
    return 2 if counts["failed"] else 0
