"""Histories of runs of released versions, which are still open after an upgrade."""

from __future__ import annotations

import asyncio
import json

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from runbook_exec.worker.fleets.workflow import RunbookFleet1
from runbook_exec.worker.schedules.workflow import RunbookDue1
from runbook_exec.worker.workflows import RunbookRun1
from tests.support.record_history import HISTORIES

WORKFLOWS = (RunbookRun1, RunbookDue1, RunbookFleet1)

FILES = sorted(path.name for path in HISTORIES.glob("*.json"))


def replay(text: str) -> None:
    """Replay a history; raises the error of the workflow, of which another order of commands is one."""
    history = WorkflowHistory.from_json("kept", text)
    asyncio.run(Replayer(workflows=WORKFLOWS).replay_workflow(history))


@pytest.mark.parametrize("name", FILES)
def test_a_kept_history_replays(name: str) -> None:
    """A workflow that was released does what it did; another shape needs another number."""
    replay((HISTORIES / name).read_text())


CHANGES = (
    ("RunbookRun1", "activityTaskScheduledEventAttributes", "activityType"),
    ("RunbookDue1", "activityTaskScheduledEventAttributes", "activityType"),
    ("RunbookFleet1", "startChildWorkflowExecutionInitiatedEventAttributes", "workflowType"),
)


@pytest.mark.parametrize(("workflow", "attributes", "kind"), CHANGES)
def test_a_changed_workflow_is_found(workflow: str, attributes: str, kind: str) -> None:
    """Each workflow has a kept history, which does not replay if its first command is another one."""
    name = next(name for name in FILES if name.startswith(f"{workflow}-"))
    history = json.loads((HISTORIES / name).read_text())
    commands = [event[attributes] for event in history["events"] if attributes in event]
    commands[0][kind]["name"] = "another"
    with pytest.raises(Exception, match="Nondeterminism"):
        replay(json.dumps(history))
