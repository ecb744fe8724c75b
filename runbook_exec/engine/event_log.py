"""Makes the events of a run and folds each into the run's state."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .. import __version__
from ..light_classes import dataclass
from ..plan.model import LOCAL, Plan
from .bindings import Bindings
from .events import Event, RunStarted
from .ports import RunContext
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
        event = kind(self.run, self.seq, self.now(), **fields)  # the first three fields of each kind
        self.state = apply(self.state, event)
        return event


def make_start(
    log: EventLog, plan: Plan, context: RunContext, bindings: Bindings, items: tuple[str, ...]
) -> RunStarted:
    """Return the event of the start of a run, or of its resumption; `items` are the marks of the plan."""
    page, procedure = plan.runbook, plan.procedure
    return log.make_event(
        RunStarted,
        path=page.path,
        digest=page.digest,
        procedure=procedure.title,
        anchor=procedure.anchor,
        shell=procedure.shell,
        place=context.place,
        values={name: value.text for name, value in bindings.values.items() if not value.secret},
        version=__version__,
        text=bindings.masker.mask_page(page.text),
        folder=context.folder,
        commit=context.commit,
        dirty=context.dirty,
        options=context.options,
        pid=context.pid,
        terminal=context.terminal,
        socket=context.socket,
        agent=context.agent,
        host=None if plan.on == LOCAL else plan.on,
        items=items,
    )
