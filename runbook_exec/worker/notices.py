"""Tells people that a run waits for them or has ended: by a command, or by a service that apprise knows."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from importlib import import_module

from ..errors import Refused, reason
from .orders import RunNotice

_PATIENCE = 20.0  # seconds for a command

_INSTALL = "`--notify`: addresses need one more package: `pip install 'runbook-live[notify]'`"


def check_targets(targets: Sequence[str]) -> None:
    """Raise Refused if apprise is missing or does not know an address, which may hold a password."""
    for number, target in enumerate(targets, 1):
        if "://" not in target:
            continue
        try:
            known = import_module("apprise").Apprise().add(target)
        except ImportError:
            raise Refused(_INSTALL) from None
        if not known:
            raise Refused(f"`--notify`: number {number} is no address that apprise knows")


def send_notice(targets: Sequence[str], notice: RunNotice) -> list[str]:
    """Send a notice to each target, and return what went wrong.

    A command gets the text on its standard input, and the title as its last argument.
    """
    title, text = make_title(notice), make_text(notice)
    problems = []
    for number, target in enumerate(targets, 1):
        problem = _run_command(target, title, text) if "://" not in target else _send(target, title, text)
        if problem:
            problems.append(f"notice {number}: {problem}")
    return problems


def make_title(notice: RunNotice) -> str:
    """Return one line about the run."""
    return f"{notice.page} on {notice.host}: {notice.state}"


def make_text(notice: RunNotice) -> str:
    """Return what has happened, and the command that answers it."""
    lines = [f"run {notice.run} {notice.state}"]
    if notice.question is None:
        return "\n".join([*lines, *([notice.reason] if notice.reason else [])]) + "\n"
    question = notice.question
    lines += [question.asks or question.kind, *(f"    {line}" for line in question.text.splitlines())]
    first, *others = question.choices
    lines.append(f"runbook-exec answer {notice.run} {first}" + f"   (or {', '.join(others)})" * bool(others))
    return "\n".join(lines) + "\n"


def _run_command(command: str, title: str, text: str) -> str:
    words = ["sh", "-c", f'{command} "$1"', "notify", title]
    try:
        done = subprocess.run(words, input=text.encode(), capture_output=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return f"the command took more than {_PATIENCE:.0f} s"
    except OSError as error:
        return reason(error)
    return f"the command ended with {done.returncode}" if done.returncode else ""


def _send(target: str, title: str, text: str) -> str:
    sender = import_module("apprise").Apprise()
    sender.add(target)
    return "" if sender.notify(title=title, body=text) else "it could not be delivered"
