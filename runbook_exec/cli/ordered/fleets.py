"""Does what `runbook-exec fleet --server` is for."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time

from ...light_classes import replace
from ...runner.fleet.fleet import make_fleet_id
from ...runner.fleet.targets import Target, find_targets
from ...system.screen_size import read_screen_size
from ...terminal.fleet_view import FleetView, HostRow
from ...terminal.writer import TerminalWriter
from ...worker.connection import Client
from ...worker.fleets.client import find_questions, submit_fleet, watch_fleet
from ...worker.orders import FleetHost, FleetOrder, FleetProgress, FleetTarget, Order
from ...worker.signatures import make_order_text, sign_text
from ..exit_status import DONE, FAILED
from ..operator import use_colour
from .order_making import make_order
from .question_lines import describe_question

_LOOK = 5.0  # seconds between two looks at what the runs ask


async def order_fleet(client: Client, arguments: argparse.Namespace) -> int:
    """Order a page on many hosts, or find a fleet again, and show how each host ends."""
    fleet = arguments.resume
    if fleet is None:
        order = _make_fleet_order(arguments)
        fleet = order.fleet
        await submit_fleet(client, order)
        print(f"fleet {fleet} is ordered on {len(order.targets)} hosts", file=sys.stderr, flush=True)
    screen = _EventLines(fleet) if arguments.json else _FleetLines(fleet)
    next_look = time.monotonic() + _LOOK
    try:
        async for progress in watch_fleet(client, fleet):
            for host in progress.hosts:
                screen.show_host(host)
            if time.monotonic() > next_look:
                for run, lines in await find_questions(client, progress, describe_question):
                    screen.show_question(run, lines)
                next_look = time.monotonic() + _LOOK
            last = progress
    except asyncio.CancelledError:
        print(
            f"fleet {fleet} continues; `runbook-exec fleet --server … --resume {fleet}` shows it, "
            f"`runbook-exec cancel {fleet}` stops it",
            file=sys.stderr,
        )
        raise
    screen.show_result(last)
    return DONE if all(host.outcome == "succeeded" for host in last.hosts) else FAILED


def _make_fleet_order(arguments: argparse.Namespace) -> FleetOrder:
    """Return the order of the arguments, signed for each host if that is asked for; raises Refused."""
    targets = find_targets(arguments.on, arguments.inventory)
    order, _ = make_order(arguments)
    order = replace(order, run="", host="")
    fleet = make_fleet_id()
    signed = tuple(_sign(order, fleet, target, arguments.sign or "") for target in targets)
    return FleetOrder(fleet, order, signed, arguments.at_once, arguments.stop_after, arguments.canaries)


def _sign(order: Order, fleet: str, target: Target, key: str) -> FleetTarget:
    run = target.make_run_id(fleet)
    text = make_order_text(replace(order, run=run, host=target.name))
    return FleetTarget(target.name, run, sign_text(text, key) if key else "")


class _FleetLines:
    """Writes a line for each host that ends, and at the end the table."""

    def __init__(self, fleet: str) -> None:
        self._fleet = fleet
        self._known: set[str] = set()
        writer = TerminalWriter(1, tty=False, colour=use_colour(), width=lambda: read_screen_size().columns)
        self._view = FleetView(writer, 0, 0)

    def show_host(self, host: FleetHost) -> None:
        """Show how a host has ended, once."""
        if host.outcome and host.has_begun and host.run not in self._known:
            self._known.add(host.run)
            self._view.show_end(_make_row(host))

    def show_question(self, run: str, lines: list[str]) -> None:
        """Show what a run asks, once."""
        if (key := "\n".join([run, *lines])) not in self._known:
            self._known.add(key)
            self._view.show_note(f"run {run} waits for a person")
            print("\n".join(lines), flush=True)

    def show_result(self, progress: FleetProgress) -> None:
        """Show how all hosts have ended."""
        self._view.show_result([_make_row(host) for host in progress.hosts], self._fleet, "")
        left = [host.name for host in progress.hosts if host.outcome != "succeeded"]
        if left:
            print(f"  `--on {','.join(left)}` begins a fleet with the hosts left", flush=True)


class _EventLines(_FleetLines):
    """Writes a line of JSON for each host that ends, and for the fleet."""

    def show_host(self, host: FleetHost) -> None:
        """Write how a host has ended, once."""
        if host.outcome and host.run not in self._known:
            self._known.add(host.run)
            _print_event("host_ended", **_list_fields(host))

    def show_question(self, run: str, lines: list[str]) -> None:
        """Write what a run asks, once."""
        if (key := "\n".join([run, *lines])) not in self._known:
            self._known.add(key)
            _print_event("host_waits", run=run, asks=lines)

    def show_result(self, progress: FleetProgress) -> None:
        """Write how the fleet has ended."""
        outcomes: dict[str, int] = {}
        for host in progress.hosts:
            outcomes[host.outcome] = outcomes.get(host.outcome, 0) + 1
        _print_event("fleet_ended", fleet=self._fleet, outcomes=outcomes)


def _list_fields(host: FleetHost) -> dict[str, object]:
    fields = {"host": host.name, "run": host.run, "outcome": host.outcome, "reason": host.reason}
    return {**fields, "seconds": round(host.seconds, 3)}


def _print_event(event: str, **fields: object) -> None:
    print(json.dumps({"event": event, **fields}, separators=(",", ":")), flush=True)


def _make_row(host: FleetHost) -> HostRow:
    return HostRow(host.name, (), host.outcome, host.reason, host.seconds)
