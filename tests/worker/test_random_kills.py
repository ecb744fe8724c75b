"""A few kills of an ordered run at random moments; `python -m tests.support.leg_kills` tries more."""

from __future__ import annotations

import asyncio

from tests.support.leg_kills import VICTIMS, try_all
from tests.support.team import Team


def test_killed_runs_lose_and_repeat_nothing(team: Team) -> None:
    """Worker, leg, shell, all of them or a frozen worker: each effect comes once."""
    table = asyncio.run(try_all(team, len(VICTIMS), seed=4))
    assert table.wrong == []
    assert table.points.total() == len(VICTIMS)
    assert table.doubts["worker"] == table.doubts["frozen"] == 0
