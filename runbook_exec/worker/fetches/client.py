"""Fetches the journal of an ordered run from its host."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Callable
from datetime import timedelta

from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from ...errors import Refused
from ...light_classes import NamedTuple
from ..client import query_view
from ..orders import CONTROL_QUEUE, FetchRequest, JournalPiece, LegResult

_WORKFLOW = "RunbookFetch1"

_PATIENCE = 90.0  # seconds for a piece


class FetchedJournal(NamedTuple):
    """A journal as its host has it."""

    name: str  # of its file
    data: bytes
    is_running: bool


class RunHome(NamedTuple):
    """Where a run is, and what the server has of its end."""

    host: str
    place: str = ""
    seal: str = ""  # of its journal, as its result has it; "" if the server has none


async def find_home(client: Client, run: str, host: str) -> RunHome:
    """Return where a run is; `host` is for one that the server has forgotten. Raises Refused."""
    try:
        view = await query_view(client, run)
    except Refused:
        view = None
    if view is None:
        if not host:
            raise Refused(f"the server does not know the host of run `{run}`; name it with `--on HOST`")
        return RunHome(host)
    if host and host != view.host:
        raise Refused(f"run `{run}` is on {view.host}, and not on {host}")
    return RunHome(view.host, view.place, await _read_seal(client, run) if view.phase == "ended" else "")


async def _read_seal(client: Client, run: str) -> str:
    handle = client.get_workflow_handle(run, result_type=LegResult)
    try:
        result: LegResult = await handle.result()
        return result.seal
    except WorkflowFailureError as error:
        cause = error.cause
        if isinstance(cause, ApplicationError):  # its details are the result of a run that failed
            details = [each for each in cause.details if isinstance(each, dict)]
            return str(details[0].get("seal", "")) if details else ""
        return ""
    except RPCError as error:
        raise Refused(f"run {run}: the server has no result: {error.message}") from None


async def fetch_journal(
    client: Client, request: FetchRequest, sign: Callable[[FetchRequest], FetchRequest]
) -> FetchedJournal:
    """Return the journal of a run, piece by piece; each request is signed by `sign`. Raises Refused."""
    data = b""
    while True:
        piece = await _fetch_piece(client, sign(request))
        part = base64.b64decode(piece.data)
        data += part
        if not part or len(data) >= piece.size:
            return FetchedJournal(piece.name, data, piece.is_running)
        request = FetchRequest(request.run, request.host, request.place, len(data), request.issued)


async def _fetch_piece(client: Client, request: FetchRequest) -> JournalPiece:
    try:
        handle = await client.start_workflow(
            _WORKFLOW,
            request,
            id=f"fetch-{request.run}-{os.urandom(6).hex()}",
            task_queue=CONTROL_QUEUE,
            execution_timeout=timedelta(seconds=_PATIENCE),
            result_type=JournalPiece,
        )
        piece: JournalPiece = await asyncio.wait_for(handle.result(), _PATIENCE)
        return piece
    except WorkflowFailureError as error:
        cause = error.cause
        if isinstance(cause, ApplicationError):
            raise Refused(cause.message) from None
        raise Refused("no worker with `--control` answers; start one, and try again") from None
    except TimeoutError:
        raise Refused("no worker with `--control` answers; start one, and try again") from None
    except RPCError as error:
        raise Refused(f"the server took no request: {error.message}") from None
