"""Makes the session on another host; imported only for a page that names one."""

from __future__ import annotations

import os

from ...session.far.host_session import HostSession
from ...session.far.reconnection import RECONNECT, Destination
from ...shells.registry import FALLBACK_SHELL
from .session_facts import SessionFacts


def make_far_session(host: str, facts: SessionFacts) -> HostSession:
    """Return the session on a host, which is connected at its start."""
    run, plan, options, keyboard, notice = facts
    return HostSession(
        plan.procedure.shell or FALLBACK_SHELL,
        Destination(host, run, options.reconnect.seconds if options.reconnect else RECONNECT),
        clean=options.no_config,
        cwd=plan.cwd,
        environ={"TERM": os.environ.get("TERM", "dumb") if keyboard else "dumb"},
        keyboard=keyboard,
        notice=notice,
    )
