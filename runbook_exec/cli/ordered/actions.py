"""Does what the commands that talk with a Temporal server are for."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from ...errors import Refused, reason
from ...journal.paths import state_folder
from ...light_classes import replace
from ...text.durations import format_duration
from ...worker.client import (
    OpenRun,
    answer_run,
    cancel_run,
    list_open_runs,
    submit_order,
    wait_for_result,
    watch_run,
)
from ...worker.codec import AesCodec, add_key, find_key_file, read_keys
from ...worker.codec_server import CodecServer
from ...worker.connection import Client
from ...worker.legs import LegHost
from ...worker.notices import check_targets
from ...worker.orders import RemoteAnswer
from ...worker.signatures import make_order_text, sign_text
from ...worker.worker import serve
from ..exit_status import DONE, EXIT_STATUS, WAITING
from ..launch import name_person
from .amending import amend_order
from .fetching import fetch_run
from .fleets import order_fleet
from .hook import check_rules, receive_webhooks
from .order_making import make_order
from .question_lines import describe_question
from .scheduling import run_schedule
from .with_client import with_client

_LINES = 5  # of the last output that are shown


async def _serve(client: Client, arguments: argparse.Namespace) -> int:
    """Serve a host, the workflows, or both."""
    hosts = []
    if arguments.host:
        pages = _find_pages(arguments.pages)
        signers = Path(arguments.signers).absolute() if arguments.signers else None
        if signers is not None and not signers.is_file():
            raise Refused(f"`--signers {arguments.signers}`: expected a file")
        state = state_folder(dict(os.environ)).parent
        hosts = [LegHost(name, state, pages, signers) for name in dict.fromkeys(arguments.host)]
    named = f"host{'s' * (len(hosts) > 1)} {', '.join(host.name for host in hosts)}"
    what = [named] * bool(hosts) + ["all runs"] * arguments.control
    greeting = f"serving {' and '.join(what)}; ^C ends this worker, and no run"
    check_targets(arguments.notify)
    await serve(
        client,
        hosts,
        greeting,
        control=arguments.control,
        at_once=arguments.at_once,
        notify=arguments.notify,
    )
    return DONE


def _find_pages(folder: str | None) -> Path | None:
    if folder is None:
        return None
    pages = Path(folder).absolute()
    if not pages.is_dir():
        raise Refused(f"`--pages {folder}`: expected a folder")
    return pages


async def _submit(client: Client, arguments: argparse.Namespace) -> int:
    """Order a run, and wait for its end if that is asked for."""
    order, _ = make_order(arguments)
    if arguments.sign:
        order = replace(order, signature=sign_text(make_order_text(order), arguments.sign))
    await submit_order(client, order)
    print(f"run {order.run} is ordered on {order.host}", flush=True)
    if not arguments.wait:
        print(f"`runbook-exec asks {order.run}` shows what it waits for")
        return DONE
    async for view in watch_run(client, order.run):
        if view.question is not None:
            print("\n".join(describe_question(order.run, view.question)), flush=True)
    result = await wait_for_result(client, order.run)
    why = f": {result.reason}" if result.reason else ""
    print(f"run {order.run} {result.outcome}{why}")
    if result.seal:
        print(f"its journal on {order.host} is sealed {result.seal}")
    return EXIT_STATUS.get(result.outcome, WAITING)


async def _show_asks(client: Client, arguments: argparse.Namespace) -> int:
    """Show what waits for a person; with `--all` every open run."""
    runs = await list_open_runs(client, arguments.run or "")
    if arguments.run and not runs:
        raise Refused(f"no open run `{arguments.run}`")
    shown = [each for each in runs if arguments.all or arguments.run or _needs_person(each)]
    if arguments.json:
        print(json.dumps([_make_fields(each) for each in shown], indent=1))
        return DONE
    for each in shown:
        print("\n".join(_describe_run(each)))
    if not shown:
        print("nothing waits for a person" if runs else "no run is open")
    return DONE


def _needs_person(run: OpenRun) -> bool:
    return run.view is None or run.view.question is not None or bool(run.failure) or run.waits_for_key


def _make_fields(run: OpenRun) -> Mapping[str, object]:
    return {**asdict(run), "began": run.began.isoformat()}


def _describe_run(run: OpenRun) -> list[str]:
    """Return the lines about an open run."""
    age = format_duration((datetime.now(UTC) - run.began).total_seconds())
    if run.view is None:
        return [f"{run.run}  since {age}: no worker with `--control` answers"]
    lines = [f"{run.run}  {run.view.page} on {run.view.host}, since {age}: {run.view.phase}"]
    if run.failure:
        lines.append(f"  attempt {run.attempts}: {run.failure}")
    if run.statement:
        lines.append(f"  {run.statement}  runs")
        lines += [f"      | {line}" for line in run.output.splitlines()[-_LINES:]]
    if run.waits_for_key:
        lines.append(f"  runbook-exec attach {run.run}   (on {run.view.host}, if it was ordered with --hold)")
    return lines + (describe_question(run.run, run.view.question) if run.view.question else [])


async def _answer(client: Client, arguments: argparse.Namespace) -> int:
    """Answer the question of a run."""
    value = arguments.value or ""
    if value == "-":
        value = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    answer = RemoteAnswer(arguments.id, arguments.choice, value, arguments.note, name_person(arguments.by))
    visible = bool(arguments.value) and arguments.value != "-"
    answered = await answer_run(client, arguments.run, answer, arguments.sign or "", is_visible=visible)
    print(f"run {arguments.run} has the answer to `{answered}`")
    return DONE


async def _cancel(client: Client, arguments: argparse.Namespace) -> int:
    """Ask a run to stop."""
    await cancel_run(client, arguments.run)
    print(f"run {arguments.run} is asked to stop; its statement gets ^C")
    return DONE


def _run_codec(arguments: argparse.Namespace) -> int:
    """Make a key, or decrypt for the web interface until this process is told to end."""
    path = find_key_file(os.environ)
    if arguments.new_key:
        print(f"key {add_key(path)} is in `{path}`; give this file to every worker and every person")
        return DONE
    if not (keys := read_keys(path)):
        raise Refused(f"there is no key in `{path}`; `runbook-exec codec --new-key` makes one")
    host, _, port = arguments.listen.rpartition(":")
    try:
        server = CodecServer(host, int(port), AesCodec(keys), arguments.origin)
    except OSError as error:
        raise Refused(f"`--listen {arguments.listen}`: {reason(error)}") from None
    print(f"decrypting for {arguments.origin} on http://{host}:{server.server_port}", flush=True)
    server.serve_forever()
    return DONE


ACTIONS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "worker": with_client(_serve),
    "submit": with_client(_submit),
    "asks": with_client(_show_asks),
    "answer": with_client(_answer),
    "cancel": with_client(_cancel),
    "codec": _run_codec,
    "hook": with_client(receive_webhooks),
    "check-hook": check_rules,
    "amend": with_client(amend_order),
    "fetch": with_client(fetch_run),
    "schedule": with_client(run_schedule),
    "fleet": with_client(order_fleet),
}
