"""Does what `runbook-exec submit --amend` is for."""

from __future__ import annotations

import argparse

from ...errors import Refused
from ...light_classes import replace
from ...runner.load import parse_address
from ...runner.options import RunOptions
from ...runner.planning import read_plan
from ...text.timestamps import make_timestamp
from ...worker.client import amend_run, read_order
from ...worker.connection import Client
from ...worker.order_texts import diff_texts
from ...worker.page_orders import read_page_text
from ...worker.signatures import make_order_text, sign_text
from ..exit_status import DONE
from ..launch import name_person


async def amend_order(client: Client, arguments: argparse.Namespace) -> int:
    """Send the text of a page as it is now to a run that waits; its host asks before it goes on with that."""
    path, _ = parse_address(arguments.file)
    order = await read_order(client, arguments.amend)
    before, text = order.text, read_page_text(path)
    if text == order.text:
        raise Refused(f"{path}: its text is that which run {order.run} has already")
    read_plan(path, order.anchor, replace(RunOptions.from_words(order.options), given=order.values))
    by, issued = name_person(), make_timestamp()
    order = replace(order, text=text, by=by, issued=issued, signature="", amended=order.amended + 1)
    if arguments.sign:
        order = replace(order, signature=sign_text(make_order_text(order), arguments.sign))
    await amend_run(client, order)
    print("\n".join(f"    {line}" for line in diff_texts(before, text)))
    print(f"run {order.run} has the amended text; `runbook-exec answer {order.run} run` continues with it")
    return DONE
