"""Keeps the shells that the statements of a run have opened, and runs statements in the innermost."""

from __future__ import annotations

from collections.abc import Iterator

from ...light_classes import NamedTuple, dataclass, field
from ...plan.model import Places, PlanItem
from ...plan.places import describe_path, name_shell
from ..bindings import FilledStatement
from ..ports import Done, LiveShell, Message, Nesting


class EnteredShell(NamedTuple):
    """A shell that a statement has opened, and where it runs, such as `on web1`; secrets are masked."""

    opener: PlanItem
    place: str

    @property
    def text(self) -> str:
        """Return the statement that has opened it, as written on the page."""
        return self.opener.statement.text if self.opener.statement else ""


@dataclass(slots=True)
class ShellStack:
    """The shells that are open inside the run's own `shell`; without `nesting` there are none."""

    shell: str
    session: LiveShell
    nesting: Nesting | None
    entered: list[EnteredShell] = field(default_factory=list)

    @property
    def inside(self) -> str:
        """Return where the innermost shell runs, such as `as root on web1`; "" for the run's own."""
        return describe_path(each.place for each in self.entered) if self.entered else ""

    def run(
        self, places: Places, item: PlanItem, filled: FilledStatement, timeout: float | None
    ) -> Iterator[Message]:
        """Run a statement, which may open or leave a shell; `timeout` is in seconds."""
        nesting = self.nesting
        if nesting is None:
            yield from self.session.run(filled.code, timeout)
            return
        run = self.session.run
        if places.is_followed(item.where):
            run = nesting.open_shell
        elif self.entered and item.where in places.leaves:
            run = nesting.leave_shell
        for message in run(filled.code, timeout):
            if isinstance(message, Done) and nesting.depth != len(self.entered):
                self._count_shells(nesting, item, filled.shown)
            yield message

    def leave(self, timeout: float) -> Iterator[Message]:
        """Leave the innermost shell."""
        if self.nesting is not None and self.entered:
            item = self.entered[-1].opener
            yield from self.nesting.leave_shell(b"exit", timeout)
            self._count_shells(self.nesting, item, "")

    def _count_shells(self, nesting: Nesting, item: PlanItem, shown: str) -> None:
        """Note which shells are open, after a statement."""
        if nesting.depth > len(self.entered):
            self.entered.append(EnteredShell(item, name_shell(shown, self.shell)))
        del self.entered[nesting.depth :]
