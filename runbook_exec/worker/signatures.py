"""Signs orders and answers with a person's ssh key, and checks them on the host."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import MISSING, asdict, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..errors import Refused, reason
from .orders import FetchRequest, Order, RemoteAnswer

_NAMESPACE = "runbook-exec"  # what a signature is for; one of another namespace does not count

_LONGEST = timedelta(days=30)  # an order that was signed earlier begins nothing

_LONGEST_SCHEDULE = timedelta(days=400)  # nor one of a schedule


def make_order_text(order: Order) -> str:
    """Return what is signed of an order: all of it, but the id of the run if a schedule makes it.

    Fields with their default are left out, so that an order of an older version keeps its text.
    """
    return _make_text(replace(order, run="") if order.schedule else order)


def make_answer_text(run: str, answer: RemoteAnswer) -> str:
    """Return what is signed of an answer to a run."""
    return f"{run}\n{_make_text(answer)}"


def make_fetch_text(request: FetchRequest) -> str:
    """Return what is signed of a request for a journal. No id of a run has a blank."""
    return f"fetch journal\n{_make_text(request)}"


def name_purpose(run: str, question: str) -> str:
    """Return what the value of an answer is sealed for."""
    return f"{run} {question}"


def _make_text(value: Order | RemoteAnswer | FetchRequest) -> str:
    known = asdict(value)
    for each in fields(value):
        default = each.default_factory() if each.default_factory is not MISSING else each.default
        if each.name == "signature" or known[each.name] == default:
            del known[each.name]
    return json.dumps(known, sort_keys=True, separators=(",", ":"))


def sign_text(text: str, key: str) -> str:
    """Return the signature of a text with an ssh key, or with the agent's if `key` is a public one.

    Raises Refused.
    """
    path = str(Path(key).expanduser())
    done = _run_ssh_keygen("-Y", "sign", "-q", "-n", _NAMESPACE, "-f", path, given=text)
    if done.returncode or "BEGIN SSH SIGNATURE" not in done.stdout:
        raise Refused(f"`--sign {key}`: {_find_reason(done)}")
    return done.stdout


def find_signer(text: str, signature: str, signers: Path) -> str:
    """Return who has signed a text, by the name in a file of allowed signers; raises Refused."""
    if not signature:
        raise Refused(f"it is not signed, and this host takes only what someone in `{signers}` has signed")
    with tempfile.TemporaryDirectory(prefix="runbook-exec-") as folder:
        file = Path(folder) / "signature"
        file.write_text(signature, encoding="utf-8")
        files = ("-s", str(file), "-f", str(signers))
        found = _run_ssh_keygen("-Y", "find-principals", *files)
        name = found.stdout.splitlines()[0] if found.returncode == 0 and found.stdout else ""
        if not name:
            raise Refused(f"it is not signed by anyone in `{signers}`")
        checked = _run_ssh_keygen("-Y", "verify", "-n", _NAMESPACE, "-I", name, *files, given=text)
    if checked.returncode:
        raise Refused(f"it was changed after `{name}` had signed it: {_find_reason(checked)}")
    return name


def require_fresh(order: Order) -> None:
    """Raise Refused if an order is so old that its run may have been forgotten: it could be a copy."""
    try:
        age = datetime.now(UTC) - datetime.fromisoformat(order.issued)
    except (ValueError, TypeError):
        raise Refused(f"it does not say when it was made, but `{order.issued}`") from None
    if order.schedule and not order.run.startswith(f"{order.schedule}."):
        raise Refused(f"it was signed for schedule `{order.schedule}`, and not for run `{order.run}`")
    longest = _LONGEST_SCHEDULE if order.schedule else _LONGEST
    if age > longest:
        raise Refused(f"it was signed {age.days} days ago, and nothing begins after {longest.days}")


def _run_ssh_keygen(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["ssh-keygen", *words], input=given, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise Refused(f"cannot run `ssh-keygen`: {reason(error)}; install OpenSSH") from None


def _find_reason(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return lines[-1] if lines else f"`ssh-keygen` ended with {done.returncode}"
