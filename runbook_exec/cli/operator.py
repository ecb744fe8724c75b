"""Finds the person at the terminal, and asks this person."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from ..runner.options import parse_hold
from .output import terminal_columns

if TYPE_CHECKING:
    from ..document.model import Runbook
    from ..engine.events import RunStarted
    from ..engine.questions import Ask
    from ..plan.model import Plan
    from ..runs.record import Record
    from ..terminal.reporter import TerminalReporter


class Operator:
    """Puts questions to the person at the terminal."""

    def choose_procedure(self, runbook: Runbook) -> str:
        """Return the anchor of the procedure that the person picks; raises KeyboardInterrupt for none."""
        picked: str = _questions()[1].choose_procedure(runbook, terminal_columns(), use_colour())
        return picked

    def confirm_resume(self, record: Record, ignored: Sequence[str]) -> bool:
        """Return whether the person wants to resume the run, without these options."""
        agreed: bool = _questions()[1].confirm_resume(record, ignored, terminal_columns(), use_colour())
        return agreed

    def confirm_second_run(self, started: RunStarted) -> None:
        """Ask whether to start another run; raises KeyboardInterrupt if the person does not want one."""
        _questions()[1].confirm_second_run(started, terminal_columns(), use_colour())

    def confirm_action(self, action: str) -> bool:
        """Return whether the person agrees to the action, a phrase such as "run all this"."""
        agreed: bool = _questions()[1].confirm_action(action, terminal_columns())
        return agreed

    def make_ask(
        self,
        terminal: TerminalReporter,
        find_end: Callable[[], Exception | None] | None,
        *,
        replan: Callable[[], Plan | Sequence[str]],
    ) -> Ask:
        """Return the answers to the engine's questions; `replan` reads the page again.

        A question ends with the exception that `find_end` returns.
        """
        ask: Ask = _questions()[0].create_asker(terminal, use_colour(), replan, find_end)
        return ask


def find_operator(*, no_input: bool = False, json: bool = False) -> Operator | None:
    """Return the person at the terminal.

    Returns None without a terminal, and with `--no-input` or `--json`.
    """
    attended = sys.stdin.isatty() and sys.stdout.isatty() and not (no_input or json)
    return Operator() if attended else None


def find_hold(option: str | None, *, no_input: bool, json: bool) -> float | None:
    """Return the seconds of `--hold DURATION`, in a terminal also of `$RUNBOOK_EXEC_HOLD`; raises Refused.

    Without a terminal a job would wait for a person although nobody has asked for that.
    """
    attended = find_operator(no_input=no_input, json=json) is not None
    return parse_hold(option, os.environ if attended else {})


def use_colour() -> bool:
    """Return whether colours may be printed, as `NO_COLOR` has it."""
    return not os.environ.get("NO_COLOR")


def _questions() -> tuple[ModuleType, ModuleType]:
    from ..terminal import interactive, start_questions  # with prompt_toolkit, for the first question only

    return interactive, start_questions
