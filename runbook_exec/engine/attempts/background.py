"""Runs statements that do not end by themselves in shells of their own, beside that of the run."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from ...light_classes import dataclass, field
from ...masking.masker import Masker
from ...plan.endless import runs_in_background
from ...plan.model import Plan, PlanItem
from ...shells.registry import SHELLS
from ...shells.snapshot import ShellState, StateChange, diff_snapshots
from ...text.ansi import strip_ansi
from ..events import Event
from ..expectations import TAIL_SIZE
from ..hosts.shell_pool import ShellPool
from ..ports import BackgroundShell, Done, Message, OutputChunk, PastShell, RunContext, Silence
from ..restoration import enter_folder, restore_definitions, run_quietly
from ..shell_io import ShellIO, place_of
from .background_events import BackgroundEnded, BackgroundOutput

READY_WITHIN = 300.0  # seconds that a statement with `until` may take to print it

_STARTED = 1.0  # seconds after which a statement without `until` counts as started


@dataclass(slots=True)
class BackgroundStatement:
    """A statement that goes on while the run does."""

    item: PlanItem
    shell: BackgroundShell
    began: float  # a moment of the clock
    masker: Masker = field(default_factory=Masker)

    def take_output(self, masker: Masker, *, is_over: bool) -> str:
        """Return what it has printed since the last call, masked; `masker` has the secrets of the run."""
        known = dict.fromkeys((*masker.declared_values(), *(token for _, token in masker.seen_tokens())))
        for value in known:
            self.masker.add(value)
        data = self.masker.feed(self.shell.take_output())
        if is_over:
            data += self.masker.flush(final=True)
        return data.decode("utf-8", "surrogateescape")


@dataclass(slots=True)
class Backgrounds:
    """The statements of a run that go on in the background."""

    shells: ShellPool
    context: RunContext
    running: list[BackgroundStatement] = field(default_factory=list)

    @property
    def io(self) -> ShellIO:
        """Return the shell of this machine."""
        return self.shells.get("")

    def takes(self, plan: Plan, item: PlanItem) -> bool:
        """Return whether a statement runs in a shell of its own.

        One that runs until it is ended does if somebody is there to send it to the background.
        """
        if not (item.annotation.background or item.where in plan.endless):
            return False
        if self.context.open_shell is None or plan.find_host(item) or not plan.places.is_here(item.where):
            return False
        is_attended = bool(self.context.terminal)
        return runs_in_background(item, plan.endless) or (is_attended and item.where in plan.endless)

    def run(self, plan: Plan, item: PlanItem, code: bytes) -> Iterator[Message]:
        """Run a statement in a shell of its own, until it ends or goes on in the background."""
        open_shell = self.context.open_shell
        if open_shell is None:
            raise RuntimeError("there is no shell for a statement in the background")
        shell = open_shell(self.io.shell)
        state, cwd = yield from self._prepare(shell)
        goes_on = runs_in_background(item, plan.endless)
        clock, began = self.context.clock, self.context.clock()
        until = item.annotation.until if goes_on else None
        timeout = item.annotation.timeout or plan.timeout
        limit = (timeout or READY_WITHIN) if until else _STARTED
        printed = ""
        messages = shell.run(code, None if goes_on else timeout)
        for message in messages:
            if isinstance(message, Done):
                self._bring_back(shell, state, message, cwd)
                shell.close()
                yield message
                return
            yield message
            if until and isinstance(message, OutputChunk):
                printed = (printed + message.data.decode("utf-8", "replace"))[-TAIL_SIZE:]
            is_over = clock() - began >= limit
            is_ready = until is not None and until in strip_ansi(printed).replace("\r\n", "\n")
            if shell.is_sent_away or is_ready or (goes_on and not until and is_over):
                _close(messages)
                shell.leave()
                self.running.append(BackgroundStatement(item, shell, began))
                yield Done(0, (0,), cwd, is_in_background=True)
                return
            if until and is_over:
                _close(messages)
                shell.leave()
                shell.ask_to_end()
                shell.wait_for_end()
                shell.close()
                yield Done(0, (0,), cwd, unready_after=limit)
                return

    def _prepare(self, shell: BackgroundShell) -> Generator[Message, None, tuple[ShellState, str]]:
        """Start a shell with the state of the run's; return its state and its working directory."""
        # nothing has run yet in the run's shell if its folder is not known
        cwd = self.io.kept.cwd or run_quietly(self.io.session, "true").cwd
        yield from (message for message in shell.start() if isinstance(message, Silence))
        state = ShellState(SHELLS[self.io.shell])
        state.update(shell.take_snapshot())
        change = diff_snapshots(state.definitions, self.io.shell_state.definitions)
        past = PastShell(change, cwd=cwd, shown_cwd=self.io.bindings.mask(cwd))
        enter_folder(shell, self.io.shell, past)
        restore_definitions(shell, state, past)
        return state, cwd

    def _bring_back(self, shell: BackgroundShell, state: ShellState, done: Done, cwd: str) -> None:
        """Give the run's shell what a statement has changed that has ended by itself or with ^C."""
        if done.ended:
            return
        before = state.definitions
        state.update(shell.take_snapshot())
        change = diff_snapshots(before, state.definitions)
        if code := state.build_restore_code(StateChange(change.made, change.gone)).passive:
            run_quietly(self.io.session, code)
        if done.cwd != cwd:
            enter_folder(self.io.session, self.io.shell, PastShell(cwd=done.cwd, shown_cwd=done.cwd))

    # while they run --------------------------------------------------------------------------------------

    def report(self) -> Generator[Event, None, list[tuple[PlanItem, int]]]:
        """Report what they have printed, and those that have ended; returns them with their statuses."""
        ended: list[tuple[PlanItem, int]] = []
        for each in tuple(self.running):
            status = each.shell.find_status()
            yield from self._report_output(each, is_over=status is not None)
            if status is not None:
                self.running.remove(each)
                each.shell.close()
                has_failed = status != 0 and not each.item.annotation.allow_failure
                problem = f"exited {status} in the background" if has_failed else ""
                yield self._make_ended(each, status, problem, with_run=False)
                ended.append((each.item, status))
        return ended

    def end_all(self) -> Iterator[Event]:
        """End them with the run, and report the last that they have printed."""
        yield from self.report()
        for each in self.running:
            each.shell.ask_to_end()
        for each in self.running:
            each.shell.wait_for_end()
            yield from self._report_output(each, is_over=True)
            each.shell.close()
            yield self._make_ended(each, each.shell.find_status() or 0, "", with_run=True)
        self.running.clear()

    def _report_output(self, statement: BackgroundStatement, *, is_over: bool) -> Iterator[Event]:
        if text := statement.take_output(self.io.bindings.masker, is_over=is_over):
            yield self.io.log.make_event(BackgroundOutput, text=text, **place_of(statement.item))

    def _make_ended(
        self, statement: BackgroundStatement, status: int, problem: str, *, with_run: bool
    ) -> BackgroundEnded:
        return self.io.log.make_event(
            BackgroundEnded,
            status=status,
            duration=round(self.context.clock() - statement.began, 3),
            problem=problem,
            with_run=with_run,
            **place_of(statement.item),
        )


def _close(messages: Iterator[Message]) -> None:
    """Stop an exchange in the middle: it gives the operator's terminal back."""
    if isinstance(messages, Generator):
        messages.close()
