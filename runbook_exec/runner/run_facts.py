"""Lists the facts about a run that its first line on the screen has."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from ..plan.model import Plan


def list_facts(plan: Plan, known: Collection[str] = (), agent: str = "") -> list[str]:
    """Return the numbers of steps, statements and values, the shell, and the age of the last review.

    `known` are the names that already have a value. If an `agent` has started the run, the facts begin with
    its name.
    """
    steps = len(plan.procedure.steps)
    statements = sum(1 for item in plan.items if item.statement)
    names = {p.name for item in plan.items for p in item.placeholders} - set(plan.given)
    captured = {capture.name for _, capture in plan.captures}
    facts = [f"{steps} step{'s' * (steps != 1)}", f"{statements} statement{'s' * (statements != 1)}"]
    asked = len(
        names
        - captured
        - set(known)
        - {n for n, known in plan.inputs.items() if known.source or known.default is not None}
    )
    if asked:
        facts.append(f"asks for {asked} value{'s' * (asked != 1)}")
    hosts = [host or "this machine" for host in plan.list_hosts()]
    there = f" on {', '.join(hosts)}" if any(plan.list_hosts()) else ""
    facts.append(f"in {plan.procedure.shell}{there}")
    reviewed = plan.runbook.front_matter.get("last-reviewed")
    if isinstance(reviewed, date) and not isinstance(reviewed, datetime):
        days = (date.today() - reviewed).days
        facts.append("reviewed today" if days == 0 else f"reviewed {days} day{'s' * (days != 1)} ago")
    return [f"started by agent {agent}", *facts] if agent else facts
