"""Decides what of an output that was held back is shown, and which secrets it has told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..plan.model import Plan, PlanItem, Value
from ..plan.secret_output import find_printed_secrets
from ..shells.secret_commands import SecretUse
from .bindings import MASK, Bindings
from .held_output import HeldOutput
from .ports import Done

_READ_ELSEWHERE = (
    "withheld: a program that keeps secrets printed this; run it in a terminal of your own to read it"
)

_OF_GPG = rb"(?m)^gpg2?: .*(?:\n|\Z)"

_NOTHING = f"{MASK}\nwithheld: this may hold a secret that was not captured\n".encode()

_BROKEN_PIPE = 141  # the status of a program whose output nobody reads any more

_FED = 1 << 16  # bytes that are masked at once


def learn_printed_secrets(
    bindings: Bindings, plan: Plan, item: PlanItem, output: str, done: Done, captured: Mapping[str, Value]
) -> None:
    """Make the values that a keeper of secrets has printed secrets, and suggest them to later steps.

    A value that was captured as a public one is left out.
    """
    if plan.prints_secret(item.where) and not _has_keeper_failed(plan, item, done):
        public = {value.text for value in captured.values() if not value.secret}
        bindings.add_seen_tokens(each for each in find_printed_secrets(output) if each not in public)


def release_output(
    plan: Plan, item: PlanItem, printed: HeldOutput, done: Done, *, partly: bool
) -> Iterator[bytes]:
    """Yield the output of a minting statement that may be shown, once its captures are known.

    Yields nothing of a partial output, because it may contain the secret while the secret is not known.
    """
    if not printed:
        return
    captures = any(where == item.where for where, _ in plan.captures)
    if item.annotation.secret and not captures and done.status == 0:
        yield f"{MASK}\n".encode()
    elif plan.prints_secret(item.where) and not _has_keeper_failed(plan, item, done):
        yield f"{MASK}\n{_READ_ELSEWHERE}\n".encode()
    elif partly:
        yield _NOTHING
    else:
        note = f"… {printed.dropped} bytes left out …\n".encode() if printed.dropped else b""
        errors = b""
        if plan.prints_secret(item.where):  # gpg may fail after it has printed the text
            errors = b"".join(re.findall(_OF_GPG, printed.beginning))
        for data in (errors,) if errors else (printed.beginning, note, printed.end):
            yield from (data[at : at + _FED] for at in range(0, len(data), _FED))


def _has_keeper_failed(plan: Plan, item: PlanItem, done: Done) -> bool:
    """Return whether all that a statement printed is the error message of a keeper of secrets."""
    if SecretUse.ALONE not in plan.get_secret_use(item.where):
        return False
    first = done.pipestatus[0] if len(done.pipestatus) > 1 else done.status
    return first not in (0, _BROKEN_PIPE)
