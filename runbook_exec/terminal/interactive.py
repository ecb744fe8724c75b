"""Asks a person questions at a terminal, and returns the answers."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence

from ..document.model import Statement
from ..engine.questions import (
    AfterFailure,
    Alternatives,
    Answer,
    Ask,
    BeforeStatement,
    Confirmation,
    Doubt,
    LostState,
    ManualStep,
    NewStatement,
    Question,
    Reentry,
    SecretLoss,
    TypedStatement,
    ValueNeeded,
)
from ..errors import reason
from ..plan.model import Plan, PlanItem
from ..plan.variables import find_needed_variables
from ..system.signals import watch_signals
from ..text.ansi import escape_unprintable, flatten_output
from ..text.display import clip, fold
from .editor import open_editor
from .failure_advice import advise_on_failure
from .going_back import ask_where_to_return, describe_earlier_run, has_earlier_items
from .key_line import Piece
from .keys import MEANING, NO_LABELS, advise_on_enter, explain_keys, pick_keys
from .page_watch import PageWatch
from .prompts import FindEnd, ask_key, ask_row, watch_for_end
from .reporter import TerminalReporter
from .step_view import format_counter
from .text_questions import TextQuestions

_NEW = (
    "The page has changed since the run got past here. This statement is new, was moved, or ran with "
    "another text."
)

# the questions at which a person may go back to an earlier statement
_RETURNABLE = BeforeStatement | Confirmation | ManualStep | NewStatement | AfterFailure | ValueNeeded

_LINES = 6  # lines of an alternative, at most


def create_asker(
    terminal: TerminalReporter,
    colour: bool,
    replan: Callable[[], Plan | Sequence[str]],
    find_end: FindEnd | None = None,
) -> Ask:
    """Return a function that asks a person, until `find_end` returns an exception to raise.

    `replan` reads the document again, or returns its problems. After SIGTERM or SIGHUP the person is not
    asked: the answer to each question is quit.
    """
    told_to_end = watch_signals(signal.SIGTERM, signal.SIGHUP)
    questions = _Questions(terminal, colour, replan)
    page = PageWatch(terminal)
    away = False  # the person was in the shell, and the question has scrolled away
    confirmed: tuple[PlanItem, str] | None = None  # the statement that "yes, run it" has just confirmed

    def ask(question: Question) -> Answer:
        nonlocal away, confirmed
        if told_to_end():
            return Answer("quit")
        said, confirmed = confirmed, None
        if isinstance(question, BeforeStatement) and said == (question.item, question.text):
            return Answer("run")
        page.report_change()
        with watch_for_end(find_end):
            answer = questions.wait_for_reader(question)
            if answer is None:
                if away and isinstance(question, AfterFailure):
                    _show_failure_again(terminal, question)
                answer = questions.ask(question)
        away = answer.choice == "shell"
        if away:
            terminal.write_line()
            terminal.write_wrapped("Same shell as the runbook. ^D or `exit` to return.")
            terminal.write_line()
            terminal.reset_statement()
        if isinstance(question, Confirmation | NewStatement | Reentry) and answer.choice == "run":
            terminal.write_line("  › yes")
            confirmed = (question.item, question.text)
        if isinstance(question, NewStatement) and question.has_run and answer.choice == "done":
            terminal.kept = question.item
        return answer

    return ask


def _show_failure_again(terminal: TerminalReporter, question: AfterFailure) -> None:
    terminal.show_statement(question.item, question.text)
    terminal.write_line()
    terminal.write_line(f"  {terminal.paint('✗', 'red', 'bold')}  {escape_unprintable(question.problem)}")


class _Questions:
    """Puts the questions of a run on the screen, and returns the answers of the keys."""

    def __init__(
        self, terminal: TerminalReporter, colour: bool, replan: Callable[[], Plan | Sequence[str]]
    ) -> None:
        self._terminal = terminal
        self._colour = colour
        self._replan = replan
        self._texts = TextQuestions(terminal, colour)

    def wait_for_reader(self, question: Question) -> Answer | None:
        """Wait until the person has read what the page says before this question, if it says anything.

        Returns the answer to the question if the person does something else first.
        """
        unread = self._terminal.take_unread()
        if unread is None:
            return None
        can_return = isinstance(question, _RETURNABLE) and has_earlier_items(self._terminal, question.item)
        others = "!bq" if can_return else "!q"
        keys = {"enter": ("enter", unread.enter), **pick_keys(others)}
        explained = {"enter": "you have read this; nothing runs before you are asked", **explain_keys(others)}
        place = f"{format_counter(self._terminal.plan, unread.where.step)} ›" if unread.where else "›"
        try:
            while True:
                key = ask_key(keys, place, self._colour, explained)
                if key == "enter":
                    return None
                if (answer := self._answer(key, question)) is not None:
                    return answer
        except (KeyboardInterrupt, EOFError):
            return Answer("quit")

    def ask(self, question: Question) -> Answer:
        """Show the question, and return the person's answer."""
        terminal, item = self._terminal, question.item
        try:
            match question:
                case BeforeStatement():
                    terminal.show_statement(item, question.text)
                    return self._pick("enter v s e ! q", question)
                case Confirmation() | Reentry():
                    _show_question(terminal, item, question.text, question.question)
                    return self._pick("y s e ! q", question)
                case ManualStep():
                    terminal.show_manual_step(item)
                    return self._pick("d n s e ! q", question)
                case TypedStatement():
                    asked = (
                        f"This line is for `{escape_unprintable(question.program)}`. Did you type it there?"
                    )
                    _show_question(terminal, item, question.text, asked)
                    return self._pick("d s e ! q", question)
                case NewStatement():
                    asked = describe_earlier_run(terminal, item) if question.has_run else _NEW
                    _show_question(terminal, item, question.text, asked)
                    if question.has_run:
                        return self._pick("y c e ! q", question, {"y": "run again", "c": "keep it"})
                    return self._pick("y c s e ! q", question)
                case Doubt():
                    _doubt(question, terminal)
                    return self._pick("h a ! q", question)
                case AfterFailure():
                    first = advise_on_failure(question, terminal)
                    keys = f"{'c ' * question.may_count}{first} v s e ! q" if question.alive else "q"
                    return self._pick(keys, question)
                case LostState():
                    return _accept_loss(question, terminal, self._colour)
                case SecretLoss():
                    return _confirm_loss(question, terminal, self._colour)
                case Alternatives():
                    return self._choose_alternative(question)
                case ValueNeeded():
                    return self._give_value(question)
        except (KeyboardInterrupt, EOFError):
            return Answer("quit")

    def _pick(self, keys: str, question: Question, labels: Mapping[str, str] = NO_LABELS) -> Answer:
        """Wait for one of the keys, and for `b` if the run can go back.

        `labels` are what the bar says instead of the usual words. At a statement that has run, `n` means `c`.
        """
        item = question.item
        has_values = bool(
            item.placeholders or find_needed_variables(item, self._terminal.plan.procedure.shell)
        )
        chosen = [key for key in keys.split() if key != "v" or has_values]
        advice = "" if chosen[0] == "enter" else advise_on_enter(chosen, labels)
        if isinstance(question, _RETURNABLE) and has_earlier_items(self._terminal, item):
            chosen.insert(-1, "b")
        place = f"{format_counter(self._terminal.plan, item.where.step)} ›"
        also = "n" if isinstance(question, NewStatement) and question.has_run else ""
        shown, explained = pick_keys(chosen, labels), explain_keys(chosen)
        while True:
            key = ask_key(shown, place, self._colour, explained, on_enter=advice, optional="b", also=also)
            if (answer := self._answer("c" if key in also else key, question)) is not None:
                return answer

    def _answer(self, key: str, question: Question) -> Answer | None:
        """Return the answer that a key means; None if the person takes it back."""
        terminal = self._terminal
        if key == "n":
            note = self._texts.ask_for_note(question.item)
            return None if note is None else Answer("done", note=note)
        if key == "e":
            return _edit(question.item, terminal, self._colour, self._replan)
        if key == "b":
            return ask_where_to_return(terminal, question.item, self._colour)
        return Answer(MEANING[key])

    def _choose_alternative(self, question: Alternatives) -> Answer:
        """Ask for an alternative, and return it or the answer of another key."""
        rows = _list_alternatives(question, self._terminal)
        above = [("", "\n  "), ("bold", f"{len(rows)} alternatives. Choose the one to run.")]
        while True:
            picked = ask_row(above, rows, pick_keys("se!q"), self._colour)
            if not isinstance(picked, str):
                return Answer("choose", value=str(picked + 1))
            if (answer := self._answer(picked, question)) is not None:
                return answer

    def _give_value(self, question: ValueNeeded) -> Answer:
        """Ask for a value, and return it or the answer of another key."""
        place = f"{format_counter(self._terminal.plan, question.item.where.step)} ›"
        while (value := self._texts.ask_for_value(question)) is None:
            if question.present:
                return Answer("back")
            others = "se!bq" if has_earlier_items(self._terminal, question.item) else "se!q"
            keys = {"enter": ("enter", f"give {question.label}"), **pick_keys(others)}
            explained = {"enter": f"type or pick a value for {question.label}", **explain_keys(others)}
            explained["esc"] = "the same as enter"
            key = ask_key(keys, place, self._colour, explained, optional="b")
            if key in ("enter", "esc"):
                continue
            if (answer := self._answer(key, question)) is not None:
                return answer
        return Answer("value", value=value)


