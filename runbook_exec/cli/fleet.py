"""Runs or resumes a fleet: checks the page once, and shows how each host ends."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..engine.state import State
from ..errors import Refused, reason
from ..journal.paths import state_folder
from ..light_classes import NamedTuple, replace
from ..plan.model import Plan
from ..runner.fleet.fleet import (
    Fleet,
    HostPlan,
    HostResult,
    Limits,
    make_fleet_folder,
    make_fleet_id,
    make_time,
)
from ..runner.fleet.fleet_journal import FleetJournal, find_fleet
from ..runner.fleet.host_process import HostProcess
from ..runner.fleet.host_values import read_host_values
from ..runner.fleet.targets import Target, find_targets
from ..runner.given_values import read_given, warn_of_visible_secrets
from ..runner.load import parse_address, print_notes
from ..runner.options import RunOptions, parse_timeout
from ..runner.planning import plan_procedure, read_plan, require_decided
from ..runner.unattended import list_open_questions
from ..system.screen_size import read_screen_size
from ..system.signals import watch_signals
from ..system.streams import OutputStream
from ..terminal.fleet_view import FleetView, HostRow, RunningHost
from ..terminal.run_summary import summarize_step
from ..terminal.writer import TerminalWriter
from .exit_status import DONE, FAILED, INTERRUPTED, WAITING
from .operator import find_operator, use_colour
from .trust_gate import check_trust, print_doubts


class _FleetOrder(NamedTuple):
    """A fleet that is to be run."""

    fleet: str
    plan: Plan
    plans: Mapping[str, HostPlan]
    targets: tuple[Target, ...]
    limits: Limits
    journal: FleetJournal


def run_fleet(arguments: argparse.Namespace) -> int:
    """Run a page on the hosts of a pattern; returns the exit status."""
    targets = find_targets(arguments.on, arguments.inventory)
    limits = Limits(arguments.at_once, arguments.stop_after, arguments.canaries)
    options = _make_options(arguments)
    path, anchor = parse_address(arguments.file)
    plan = read_plan(path, anchor, options)
    plans = _plan_hosts(plan, options, targets, arguments.set_each)
    if (status := _check_plan(plan, options, arguments, len(targets))) != DONE:
        return status
    fleet, time = make_fleet_id(), make_time()
    folder = make_fleet_folder(state_folder(dict(os.environ)))
    journal = FleetJournal.create(folder, fleet, time)
    journal.append(
        "fleet_started",
        time,
        path=path,
        anchor=plan.procedure.anchor,
        digest=plan.runbook.digest,
        folder=str(Path.cwd()),
        options=list(options.to_words()),
        hosts=[list(target) for target in targets],
        limits=list(limits),
        values={name: each.text for name, each in plan.given.items() if not each.secret},
        set_each=str(Path(arguments.set_each).expanduser().absolute()) if arguments.set_each else "",
    )
    return _run(_FleetOrder(fleet, plan, plans, targets, limits, journal), arguments.json)


def resume_fleet(arguments: argparse.Namespace) -> int:
    """Continue a fleet with the hosts that have not succeeded; returns the exit status."""
    folder = make_fleet_folder(state_folder(dict(os.environ)))
    record = find_fleet(folder, arguments.resume)
    started = record.started
    fleet = str(started["fleet"])
    try:
        os.chdir(started["folder"])
    except OSError as error:
        raise Refused(f"the fleet was begun in `{started['folder']}`: {reason(error)}") from None
    given = read_given(arguments.set, arguments.set_file)
    before = RunOptions.from_words(started["options"])
    now = _make_options(arguments)
    known = {**started.get("values", {}), **given.values}
    options = replace(before, given=known, visible=given.visible, yes=True, json=True, trust=now.trust)
    plan = read_plan(str(started["path"]), str(started["anchor"]), options)
    if plan.runbook.digest != started["digest"]:
        raise Refused(f"{started['path']} has changed since fleet {fleet} was begun; begin a new fleet")
    targets = tuple(Target(*map(str, each)) for each in started["hosts"])
    left = tuple(target for target in targets if record.outcomes.get(target.name) != "succeeded")
    if not left:
        print(f"fleet {fleet} has succeeded on all of its {len(targets)} hosts", file=sys.stderr)
        return DONE
    plans = _plan_hosts(plan, options, left, arguments.set_each or str(started.get("set_each", "")))
    if (status := _check_plan(plan, options, arguments, len(left))) != DONE:
        return status
    journal = FleetJournal.reopen(record, fleet)
    journal.append("fleet_resumed", make_time(), hosts=[target.name for target in left])
    limits = Limits(*map(int, started["limits"]))
    return _run(_FleetOrder(fleet, plan, plans, left, limits, journal), arguments.json)


def _plan_hosts(
    plan: Plan, options: RunOptions, targets: Sequence[Target], set_each: str | None
) -> Mapping[str, HostPlan]:
    """Return the plan of each host, with its values from the file of `--set-each`; raises Refused."""
    if not set_each:
        return dict.fromkeys((target.name for target in targets), HostPlan(plan, options))
    values = read_host_values(set_each, targets)
    if twice := sorted({name for each in values.values() for name in each if name in options.given}):
        raise Refused(f"`--set-each`: `{twice[0]}` has a value of `--set` already; leave one out")
    plans = {}
    for target in targets:
        own = replace(options, given={**options.given, **values[target.name]})
        try:
            planned = plan_procedure(plan.runbook.path, plan.runbook, plan.procedure, own)
        except Refused as refused:
            raise Refused(f"the values of `{target.name}` in `{set_each}`:\n{refused}") from None
        plans[target.name] = HostPlan(planned, own)
    return plans


def _make_options(arguments: argparse.Namespace) -> RunOptions:
    """Return the options of the runs; they print events, whatever the fleet shows."""
    given = read_given(arguments.set, arguments.set_file)
    return RunOptions(
        given=given.values,
        visible=given.visible,
        confirmed=tuple(arguments.confirmed),
        choose=tuple(arguments.choose),
        timeout=parse_timeout(arguments.timeout),
        reconnect=parse_timeout(arguments.reconnect, "--reconnect"),
        cwd=arguments.cwd,
        shell=arguments.shell,
        inputs=arguments.inputs,
        yes=True,
        trust=arguments.trust,
        no_config=arguments.no_config,
        json=True,
    )


def _check_plan(plan: Plan, options: RunOptions, arguments: argparse.Namespace, hosts: int) -> int:
    """Check once, for all hosts, that the page may run; returns an exit status."""
    if any(plan.list_hosts()):
        names = ", ".join(f"`{host}`" for host in plan.list_hosts() if host)
        raise Refused(
            f"{plan.runbook.path} names its hosts itself ({names}); a fleet runs a page that does not"
        )
    print_notes(plan.runbook, plan.procedure)
    warn_of_visible_secrets(plan, options.visible)
    require_decided(plan, State())
    if waits := list_open_questions(plan, State()):
        print("\n".join(waits), file=sys.stderr)
        return WAITING
    operator = find_operator(no_input=arguments.no_input, json=arguments.json)
    if operator is None and not arguments.yes:
        print("`--yes` runs the page on every host without a question", file=sys.stderr)
        return WAITING
    print_doubts(plan.runbook.path)
    may = check_trust(plan, options, operator)
    if may != "yes":
        return WAITING if may == "waiting" else INTERRUPTED
    if operator and not arguments.yes:
        action = f"run {plan.runbook.path} on {hosts} host{'s' * (hosts != 1)}"
        if not operator.confirm_action(action):
            return INTERRUPTED
    return DONE


def _run(order: _FleetOrder, json: bool) -> int:
    """Run a fleet and show it; returns the exit status."""
    stream = 2 if json else 1
    tty = os.isatty(stream) and not json
    writer = TerminalWriter(stream, tty=tty, colour=use_colour(), width=lambda: read_screen_size().columns)
    screen = _Screen(order, writer)
    output = OutputStream(1)
    watch_signals(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    fleet = Fleet(
        order.fleet,
        order.plans,
        state_folder(dict(os.environ)),
        order.journal,
        screen,
        (lambda line: output.write(line + b"\n")) if json else None,
        screen.list_marks,
    )
    results = fleet.run(order.targets, order.limits)
    status = INTERRUPTED if fleet.is_interrupted else _find_status(results)
    outcomes: dict[str, int] = {}
    for result in results:
        outcomes[result.outcome] = outcomes.get(result.outcome, 0) + 1
    line = order.journal.append("fleet_ended", make_time(), outcomes=outcomes)
    order.journal.close()
    if json:
        output.write(line.encode() + b"\n")
    screen.show_result(results, str(order.journal.path))
    return status


def _find_status(results: Sequence[HostResult]) -> int:
    outcomes = {result.outcome for result in results}
    if outcomes <= {"succeeded"}:
        return DONE
    if outcomes <= {"succeeded", "waiting", "not begun"} and "waiting" in outcomes:
        return WAITING
    return FAILED


class _Screen:
    """Shows a fleet with the titles and the marks of its steps."""

    def __init__(self, order: _FleetOrder, writer: TerminalWriter) -> None:
        self._plan = order.plan
        self._fleet = order.fleet
        self._view = FleetView(writer, len(order.plan.procedure.steps), len(order.targets))

    def update(self, running: Sequence[HostProcess], left: int, ended: Mapping[str, int]) -> None:
        """Show the running hosts."""
        titles = {step.number: step.title for step in self._plan.procedure.steps}
        hosts = [
            RunningHost(each.target.name, each.step, titles.get(each.step, ""), each.seconds)
            for each in running
        ]
        self._view.show_progress(hosts, left, ended)

    def show_end(self, result: HostResult) -> None:
        """Show how one host has ended."""
        self._view.show_end(_make_row(result))

    def show_note(self, text: str) -> None:
        """Show a message."""
        self._view.show_note(text)

    def show_result(self, results: Sequence[HostResult], journal: str) -> None:
        """Show how all hosts have ended."""
        self._view.show_result([_make_row(result) for result in results], self._fleet, journal)

    def list_marks(self, process: HostProcess) -> tuple[str, ...]:
        """Return the mark of each step on a host."""
        steps = self._plan.procedure.steps
        return tuple(summarize_step(self._plan, step, process.state, {}).mark for step in steps)


def _make_row(result: HostResult) -> HostRow:
    return HostRow(result.name, result.marks, result.outcome, result.reason, result.seconds)
