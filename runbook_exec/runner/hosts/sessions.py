"""Opens the sessions of a run: one on this machine, and one on each host that the page names."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ...engine.ports import Done, LiveShell
from ...errors import Refused
from ...session.inner.holding_session import HoldingSession
from ...session.inner.nested_session import NestedSession
from ...shells.registry import FALLBACK_SHELL
from ...system.people import expand_home
from ..event_delivery import EventDelivery
from .session_facts import SessionFacts

if TYPE_CHECKING:
    from ...session.far.host_session import HostSession


class RunSessions:
    """The open sessions of a run, by host; "" is this machine. They are closed with `stack`."""

    def __init__(
        self,
        facts: SessionFacts,
        make_session: Callable[..., HoldingSession],
        on_word: Callable[[str], None],
        delivery: EventDelivery,
        stack: ExitStack,
        *,
        is_recorded: bool,
    ) -> None:
        """Start the shell of this machine, if a statement runs here; raises Refused.

        `on_word` is called with each word that is typed unseen. The `delivery` is told when a statement was
        sent, and when it takes longer than a moment.
        """
        self._facts = facts
        self._make_session = make_session
        self._on_word = on_word
        self._delivery = delivery
        self._stack = stack
        self._opened: dict[str, LiveShell] = {}
        self.nested: NestedSession | None = None  # of this machine, if a statement runs here
        hosts = facts.plan.list_hosts()
        if is_recorded and any(hosts):
            raise Refused("`--record` cannot record what runs on another host; run with `--on local`")
        if "" in hosts or not hosts:
            self.open_session("")

    def open_session(self, host: str) -> LiveShell:
        """Return the session on a host, the same every time; a far host is connected at its start."""
        if host not in self._opened:
            self._opened[host] = self._open_far(host) if host else self._open_here()
        return self._opened[host]

    def find_end(self, host: str, seq: int) -> Done | None:
        """Return how a statement has ended on another host, whose run was killed; None if unknown.

        `seq` is the number of the event of its start.
        """
        _, find_end = _load_far()
        return find_end(host, seq, self._facts)

    def _prepare(self, session: HoldingSession | HostSession) -> None:
        session.hidden_input.on_word = self._on_word
        session.on_sent = self._delivery.show_waiting
        session.on_wait = self._delivery.record_waiting
        self._stack.callback(session.close)

    def _open_here(self) -> NestedSession:
        _, plan, options, keyboard, *_ = self._facts
        shell = plan.procedure.shell or FALLBACK_SHELL
        cwd = expand_home(plan.cwd) if plan.cwd else None
        session = self._make_session(shell, clean=options.no_config, cwd=cwd, keyboard=keyboard)
        self._prepare(session)
        self.nested = NestedSession(session)
        return self.nested

    def _open_far(self, host: str) -> HostSession:
        make_far_session, _ = _load_far()
        session = make_far_session(host, self._facts)
        self._prepare(session)
        return session


def _load_far() -> tuple[
    Callable[[str, SessionFacts], HostSession], Callable[[str, int, SessionFacts], Done | None]
]:
    """Return what makes a session on another host, and what finds the end of a statement there."""
    from .far import find_end, make_far_session  # most runs stay on this machine

    return make_far_session, find_end
