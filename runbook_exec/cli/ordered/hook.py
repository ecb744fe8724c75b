"""Receives webhooks that order runs, until this process is told to end."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import os
import signal
import sys
import threading
from pathlib import Path

from ...errors import Refused, reason
from ...journal.paths import state_folder
from ...light_classes import replace
from ...worker.client import AlreadyOrdered, OrderNotTaken, is_run_open, submit_order
from ...worker.connection import Client
from ...worker.hook.history import RunHistory
from ...worker.hook.rules import read_rules
from ...worker.hook.server import HookServer
from ...worker.hook.starting import HookStarter, OrderServer, ServerAway
from ...worker.orders import Order
from ...worker.signatures import make_order_text, sign_text
from ..exit_status import DONE


def check_rules(arguments: argparse.Namespace) -> int:
    """Check the rules, their pages and their secrets, and print what they are; raises Refused."""
    rules = read_rules(Path(arguments.rules))
    for rule in rules.rules:
        page = f"{rule.path}#{rule.anchor}" if rule.anchor else rule.path
        print(f"{rule.line}: {rule.source} starts {page} on {rule.host}")
    return DONE


async def receive_webhooks(client: Client, arguments: argparse.Namespace) -> int:
    """Order the runs that webhooks ask for; raises Refused if the rules or the address are wrong."""
    rules = read_rules(Path(arguments.rules))
    history = RunHistory(state_folder(dict(os.environ)).parent)
    starter = HookStarter(rules, history, _make_server(client, arguments.sign or ""))
    host, _, port = arguments.listen.rpartition(":")
    loop = asyncio.get_running_loop()
    try:
        server = HookServer(host, int(port), rules.sources, starter, loop)
    except OSError as error:
        raise Refused(f"`--listen {arguments.listen}`: {reason(error)}") from None
    if not _is_local(host):
        warning = "requests come unencrypted from other machines, and so does a secret that is no signature"
        print(
            f"warning: `--listen {arguments.listen}`: {warning}; put a proxy with TLS before it",
            file=sys.stderr,
        )
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"receiving {', '.join(rules.sources)} on http://{host}:{server.server_port}", flush=True)
    await stop.wait()
    await asyncio.to_thread(server.shutdown)
    return DONE


def _make_server(client: Client, key: str) -> OrderServer:
    """Return what starts runs, with orders that are signed with a key if there is one."""

    async def start(order: Order) -> None:
        if key:
            signature = await asyncio.to_thread(sign_text, make_order_text(order), key)
            order = replace(order, signature=signature)
        try:
            await submit_order(client, order)
        except AlreadyOrdered:
            return
        except OrderNotTaken as problem:
            raise ServerAway(str(problem)) from None

    async def is_open(run: str) -> bool:
        try:
            return await is_run_open(client, run)
        except OrderNotTaken as problem:
            raise ServerAway(str(problem)) from None

    return OrderServer(start, is_open)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
