"""Asks whether a resumed run continues without the parts of the shell's state that did not come back."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence

from ..light_classes import dataclass, field
from ..plan.model import PlanItem
from .dialog import Dialog
from .events import Event
from .questions import Choice, LostState
from .restoration import (
    LostThing,
    describe_lost,
    find_lost_keys,
    find_unreported,
    find_unseen,
    restore_active,
)
from .shell_io import ShellIO
from .state import ItemStatus


@dataclass(slots=True)
class LossDialog:
    """Reports what a resumed shell does not have, before anything uses it."""

    dialog: Dialog
    io: ShellIO
    unseen: PlanItem | None = None  # a statement that has happened, but whose end the program has not seen
    _is_active: bool = False  # whether the shell has its traps again
    _restored: Mapping[str, str] = field(
        default_factory=dict
    )  # what the shell had when nothing had run in it
    _accepted: set[str] = field(default_factory=set)

    def ask(self, setups: Sequence[PlanItem] = ()) -> Generator[Event]:
        """Report what is lost. If a later statement depends on it, ask whether to continue without it.

        What `setups`, statements that run again first, mention is left for a later call.
        """
        plan, passed = self.dialog.plan, self.dialog.log.state.passed
        items = (item for item in plan.items if item.statement and item.where > passed)
        left = [
            item for item in items if self.dialog.runs_here(item) and plan.find_host(item) == self.io.host
        ]
        if not left:
            return
        yield from self.io.start_shell()
        texts = " ".join(item.statement.text for item in setups if item.statement)
        if not self._is_active:
            self._restored = self.io.shell_state.definitions
        yield from self._ask_about(left, texts)
        if not self._is_active:
            self._is_active = True
            restore_active(self.io.session, self.io.shell_state, self.io.past)
            self._restored = {**self.io.shell_state.definitions, **self._restored}
            yield from self._ask_about(left, texts)

    def _ask_about(self, left: Sequence[PlanItem], texts: str) -> Generator[Event]:
        """Ask about what is lost, except what these texts mention."""
        things = [each for each in self._list_lost(left) if not _is_set_again(each, texts)]
        if unused := [each for each in things if not each.is_needed]:
            self.dialog.context.notice(_describe(unused))
        self._accepted |= {each.name for each in unused}
        needed = [each for each in things if each.is_needed]
        if not needed:
            return
        question = LostState(left[0], tuple(self.dialog.bindings.mask(str(each)) for each in needed))
        answer = yield from self.dialog.ask_operator(
            question, "state", lambda: not any(each.is_needed for each in self._list_lost(left))
        )
        if answer.choice != Choice.SHELL:
            self._accepted |= {each.name for each in needed}

    def _list_lost(self, left: Sequence[PlanItem]) -> list[LostThing]:
        """Return what is lost and was not reported yet."""
        io, past = self.io, self.io.past
        state = io.shell_state
        if not state.snapshot:
            return [each for each in self._list_unknown(left) if each.name not in self._accepted]
        # what was set since, by a person or by a statement that ran again, is not lost
        lost = [
            describe_lost(key, past, left, io.shell)
            for key in find_lost_keys(state, past, self._is_active)
            if state.definitions.get(key) == self._restored.get(key)
        ]
        if self.unseen is not None:
            lost += find_unseen(self.unseen, left, io.shell, io.shell_state.names)
        if io.is_elsewhere:
            name = f"the folder `{past.shown_cwd}`: another one has its name now"
            lost.insert(0, LostThing(name, (), is_everywhere=True))
        return [each for each in lost if each.name not in self._accepted]

    def _list_unknown(self, left: Sequence[PlanItem]) -> list[LostThing]:
        """Return what statements have changed in a shell that cannot report its state."""
        plan, done, io = self.dialog.plan, self.dialog.log.state.done, self.io
        items = [
            item
            for item in plan.items
            if item.statement
            and (done.get(item.where) == ItemStatus.OK or item is self.unseen)
            and plan.find_host(item) == io.host
            and item.where not in plan.places.inside
        ]
        things = [each for item in items for each in find_unreported(item, left, io.shell)]
        return list({each.name: each for each in things}.values())


def _is_set_again(thing: LostThing, texts: str) -> bool:
    """Return whether statements that run again mention something by its name."""
    return thing.word != "" and thing.word in texts


def _describe(things: Sequence[LostThing]) -> str:
    return "did not come back with the shell: " + "; ".join(str(each) for each in things)
