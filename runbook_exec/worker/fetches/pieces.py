"""Reads pieces of the journal of an ordered run on its host."""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ...errors import Refused
from ...journal.index import find_journal_of, is_locked
from ...journal.paths import open_journal
from ...runner.options import parse_identity
from ..child_process import find_leg_files
from ..orders import FetchRequest, JournalPiece
from ..places import read_place
from ..signatures import find_signer, make_fetch_text

PIECE = 1 << 19  # bytes, of which a payload has four thirds

_LONGEST = timedelta(hours=1)  # a request that was signed earlier, or later than now, fetches nothing


def read_piece(request: FetchRequest, host: str, state: Path, signers: Path | None) -> JournalPiece:
    """Return a piece of the journal; raises Refused, also for a run that nobody has ordered, and OSError."""
    if request.host != host or not parse_identity(request.run) or request.offset < 0:
        raise Refused(f"host {host}: this is no request for it")
    if signers is not None:
        _check_signature(request, signers)
    if request.place and request.place != read_place(state):
        raise Refused(f"another machine with the name {host} has the journal of the run")
    path = find_journal_of(state / "runs", request.run)
    if path is None or not find_leg_files(state, request.run).lock.exists():
        raise Refused(f"host {host} has no journal of an ordered run `{request.run}`")
    with open_journal(path) as file:
        running = is_locked(file.fileno())
        size = os.fstat(file.fileno()).st_size
        file.seek(request.offset)
        data = file.read(PIECE)
    return JournalPiece(path.name, size, base64.b64encode(data).decode(), running)


def _check_signature(request: FetchRequest, signers: Path) -> None:
    try:
        find_signer(make_fetch_text(request), request.signature, signers)
        age = datetime.now(UTC) - datetime.fromisoformat(request.issued)
        if abs(age) > _LONGEST:
            raise Refused("it was signed more than an hour ago, or the clocks differ")
    except (ValueError, TypeError):
        raise Refused(f"it does not say when it was made, but `{request.issued}`") from None
    except Refused as refused:
        raise Refused(f"host {request.host}: the request for the journal: {refused}") from None
