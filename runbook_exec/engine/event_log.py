"""Makes the events of a run and folds each into the run's state."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..light_classes import dataclass
from .events import Event
from .state import State, apply

E = TypeVar("E", bound=Event)


@dataclass(slots=True)
class EventLog:
    """Numbers and dates the events of one run, and folds them into `state`.

    `state` is the state of the run after the last event.
    """

    run: str  # the run's id
    now: Callable[[], str]  # the time, RFC 3339
    state: State
    seq: int = 0  # of the last event

    def make_event(self, kind: Callable[..., E], **fields: object) -> E:
        """Return the next event of this run, and apply it to the state."""
        self.seq += 1
        event = kind(run=self.run, seq=self.seq, time=self.now(), **fields)
        self.state = apply(self.state, event)
        return event
