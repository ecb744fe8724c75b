"""A real run as it was recorded: its calls, its values, and the answers of the operator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...plan.model import Plan, PlanItem
from .terminal_trace import TerminalTrace


@dataclass(slots=True)
class RecordedCall:
    """A call of a real run: what with, in which statement, and what came of it."""

    words: tuple[str, ...]
    item: PlanItem | None
    pid: str
    start_time: float = 0.0  # seconds, monotonic
    end_time: float = 0.0
    status: int = 0
    pieces: list[tuple[float, int, bytes]] = field(default_factory=list)
    terminal: TerminalTrace | None = None  # where its output went to the terminal
    private: bool = False  # whether what it printed is or may be a secret


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """What was recorded of a run: its calls, the values that it knew, and what a person answered."""

    plan: Plan
    calls: tuple[RecordedCall, ...]
    public: Mapping[str, str]
    secret: Mapping[str, str]
    done: Mapping[str, str]
    choose: Mapping[str, str]
    attended: bool
    all_secrets: tuple[str, ...] = ()  # every secret that the run ever knew, also those that were replaced

    def __repr__(self) -> str:
        """Tells no value."""
        return f"RecordedRun({len(self.calls)} calls)"
