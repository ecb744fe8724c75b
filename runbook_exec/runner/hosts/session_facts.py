"""Holds what the sessions of a run have in common."""

from __future__ import annotations

from collections.abc import Callable

from ...engine.ports import Keyboard
from ...light_classes import NamedTuple
from ...plan.model import Plan
from ..options import RunOptions


class SessionFacts(NamedTuple):
    """What the sessions of a run have in common."""

    run: str  # the run's id
    plan: Plan
    options: RunOptions
    keyboard: Keyboard | None
    notice: Callable[[str], None]  # shows the operator a message
    find_seq: Callable[[], int]  # returns the number of the run's last event
