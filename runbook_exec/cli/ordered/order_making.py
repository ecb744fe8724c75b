"""Makes an order of what a command line says."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ...light_classes import replace
from ...plan.model import Plan
from ...runner.load import parse_address, print_notes
from ...runner.options import parse_identity, parse_option
from ...runner.planning import read_plan
from ...text.durations import positive_duration
from ...text.timestamps import make_timestamp
from ...worker.orders import Order
from ...worker.page_orders import name_page, read_page_text, require_no_secrets
from ..execution import make_page_options
from ..launch import name_person


def make_order(arguments: argparse.Namespace) -> tuple[Order, Plan]:
    """Return the order of the arguments, and its plan; raises Refused if page or options are wrong."""
    path, anchor = parse_address(arguments.file)
    options = replace(make_page_options(arguments), yes=not arguments.each)
    plan = read_plan(path, anchor, options)
    print_notes(plan.runbook, plan.procedure)
    require_no_secrets(plan)
    name = plan.procedure.anchor or Path(path).stem
    identity = parse_identity(arguments.id) or f"{name[:60]}-{os.urandom(3).hex()}"
    order = Order(
        identity,
        arguments.on,
        name_page(Path(path), Path.cwd()),
        read_page_text(path),
        anchor,
        options.to_words(),
        options.given,
        name_person(),
        make_timestamp(),
        arguments.each,
        arguments.on_failure or "ask",
        parse_option("--hold", positive_duration, arguments.hold) if arguments.hold else 0.0,
        parse_option("--patience", positive_duration, arguments.patience),
        parse_option("--heartbeat", positive_duration, arguments.heartbeat),
    )
    return order, plan
