"""Makes the session on another host; imported only for a page that names one."""

from __future__ import annotations

import os

from ...engine.ports import Done
from ...session.far.host_session import HostSession
from ...session.far.last_report import ask_for_end
from ...session.far.reconnection import RECONNECT, Destination
from ...shells.registry import FALLBACK_SHELL
from .session_facts import SessionFacts


def make_far_session(host: str, facts: SessionFacts) -> HostSession:
    """Return the session on a host, which is connected at its start."""
    run, plan, options, keyboard, notice, find_seq = facts
    return HostSession(
        plan.procedure.shell or FALLBACK_SHELL,
        Destination(host, run, options.reconnect.seconds if options.reconnect else RECONNECT),
        clean=options.no_config,
        cwd=plan.cwd,
        environ={"TERM": os.environ.get("TERM", "dumb") if keyboard else "dumb"},
        keyboard=keyboard,
        notice=notice,
        find_seq=find_seq,
    )


def find_end(host: str, seq: int, facts: SessionFacts) -> Done | None:
    """Return how the statement ended there that was running when the run was killed; None if unknown.

    The host is not asked if the operator has decided already.
    """
    if facts.options.assume or facts.options.answer:
        return None
    facts.notice(f"asking `{host}` whether the statement that was running there has ended")
    return ask_for_end(
        host,
        facts.run,
        seq,
        attended=facts.keyboard is not None,
        on_running=lambda: facts.notice("it is still running; waiting for its end"),
    )
