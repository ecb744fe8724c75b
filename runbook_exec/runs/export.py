"""Exports the last success of each step to a file beside the runbook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..document.parser import parse_runbook
from ..errors import Refused, reason
from ..journal.index import list_damaged, list_runs
from ..system.atomic_write import replace_file
from ..system.regular_file import read_regular_file
from .freshness import BadFreshness, format_freshness, freshness_path, read_freshness
from .last_success import filter_runs, read_successes


def export_runs(pages: Sequence[Path], folder: Path, damaged: list[str]) -> Iterator[str]:
    """Update `NAME.runs.json` beside each page that was run, and yield which. Raises Refused.

    A line about each journal that cannot be read is added to `damaged`.
    """
    known = list_runs(folder)
    damaged += list_damaged(known)
    written = 0
    for page in pages:
        runs = list(filter_runs(page, known))
        target = freshness_path(page)
        if not runs and not target.exists():
            continue
        try:
            runbook = parse_runbook(read_regular_file(page), str(page))
            successes = read_successes(runbook, runs, damaged)
            freshness = read_freshness(target).merge(successes).prune_for(runbook)
            text = format_freshness(freshness, page.name)
            if not freshness.steps and not target.exists():
                continue
            if not target.exists() or read_regular_file(target).decode("utf-8", "replace") != text:
                replace_file(target, text.encode("utf-8"))
                written += 1
                yield f"wrote {target}"
        except BadFreshness as error:
            raise Refused(f"{error}; it is left as it is") from None
        except OSError as error:
            raise Refused(f"cannot export `{page}`: {reason(error)}") from None
    if not written:
        yield "nothing to write: no step has succeeded since"
