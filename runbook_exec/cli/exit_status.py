"""Maps each outcome of a command to the exit status of the program."""

from __future__ import annotations

from collections.abc import Mapping

DONE, FAILED, REFUSED, WAITING, DUE, INTERRUPTED = 0, 1, 2, 3, 4, 130

EXIT_STATUS: Mapping[str, int] = {
    # run and resume
    "succeeded": DONE,
    "partial": FAILED,
    "failed": FAILED,
    "refused": REFUSED,
    "waiting": WAITING,
    "stopped": INTERRUPTED,
    # lint
    "clean": DONE,
    "found": FAILED,
    "incomplete": REFUSED,
    # rehearse
    "passed": DONE,
    "differs": FAILED,
    "cannot": REFUSED,
    # runs, trust and others
    "done": DONE,
    "damaged": FAILED,
    "unread": REFUSED,
    "due": DUE,
}