def _show_question(terminal: TerminalReporter, item: PlanItem, text: str, asked: str) -> None:
    terminal.show_statement(item, text)
    terminal.write_line()
    terminal.write_wrapped(asked, "bold", "yellow")


def _confirm_loss(question: SecretLoss, terminal: TerminalReporter, colour: bool) -> Answer:
    names = " and ".join(f"<{name}>" for name in question.names)
    loss = f"If you quit now, you lose {names}: this machine has no safe place to keep it for a later resume."
    terminal.write_line()
    terminal.write_wrapped(loss, "bold", "yellow")
    keys = {"q": ("q", "quit and lose it"), "esc": ("esc", "back")}
    return Answer("quit" if ask_key(keys, "›", colour) == "q" else "back")


def _accept_loss(question: LostState, terminal: TerminalReporter, colour: bool) -> Answer:
    terminal.write_line()
    terminal.write_wrapped("The shell did not come back whole. It has lost:", "bold", "yellow")
    for thing in question.things:
        terminal.write_wrapped(f"- {escape_unprintable(thing)}", indent=4)
    keys = {"y": ("y", "continue without it"), **pick_keys("!q")}
    return Answer(MEANING[ask_key(keys, "›", colour, on_enter="press y to continue without it")])


def _doubt(question: Doubt, terminal: TerminalReporter) -> None:
    terminal.show_statement(question.item, question.text)
    terminal.write_line()
    terminal.write_wrapped(
        "This was running when the run was killed. It may have happened, or not.", "bold", "yellow"
    )
    printed = flatten_output(question.output).strip("\n")
    if printed:
        terminal.write_wrapped("It had printed:")
        terminal.write_code(printed, "dim")
    else:
        terminal.write_wrapped("It had printed nothing.")


