"""Starts runs for the events of webhooks, each once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from ...errors import Refused
from ...light_classes import NamedTuple
from ...text.durations import format_duration
from ...text.timestamps import make_timestamp
from ..orders import Order
from ..page_orders import name_page, read_page_text
from .events import HookEvent
from .history import RunHistory
from .rules import HookRule, HookRules, HookSource, find_label_value, list_open_names

_LONGEST = 1000  # characters of a value


class ServerAway(Exception):
    """Raised if the server takes no order now; the sender is to try again."""


class NotStarted(Exception):
    """Raised if an event is to start nothing now, and nothing is wrong."""


class OrderServer(NamedTuple):
    """What a server is asked, each a coroutine."""

    start: Callable[[Order], Awaitable[None]]  # unless it was ordered before; raises ServerAway and Refused
    is_open: Callable[[str], Awaitable[bool]]  # whether a run has not ended; raises ServerAway


class HookStarter:
    """Starts the page of the first rule that an event meets."""

    def __init__(self, rules: HookRules, history: RunHistory, server: OrderServer) -> None:
        self._rules = rules
        self._history = history
        self._server = server
        self._lock = asyncio.Lock()

    async def start_run(self, source: HookSource, event: HookEvent) -> str:
        """Start a run for an event, and return its id; "" if no rule is for it.

        Raises NotStarted, ServerAway, and Refused if rule, page and event do not fit.
        """
        rule = self._rules.find_rule(source.name, event)
        if rule is None:
            return ""
        async with self._lock:  # the same event may come twice at once
            return await self._start(source, rule, event)

    async def _start(self, source: HookSource, rule: HookRule, event: HookEvent) -> str:
        if event.began is not None and _find_age(event.began) > source.max_age:
            age = format_duration(source.max_age)
            raise NotStarted(f"it began more than {age} ago (`max-age` of source `{source.name}`)")
        host = rule.find_host(event)
        name = _name_rule(rule, self._rules.folder)
        run = f"{_name_run(rule)}-{_hash(name, host, event.identity)}"
        if self._history.has_started(run):
            return run
        subject = _hash(name, host, event.subject) if event.subject else ""
        latest = self._history.find_latest(subject) if subject else ""
        if latest and await self._server.is_open(latest):
            raise NotStarted(f"run {latest} of an earlier alert with these labels has not ended")
        if self._history.count_of_hour(_hash(name)) >= rule.per_hour:
            raise NotStarted(f"{rule.line}: it has started {rule.per_hour} runs in an hour (`per-hour`)")
        await self._server.start(_make_order(self._rules, rule, event, run, host))
        self._history.add_run(run, _hash(name), subject)
        return run


def _make_order(rules: HookRules, rule: HookRule, event: HookEvent, run: str, host: str) -> Order:
    """Return the order of a page with the values that an event has for it; raises Refused."""
    names = list_open_names(rule.read_plan({})) | rule.labels.keys()
    found = {name: find_label_value(event, rule, name) for name in names}
    values = {name: check_label(name, value) for name, value in found.items() if value is not None}
    rule.read_plan(values)  # what the page says of its values
    options = rule.make_options(values)
    return Order(
        run,
        host,
        name_page(Path(rule.path), rules.folder),
        read_page_text(rule.path),
        rule.anchor,
        options.to_words(),
        options.given,
        f"hook {rule.source}",
        make_timestamp(),
        not options.yes,
        options.on_failure,
        rule.hold,
    )


def check_label(name: str, value: str) -> str:
    """Return the value of a label; raises Refused for one that could be more than a value.

    A program takes a word that begins with `-` as an option, however it is quoted.
    """
    if value.startswith("-"):
        raise Refused(f"<{name}>: `{value[:80]}` begins with `-`, and a program could take it as an option")
    if not value or len(value) > _LONGEST or not value.isprintable():
        raise Refused(f"<{name}>: expected 1 to {_LONGEST} printable characters, got `{value[:80]}`")
    return value


def _name_rule(rule: HookRule, folder: Path) -> str:
    """Return what a rule starts, which stays when rules move in their file."""
    return f"{rule.source} {name_page(Path(rule.path), folder)}#{rule.anchor or ''}"


def _name_run(rule: HookRule) -> str:
    """Return the part of the id of a run that people read."""
    name = rule.anchor or Path(rule.path).stem
    return "".join(each if each.isascii() and each.isalnum() else "-" for each in name[:40])


def _find_age(began: datetime) -> float:
    try:
        return (datetime.now(UTC) - began).total_seconds()
    except OverflowError:
        return float("inf")


def _hash(*texts: str) -> str:
    return sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
