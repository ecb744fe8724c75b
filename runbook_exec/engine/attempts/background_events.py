"""Defines the events of statements that go on in the background."""

from __future__ import annotations

from ...light_classes import NamedTuple


class BackgroundOutput(NamedTuple):
    """Output of a statement that goes on in the background, secrets masked."""

    run: str
    seq: int
    time: str
    step: int
    block: int
    statement: int
    line: int
    text: str

    @property
    def event(self) -> str:
        """Return the name of the kind."""
        return "background_output"


class BackgroundEnded(NamedTuple):
    """A statement in the background ended by itself, or was ended with the run."""

    run: str
    seq: int
    time: str
    step: int
    block: int
    statement: int
    line: int
    status: int
    duration: float  # seconds since it began
    problem: str = ""  # how it failed, "" if it did not
    with_run: bool = False  # whether it was ended with the run

    @property
    def event(self) -> str:
        """Return the name of the kind."""
        return "background_ended"
