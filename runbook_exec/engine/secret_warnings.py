"""Warns of secrets that would be lost, or that can be masked in part only; each once in a run."""

from __future__ import annotations

from ..light_classes import dataclass, field
from ..plan.model import Plan, PlanItem
from .bindings import Bindings
from .ports import RunContext

_WOULD_BE_LOST = (
    "this step prints a secret; if this program dies before it is used, the secret is lost: "
    "$XDG_RUNTIME_DIR names no memory file system of your own to keep it in"
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
                self.context.notice(_WOULD_BE_LOST)

    def warn_of_short(self, item: PlanItem) -> None:
        """Warn of each secret of the statement that is masked only where it is a whole word."""
        for name in self.bindings.find_short_secrets(item):
            if name not in self._short:
                self._short.add(name)
                self.context.notice(_IS_SHORT.format(name))
