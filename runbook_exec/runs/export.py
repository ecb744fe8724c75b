"""`runbook-exec runs export`: when the steps of runbooks last succeeded, written beside them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..document.parser import parse_runbook
from ..errors import Refused
from ..journal.index import list_runs
from .freshness import BadFreshness, format_freshness, freshness_path, read_freshness
from .last_success import filter_runs, read_successes


def export_runs(pages: Sequence[Path], folder: Path) -> Iterator[str]:
    """Bring `NAME.runs.json` up to date beside each page that was run, and say which; raises Refused."""
    known = list_runs(folder)
    written = 0
    for page in pages:
        runs = list(filter_runs(page, known))
        target = freshness_path(page)
        if not runs and not target.exists():
            continue
        try:
            runbook = parse_runbook(page.read_bytes(), str(page))
            freshness = read_freshness(target).merge(read_successes(runbook, iter(runs))).prune_for(runbook)
            text = format_freshness(freshness, page.name)
            if not freshness.steps and not target.exists():
                continue
            if not target.exists() or target.read_text(encoding="utf-8") != text:
                _write(target, text)
                written += 1
                yield f"wrote {target}"
        except BadFreshness as error:
            raise Refused(f"{error}; it is left as it is") from None
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise Refused(f"cannot export `{page}`: {reason}") from None
    if not written:
        yield "nothing to write: no step has succeeded since"


def _write(path: Path, text: str) -> None:
    """Write beside it and rename into place: nobody ever reads half of it."""
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, path.stat().st_mode & 0o777 if path.exists() else 0o644 & ~_umask())  # noqa: PTH101
        os.replace(name, path)  # noqa: PTH105
    except BaseException:
        os.unlink(name)  # noqa: PTH108
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
