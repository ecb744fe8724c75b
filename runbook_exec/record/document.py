"""The document of a run, as it was when it ran."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..events import RunStarted
from ..mask import Masker
from ..parse import parse
from ..plan import Plan, items_of


def path_of(started: RunStarted) -> Path:
    """Where the document was; journals of old do not say in which folder, and then it may be relative."""
    return Path(started.folder) / started.path if started.folder else Path(started.path)


def text_of(started: RunStarted) -> str:
    """The document's text: from the journal, else from the file if it is still as it was, else ""."""
    if started.text:
        return started.text
    try:
        data = path_of(started).read_bytes()
    except OSError:
        return ""
    if hashlib.sha256(data).hexdigest() != started.digest:
        return ""
    return Masker().mask_text(data.decode("utf-8", "replace"))


def plan_of(text: str, started: RunStarted) -> Plan | None:
    """What there was to do, by the text of the document; None where the text has no such procedure."""
    if not text:
        return None
    runbook = parse(text.encode("utf-8", "replace"), started.path, shell=started.shell or None)
    procedure = next((each for each in runbook.procedures if each.anchor == started.anchor), None)
    return Plan(runbook, procedure, items_of(procedure)) if procedure else None
