"""Histories of runs of released versions, which are still open after an upgrade."""

from __future__ import annotations

import asyncio
import json

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from runbook_exec.worker.workflows import RunbookRun1
from tests.support.record_history import HISTORIES

FILES = sorted(path.name for path in HISTORIES.glob("*.json"))


def replay(text: str) -> None:
    """Replay a history; raises the error of the workflow, of which another order of commands is one."""
    history = WorkflowHistory.from_json("kept", text)
    asyncio.run(Replayer(workflows=[RunbookRun1]).replay_workflow(history))


@pytest.mark.parametrize("name", FILES)
def test_a_kept_history_replays(name: str) -> None:
    """A workflow that was released does what it did; another shape needs another number."""
    replay((HISTORIES / name).read_text())


def test_a_changed_workflow_is_found() -> None:
    """A history whose first activity has another name does not replay."""
    assert len(FILES) >= 2
    history = json.loads((HISTORIES / FILES[0]).read_text())
    for event in history["events"]:
        scheduled = event.get("activityTaskScheduledEventAttributes")
        if scheduled and scheduled["activityType"]["name"] == "claim":
            scheduled["activityType"]["name"] = "another"
    with pytest.raises(Exception, match="Nondeterminism"):
        replay(json.dumps(history))
