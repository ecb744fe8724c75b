"""Holds a recorded run: its calls, its values, and the answers of the operator."""

from __future__ import annotations

from collections.abc import Mapping

from ...light_classes import dataclass, field
from ...plan.model import Plan, PlanItem
from .terminal_trace import TerminalTrace


@dataclass(slots=True)
class RecordedCall:
    """A call of a real run: its words, its statement, its output and its status."""

    words: tuple[str, ...]
    item: PlanItem | None
    pid: str
    start_time: float = 0.0  # seconds, monotonic
    end_time: float = 0.0
    status: int = 0
    pieces: list[tuple[float, int, bytes]] = field(default_factory=list)
    terminal: TerminalTrace | None = None  # if its output went to the terminal
    private: bool = False  # whether its output is or may be a secret


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """The record of a run: its calls, the values that it knew, and the answers of the operator."""

    plan: Plan
    calls: tuple[RecordedCall, ...]
    public: Mapping[str, str]
    secret: Mapping[str, str]
    done: Mapping[str, str]
    choose: Mapping[str, str]
    attended: bool
    all_secrets: tuple[str, ...] = ()  # every secret that the run ever knew, including replaced ones

    def __repr__(self) -> str:
        """Return a text without any value."""
        return f"RecordedRun({len(self.calls)} calls)"
