"""Does what `runbook-exec schedule` is for."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from ...errors import Refused
from ...light_classes import replace
from ...runner.options import parse_option
from ...text.durations import format_duration, positive_duration
from ...text.lazy_pattern import LazyPattern
from ...text.moments import format_local
from ...worker.connection import Client
from ...worker.orders import NOT_DUE, DueView, Order
from ...worker.schedules.client import (
    KnownSchedule,
    create_schedule,
    list_schedules,
    pause_schedule,
    remove_schedule,
    trigger_schedule,
)
from ...worker.signatures import make_order_text, sign_text
from ..exit_status import DONE
from ..launch import name_person
from .order_making import make_order

_UNSAFE = LazyPattern(r"[^A-Za-z0-9_.]")

_LONGEST = 60  # characters of a schedule's id: that of a run has a time more


async def run_schedule(client: Client, arguments: argparse.Namespace) -> int:
    """Make, list or change schedules."""
    if arguments.list:
        return await _list(client, as_json=arguments.json)
    if arguments.pause:
        await pause_schedule(client, arguments.pause, f"{name_person()}: {arguments.note or 'paused'}")
        print(f"schedule {arguments.pause} starts nothing until `--unpause {arguments.pause}`")
    elif arguments.remove:
        await remove_schedule(client, arguments.remove)
        print(f"schedule {arguments.remove} is removed; its open run continues")
    elif arguments.trigger or arguments.unpause:
        await _trigger(client, arguments.trigger or arguments.unpause, is_unpaused=bool(arguments.unpause))
    else:
        await _create(client, arguments)
    return DONE


async def _create(client: Client, arguments: argparse.Namespace) -> None:
    """Make a schedule, and show whether its page is due; one that its host refuses is removed again."""
    order, every = _make_standing_order(arguments)
    if arguments.sign:
        order = replace(order, signature=sign_text(make_order_text(order), arguments.sign))
    await create_schedule(client, order, every, replaces=arguments.replace)
    made = "changed" if arguments.replace else "made"
    print(
        f"schedule {order.schedule} is {made}: {order.page} on {order.host}, every {format_duration(every)}"
    )
    try:
        view = await trigger_schedule(client, order.schedule)
    except Refused as refused:
        if arguments.replace:
            await pause_schedule(client, order.schedule, f"refused: {refused}")
            raise Refused(f"{refused}; the schedule is paused") from None
        await remove_schedule(client, order.schedule)
        raise Refused(f"{refused}; the schedule is removed again") from None
    print(_describe_view(view, order.host))


def _make_standing_order(arguments: argparse.Namespace) -> tuple[Order, float]:
    """Return what the schedule orders each time, and its cadence in seconds; raises Refused."""
    every = parse_option("--every", positive_duration, arguments.every) if arguments.every else 0.0
    if arguments.every and every < 1:
        raise Refused(f"`--every {arguments.every}`: expected a second or more")
    order, plan = make_order(arguments)
    cadence = every or plan.runbook.settings.cadence
    if not cadence:
        raise Refused(f"{plan.runbook.path}: expected a `cadence` in its front matter, or `--every DURATION`")
    what = Path(plan.runbook.path).stem + (f"-{order.anchor}" if order.anchor else "")
    name = arguments.id or f"{_UNSAFE.sub('-', what)}@{order.host}"
    if len(name) > _LONGEST:
        raise Refused(f"`{name}`: expected an id of at most {_LONGEST} characters; `--id` names another")
    text = order.text if arguments.fixed or arguments.sign else ""
    return replace(order, run="", text=text, schedule=name, every=every), float(cadence)


async def _trigger(client: Client, schedule: str, *, is_unpaused: bool) -> None:
    (known,) = await list_schedules(client, schedule)
    if known.paused and not is_unpaused:
        raise Refused(f"schedule {schedule} is paused ({known.note}); `--unpause {schedule}` continues it")
    view = await trigger_schedule(client, schedule, by=name_person() if is_unpaused else "")
    print(_describe_view(view, known.host))


def _describe_view(view: DueView | None, host: str) -> str:
    """Return the line about what has come of a time at which a schedule was due."""
    if view is None or not (view.run or view.phase == NOT_DUE):
        return f"host {host} has not answered yet; when it does, a run begins if the page is due"
    why = "has never succeeded there"
    if view.succeeded:
        why = f"last succeeded on {_format(view.succeeded)}"
    if view.phase == NOT_DUE:
        return f"not due: it {why}, and is due on {_format(view.succeeded, view.every)}"
    return f"due, because it {why}: run {view.run}; `runbook-exec asks {view.run}` shows what it waits for"


def _format(succeeded: str, later: float = 0.0) -> str:
    """Return a time so many seconds after a success, for reading."""
    return format_local(datetime.fromisoformat(succeeded) + timedelta(seconds=later))


async def _list(client: Client, *, as_json: bool) -> int:
    known = await list_schedules(client)
    if as_json:
        print(json.dumps([asdict(each) for each in known], indent=1, default=datetime.isoformat))
        return DONE
    for each in known:
        print("\n".join(_describe_schedule(each)))
    if not known:
        print("no schedule is made")
    return DONE


def _describe_schedule(known: KnownSchedule) -> Iterator[str]:
    """Yield the lines about a schedule."""
    every = format_duration(known.every)
    yield f"{known.id}  {known.page} on {known.host}, every {every}: {_describe_next(known)}"
    view = known.latest
    if view is not None and view.run:
        yield f"  run {view.run}: {view.outcome or 'is open'}"
    elif view is not None and view.succeeded:
        yield f"  last succeeded on {_format(view.succeeded)}"
    if known.paused:
        yield f"  runbook-exec schedule --unpause {known.id}"


def _describe_next(known: KnownSchedule) -> str:
    if known.paused:
        return f"paused, {known.note}" if known.note else "paused"
    return f"next on {format_local(known.next)}" if known.next else "never again"
