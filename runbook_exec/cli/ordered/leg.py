"""Runs or resumes the run of an order, in the process that a worker starts.

The task comes as JSON through the standard input: the order, the journal of a run that is resumed, an answer,
the folder of this host's pages, and where the text of the page is kept.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import Refused, reason
from ...journal.paths import state_folder
from ...light_classes import replace
from ...plan.model import Plan
from ...runner.answers.external import ExternalAnswer
from ...runner.load import print_notes
from ...runner.obstacles import find_obstacle
from ...runner.options import RunOptions
from ...runner.planning import read_plan
from ...runner.trust import Reliance, read_trust
from ...system.regular_file import read_regular_file
from ...worker.order_texts import keep_text
from ...worker.own_pages import find_page
from ..commands.resume import read_past, resume_run
from ..launch import run_with_trust
from ..main import end_on_signals, run_program


def run_leg() -> int:
    """Run what the task says, and return the exit status of the run; raises Refused."""
    task = json.loads(sys.stdin.buffer.read())
    _leave_streams(int(task["lock"]))
    end_on_signals()
    order, resumed = task["order"], str(task["resume"])
    page, folder = _find_page(order["page"], task["pages"], task["text"])
    now = RunOptions(
        given={**order["values"], **task["secrets"]},
        answer=_make_answer(task["answer"]),
        on_failure=order["on_failure"],
        hold=order["hold"] or None,
        yes=not order["each"],
        is_trusted=True,
    )
    if resumed:
        past = read_past(Path(resumed))
        started = past.start_event
        os.chdir(started.folder)
        plan = read_plan(started.path, started.anchor, RunOptions.from_words(started.options))
        _require_trust(plan, now, task)
        return resume_run(past, now, None, accept_changes=task["is_amended"])
    words = RunOptions.from_words(order["options"])
    if words.inputs is not None or words.on is not None or words.text is not None:
        raise Refused("an order takes no settings file, no other text and no other host")
    os.chdir(folder)
    keep_text(Path(task["text"]), order["text"] or _read_own_text(page))
    options = replace(
        words,
        given=now.given,
        on_failure=now.on_failure,
        hold=now.hold,
        yes=now.yes,
        is_trusted=True,
        identity=order["run"],
        text=task["text"],
    )
    plan = read_plan(page, order["anchor"], options)
    _require_trust(plan, options, task)
    if why := find_obstacle(plan):
        raise Refused(why)
    print_notes(plan.runbook, plan.procedure)
    return run_with_trust(plan, options, None)


def _leave_streams(lock: int) -> None:
    """Keep the lock from the programs that the run starts, and read nothing more."""
    os.set_inheritable(lock, False)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


def _make_answer(fields: Mapping[str, Any] | None) -> ExternalAnswer | None:
    return ExternalAnswer(**fields) if fields else None


def _find_page(page: str, pages: str, text: str) -> tuple[str, str]:
    """Return the path of the page on this host, and the folder where the run starts.

    A page that is not in the folder of its pages is only where its text is kept.
    """
    if Path(page).is_absolute() or ".." in Path(page).parts:
        raise Refused(f"`{page}`: expected a path inside the repository of the page")
    found = find_page(page, Path(pages) if pages else None)
    if found is not None:
        return str(found.relative_to(pages)), pages
    return text, pages or str(Path.home())


def _read_own_text(page: str) -> str:
    """Return the text of this host's own page, which an order without a text runs; raises Refused.

    The run gets a copy: what changes in the page meanwhile does not matter to it.
    """
    try:
        return read_regular_file(page).decode()
    except OSError as error:
        raise Refused(f"cannot read `{page}`: {reason(error)}") from None
    except UnicodeDecodeError:
        raise Refused(f"{page}: expected text in UTF-8") from None


def _require_trust(plan: Plan, options: RunOptions, task: Mapping[str, Any]) -> None:
    """Raise Refused unless somebody has signed the commands, or they are trusted on this host."""
    if task["is_signed"] and task["order"]["text"]:
        return
    known = read_trust(plan.runbook, plan.procedure, state_folder(dict(os.environ)), os.environ)
    doubt = known.explain_doubt(Reliance(options.names_steps(), plan.runbook.named is None))
    if doubt:
        address = shlex.quote(f"{task['order']['page']}#{plan.procedure.anchor}")
        raise Refused(
            f"{task['order']['page']}: {doubt}; nothing was run; `runbook-exec trust {address}` on the host "
            "shows and trusts them, in the folder that its worker has as `--pages`"
        )


if __name__ == "__main__":
    sys.exit(run_program(run_leg))
