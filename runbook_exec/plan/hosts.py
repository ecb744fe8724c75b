"""Checks where the statements of a plan run."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.problem import Problem
from .model import LOCAL, Plan, PlanItem


def check_host(items: tuple[PlanItem, ...], general: str | None, on: str | None) -> Iterator[Problem]:
    """Yield a Problem if `--on` names a host for a page that names its hosts itself."""
    hosts = dict.fromkeys(item.annotation.host or general for item in items if item.statement)
    named = [host for host in hosts if host]
    if on in (None, LOCAL) or not named:
        return
    names = ", ".join(f"`{host}`" for host in named)
    yield Problem(
        "host",
        f"`--on {on}`: this page names its hosts itself: {names}",
        hint=f"leave `--on` out, or run everything on this machine with `--on {LOCAL}`",
    )


def check_inner_shells(plan: Plan) -> Iterator[Problem]:
    """Yield a Problem for each statement on another host that opens a shell for those after it."""
    places = plan.places
    for item in plan.items:
        host = plan.find_host(item)
        if item.statement and host and item.where in places.openers:
            text = item.statement.text.split("\n")[0]
            yield Problem(
                "inner-shell",
                f"`{text}` opens another shell on `{host}`, and the statements after it are meant for it",
                item.statement.span,
                "there, give it the commands as an argument, such as `sudo sh -c 'COMMANDS'`",
            )
