"""Defines what is offered for a word, and what is known of its command line."""

from __future__ import annotations

from ...light_classes import NamedTuple


class Candidate(NamedTuple):
    """A word that the shell can offer, and a few words about it."""

    value: str
    help: str = ""


class CommandLine(NamedTuple):
    """What the rest of a command line says about the page that its options are for."""

    command: str  # such as `resume` or `runs show`
    page: str  # FILE[#anchor]; "" if there is none
    run: str  # the beginning of a run's id; "" for the newest
    shell: str | None
    inputs: str | None