def _list_alternatives(question: Alternatives, terminal: TerminalReporter) -> list[list[Piece]]:
    """Show what comes before the alternatives, and return a row for each."""
    block = question.item.block
    statements: tuple[Statement, ...] = block.statements if block and question.group <= 0 else ()
    terminal.show_statement(question.item, "\n".join(s.text for s in statements if not s.alternative))
    rows: list[list[Piece]] = []
    for label, text in zip(question.labels, question.texts, strict=True):
        lines = fold(text, terminal.width - 9) if text else []
        if len(lines) > _LINES:
            lines = [*lines[: _LINES - 1], "…"]
        if question.group > 0 or not lines:
            lines.insert(0, clip(label, terminal.width - 9))
        first, *more = lines
        below = "".join(f"\n{' ' * 7}{line}" for line in more)
        rows.append([("bold", first), ("" if question.group > 0 else "bold", below)])
    return rows


def _edit(
    item: PlanItem, terminal: TerminalReporter, colour: bool, replan: Callable[[], Plan | Sequence[str]]
) -> Answer:
    """Let the person edit the document at the item's line, until it can be run or they quit."""
    while True:
        runbook = terminal.plan.runbook
        try:
            open_editor(runbook.path, item.line)
        except OSError as error:
            terminal.write_line()
            terminal.write_wrapped(
                f"cannot start the editor: {reason(error)}; set EDITOR to an editor that is installed",
                "yellow",
            )
            return Answer("edit")
        plan = replan()
        if isinstance(plan, Plan):
            changed = plan.runbook.digest != runbook.digest
            terminal.plan = plan
            terminal.write_line()
            terminal.write_line(
                "  the page was edited and read again" if changed else "  the page is as it was"
            )
            terminal.reset_statement()
            return Answer("edit", plan=plan, note=f"the document now has the digest {plan.runbook.digest}")
        terminal.write_line()
        terminal.write_line("  " + terminal.paint("The page cannot be run as it is now:", "bold"))
        for line in plan:
            terminal.write_line("  " + line)
        if ask_key(pick_keys("eq"), "›", colour) == "q":
            return Answer("quit")
