"""A host without any server, and the legs of one run on it."""

from __future__ import annotations

import time

import pytest

from runbook_exec.worker.child_process import find_leg_files
from runbook_exec.worker.legs import LegConductor, LegDied, LegHost
from runbook_exec.worker.orders import Leg, LegResult, Order, RemoteAnswer
from runbook_exec.worker.places import read_place
from tests.support.program import Program


class LegWorld:
    """A host without any server, and the legs of one run on it."""

    def __init__(self, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("RUNBOOK_EXEC_HOLD", "XDG_RUNTIME_DIR"):
            monkeypatch.delenv(name, raising=False)
        for name, value in program.environment().items():
            monkeypatch.setenv(name, value)
        self.program = program
        self.host = LegHost("indri", program.runs.parent, program.work)
        self.files = find_leg_files(self.host.state, "r1")

    def start(
        self, text: str | Order, *answers: RemoteAnswer, seen: int = 0, place: str = ""
    ) -> LegConductor:
        """Deliver a leg of the run of a page with this text, or of an order."""
        order = text if isinstance(text, Order) else Order("r1", "indri", "page.md", text)
        if order.text:
            self.program.write("page.md", order.text)
        return LegConductor(Leg(order, place or read_place(self.host.state), seen, answers), self.host)

    def finish(self, conductor: LegConductor) -> LegResult:
        """Go on with a leg to its end."""
        for _ in range(1500):
            step = conductor.advance()
            if isinstance(step, LegResult):
                return step
            time.sleep(0.02)
        raise AssertionError("expected the leg to end")

    def run(self, text: str | Order, *answers: RemoteAnswer, seen: int = 0) -> LegResult:
        """Deliver a leg until one delivery ends: an engine delivers it again after the death of a process."""
        for _ in range(5):
            try:
                return self.finish(self.start(text, *answers, seen=seen))
            except LegDied:
                continue
        raise AssertionError("expected a leg that does not die")

    def read_effects(self) -> list[str]:
        """Return the effects in their order."""
        log = self.program.work / "log"
        return log.read_text().split() if log.exists() else []
