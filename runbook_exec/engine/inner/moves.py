"""Takes a run into the shells that statements open, and out of them, as the next statement needs."""

from __future__ import annotations

from collections.abc import Callable, Generator

from ...light_classes import dataclass
from ...plan.model import ItemId, Opener, Places, PlanItem
from ...plan.places import list_lines
from ...text.lazy_pattern import LazyPattern
from ..dialog import Dialog
from ..events import Event, Outcome, StatementStarted
from ..ports import Done, OutputChunk, Stop, require_done
from ..questions import Choice, Reentry, TypedStatement
from ..restoration import run_quietly, write_cd
from ..shell_io import ShellIO, place_of

_PLAIN = LazyPattern(r"[\w@%+=:,./ -]*")  # values that all shells write and read alike

_LEAVING = 10.0  # seconds that a shell may take to end


@dataclass(slots=True)
class InnerShells:
    """Moves a run between shells; `run_attempts` runs a statement until it succeeds or is given up."""

    dialog: Dialog
    io: ShellIO
    run_attempts: Callable[[PlanItem], Generator[Event]]
    lost_inside: str = ""  # where the last statement of a resumed run ran
    lost_cwd: str = ""  # the working directory there

    @property
    def _places(self) -> Places:
        return self.dialog.plan.places

    def move_to(self, item: PlanItem) -> Generator[Event, None, bool]:
        """Make the shell of a statement the innermost one; return False if the operator declines that."""
        if self.io.context.nesting is None:
            return True
        path = self._places.inside.get(item.where, ())
        if not path and not self.io.stack.entered:
            return True
        yield from self._leave_shells(self._count_common(path))
        for where in path[len(self.io.stack.entered) :]:
            agrees = yield from self._enter(self._places.openers[where], item)
            if not agrees:
                return False
        self._require_same_quoting(item)
        return True

    def _count_common(self, path: tuple[ItemId, ...]) -> int:
        """Return how many of the open shells are those of a path."""
        count = 0
        for where, entered in zip(path, self.io.stack.entered, strict=False):
            statement = self._places.openers[where].item.statement
            if statement is None or statement.text != entered.text:
                break
            count += 1
        return count

    def _leave_shells(self, keep: int) -> Generator[Event]:
        """Leave the innermost shells, all but the first `keep`, and report that as statements.

        Raises Stop if one does not end.
        """
        io = self.io
        while len(io.stack.entered) > keep:
            inside, opener = io.stack.inside, io.stack.entered[-1].opener
            at = {**place_of(opener), "statement": 0}
            yield io.log.make_event(StatementStarted, text="exit", inside=inside, **at)
            began = io.context.clock()
            done: Done | None = None
            for message in io.stack.leave(_LEAVING):
                if isinstance(message, OutputChunk):
                    yield from io.emit_output(opener, message.data, typed=True)
                elif isinstance(message, Done):
                    done = message
            yield from io.flush_output(opener, typed=True)
            done = require_done(done)
            problem = f"the shell {inside} did not end" if done.status or done.ended else ""
            yield io.make_finished(done, io.context.clock() - began, problem, at, inside=inside)
            if problem:
                raise Stop(Outcome.FAILED, problem)
            io.context.notice(f"Left the shell {inside}.")

    def _enter(self, opener: Opener, item: PlanItem) -> Generator[Event, None, bool]:
        """Ask whether to run a statement again that opens a shell, and run it."""
        depth = len(self.io.stack.entered)
        while len(self.io.stack.entered) == depth:
            text = self.dialog.shown_text(opener.item)
            first = text.split("\n")[0]
            asked = (
                f"Line {item.line} runs {opener.place}, in the shell that line {opener.item.line} opens, and "
                f"no such shell is open. Here, it would run on {self.io.context.place}. "
                f"Run `{first}` now?"
            )
            if self.lost_inside:
                asked += " Its variables and functions are lost; its working directory comes back."
            answer = yield from self.dialog.ask_operator(Reentry(opener.item, text, asked), "enter")
            if answer.choice == Choice.EDIT:
                return False
            if answer.choice == Choice.SKIP:
                yield self.dialog.make_answered(item, "enter", "skip", f"not {opener.place}")
                return False
            yield from self.dialog.fill_placeholders(opener.item)
            yield from self.run_attempts(opener.item)
        if self.lost_inside and self.io.stack.inside == self.lost_inside:
            self._restore_cwd()
        return True

    def _restore_cwd(self) -> None:
        """Go back to the folder in which the last statement of a resumed run has left its shell."""
        nesting, cwd = self.io.context.nesting, self.lost_cwd
        self.lost_inside = self.lost_cwd = ""
        if nesting is None or not cwd:
            return
        done = run_quietly(self.io.session, write_cd(nesting.inner_shell, cwd))
        if done.status or done.cwd != cwd:
            raise Stop(
                Outcome.WAITING, f"cannot go back to `{cwd}` {self.io.stack.inside}, where the shell was"
            )

    def _require_same_quoting(self, item: PlanItem) -> None:
        """Raise Stop if a value was written for another shell than the one that will read it."""
        nesting = self.io.context.nesting
        inner, outer = nesting.inner_shell if nesting else "", self.io.shell
        if not inner or inner == outer:
            return
        for placeholder in item.placeholders:
            value = self.io.bindings.values.get(placeholder.name)
            if value is None or _PLAIN.fullmatch(value.text):
                continue
            if "fish" in (inner, outer) or not value.text.isprintable():
                raise Stop(
                    Outcome.FAILED,
                    f"line {item.line}: the value of {placeholder.text} is written for {outer}, and the "
                    f"{inner} {self.io.stack.inside} may read it in another way. "
                    "Use a value without quotes and other special characters",
                )

    def show_lines(self, item: PlanItem) -> None:
        """Show the operator what to type into the program that a statement starts, before it starts."""
        plan = self.dialog.plan
        opener = plan.places.openers.get(item.where)
        if opener is None or self.io.context.nesting is None:
            return
        lines = list(list_lines(plan.places, {each.where: each for each in plan.items}, item.where))
        if lines:
            program = opener.program
            shown = "\n".join(self.io.bindings.mask(line) for line in lines)
            self.io.context.notice(f"Type these lines into {program}:\n{shown}")

    def ask_typed(self, item: PlanItem) -> Generator[Event]:
        """Ask whether a statement was typed into the program that it is for."""
        program = self._places.openers[self._places.typed[item.where]].program
        question = TypedStatement(item, self.dialog.shown_text(item), program)
        yield from self.dialog.ask_operator(question, "manual")
