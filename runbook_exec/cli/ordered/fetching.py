"""Does what `runbook-exec runs fetch` is for."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ...errors import Refused, reason
from ...journal.paths import SUFFIX, run_of_journal, state_folder
from ...journal.user_key import read_user_key
from ...light_classes import replace
from ...runner.options import parse_identity
from ...runs.verify import format_verification, has_wrong_seal, verify_journal
from ...system.atomic_write import replace_file
from ...text.timestamps import make_timestamp
from ...worker.connection import Client
from ...worker.fetches.client import FetchedJournal, fetch_journal, find_home
from ...worker.orders import FetchRequest
from ...worker.signatures import make_fetch_text, sign_text
from ..exit_status import DONE, FAILED


async def fetch_run(client: Client, arguments: argparse.Namespace) -> int:
    """Fetch the journal of a run, and compare its seal with that of the result; raises Refused."""
    run = parse_identity(arguments.run)
    home = await find_home(client, run, arguments.on)

    def sign(request: FetchRequest) -> FetchRequest:
        if not arguments.sign:
            return request
        return replace(request, signature=sign_text(make_fetch_text(request), arguments.sign))

    request = FetchRequest(run, home.host, home.place, issued=make_timestamp())
    fetched = await fetch_journal(client, request, sign)
    path = _write_journal(Path(arguments.to), run, fetched)
    runs = state_folder(dict(os.environ))
    verdict = verify_journal(path, runs, read_user_key(runs))
    print("\n".join(format_verification(verdict, home.seal)))
    if fetched.is_running:
        print(f"run {run} is not finished; this is its journal so far")
    elif home.seal and not has_wrong_seal(verdict, home.seal):
        print(f"its result on the server has the same seal; it was on {home.host}")
    else:
        print("the server has no seal to compare it with" if not home.seal else f"it was on {home.host}")
    return DONE if verdict.is_whole and not has_wrong_seal(verdict, home.seal) else FAILED


def _write_journal(folder: Path, run: str, fetched: FetchedJournal) -> Path:
    """Write a journal into a folder, and return its path; raises Refused.

    The host says the name of the file.
    """
    name = fetched.name
    if "/" in name or not name.endswith(SUFFIX) or run_of_journal(Path(name)) != run:
        raise Refused(f"the host sent a journal with the name `{name}`, which is not of run {run}")
    path = folder / name
    try:
        if path.exists() and not fetched.data.startswith(path.read_bytes()):
            raise Refused(f"`{path}` exists, and is not an earlier state of this journal")
        replace_file(path, fetched.data, 0o600)
    except OSError as error:
        raise Refused(f"cannot write `{path}`: {reason(error)}") from None
    return path
