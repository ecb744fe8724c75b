"""Warns of secrets that would be lost, or that can be masked in part only; each once in a run."""

from __future__ import annotations

from ..light_classes import dataclass, field
from ..plan.model import Plan, PlanItem
from .bindings import Bindings
from .ports import RunContext

_WOULD_BE_LOST = (
    "This step prints a secret that cannot be kept safely on this machine (no tmpfs in $XDG_RUNTIME_DIR). "
    "If the run is killed {}, you will need a new one."
)

_IS_SHORT = "the secret `<{}>` has fewer than 5 characters: output is masked only where it is a whole word"


@dataclass(slots=True)
class SecretWarnings:
    """Shows the warnings about secrets in their place in the run."""

    context: RunContext
    bindings: Bindings
    _warned_of_loss: bool = False
    _short: set[str] = field(default_factory=set)  # the secrets of which the operator was warned

    def warn_of_loss(self, plan: Plan, item: PlanItem) -> None:
        """Warn if the statement prints a secret that cannot be kept."""
        if self.context.keep_secrets is None and not self._warned_of_loss:
            self._warned_of_loss = self.bindings.captures_secret(plan, item)
            if self._warned_of_loss:
                self.context.notice(_WOULD_BE_LOST.format(_describe_use(plan, item)))

    def warn_of_short(self, item: PlanItem) -> None:
        """Warn of each secret of the statement that is masked only where it is a whole word."""
        for name in self.bindings.find_short_secrets(item):
            if name not in self._short:
                self._short.add(name)
                self.context.notice(_IS_SHORT.format(name))


def _describe_use(plan: Plan, item: PlanItem) -> str:
    """Return until when the secrets that a statement prints are needed."""
    names = {capture.name for where, capture in plan.captures if where == item.where}
    later = (each for each in plan.items if each.where > item.where)
    user = next((each for each in later if any(found.name in names for found in each.placeholders)), None)
    return f"before step {user.step.label}" if user else "before it is used"
