"""Makes an order of what a command line says."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ...errors import Refused, reason
from ...light_classes import replace
from ...plan.model import Plan
from ...runner.load import parse_address, print_notes
from ...runner.options import parse_identity, parse_option
from ...runner.planning import read_plan
from ...text.durations import positive_duration
from ...text.timestamps import make_timestamp
from ...worker.orders import MOST_BYTES, Order
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
        name_page(Path(path)),
        read_text(path),
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


def require_no_secrets(plan: Plan) -> None:
    """Raise Refused if a secret would travel with an order."""
    if secrets := [name for name in plan.given if plan.is_secret(name)]:
        raise Refused(
            f"`--set {secrets[0]}=…`: a secret does not travel with an order; name its source on the page, "
            "which the host reads, or answer its question"
        )


def read_text(path: str) -> str:
    """Return the text of a page that is ordered; raises Refused."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise Refused(f"cannot read `{path}`: {reason(error)}") from None
    if len(data) > MOST_BYTES:
        raise Refused(f"{path}: expected at most {MOST_BYTES} bytes in a page that is ordered")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refused(f"{path}: expected text in UTF-8") from None


def name_page(path: Path) -> str:
    """Return the path of a page as a host finds it: relative to its repository, or to this folder."""
    absolute = path.absolute()
    for folder in absolute.parents:
        if (folder / ".git").exists():
            return str(absolute.relative_to(folder))
    here = Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else absolute.name
