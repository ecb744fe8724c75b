"""Asks a person questions at a terminal, and returns the answers."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence

from ..document.model import Runbook, Statement
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
from ..plan.builder import items_of
from ..plan.model import Plan, PlanItem
from ..plan.variables import find_needed_variables
from ..system.signals import watch_signals
from ..text.ansi import escape_unprintable
from ..text.display import clip, count_columns, fold, pad, wrap
from .editor import open_editor
from .failure_advice import advise_on_failure
from .page_watch import PageWatch
from .prompts import FindEnd, Piece, ask_key, ask_row, watch_for_end
from .reporter import TerminalReporter
from .text_questions import TextQuestions

_KEYS = {
    "enter": ("enter", "run"),
    "d": ("d", "done"),
    "n": ("n", "done, with a note"),
    "y": ("y", "yes, run it"),
    "r": ("r", "retry"),
    "w": ("w", "wait"),
    "v": ("v", "other value"),
    "s": ("s", "skip"),
    "e": ("e", "edit"),
    "!": ("!", "shell"),
    "q": ("q", "quit"),
    "h": ("h", "it happened"),
    "a": ("a", "run it again"),
    "c": ("c", "count it as done"),
}

_MEANING = {
    "enter": "run",
    "y": "run",
    "d": "done",
    "r": "retry",
    "w": "repeat",
    "s": "skip",
    "v": "values",
    "!": "shell",
    "q": "quit",
    "h": "done",
    "a": "again",
    "c": "done",
}

_NEW = (
    "The page has changed since the run got past here. This statement is new, was moved, or ran with "
    "another text."
)

_TITLE, _LINES = 44, 6  # columns of a procedure's title, and lines of an alternative, at most


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
    texts, page = TextQuestions(terminal, colour), PageWatch(terminal)
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
        if away and isinstance(question, AfterFailure):
            terminal.show_statement(question.item, question.text)
            terminal.write_line()
            terminal.write_line(
                f"  {terminal.paint('✗', 'red', 'bold')}  {escape_unprintable(question.problem)}"
            )
        with watch_for_end(find_end):
            answer = _ask(question, terminal, texts, colour, replan)
        away = answer.choice == "shell"
        if away:
            terminal.write_line()
            terminal.write_line("  the same shell as the page's; ^D or `exit` comes back here")
            terminal.write_line()
            terminal.reset_statement()
        if isinstance(question, Confirmation | NewStatement | Reentry) and answer.choice == "run":
            terminal.write_line("  › yes")
            confirmed = (question.item, question.text)
        return answer

    return ask


def choose_procedure(runbook: Runbook, width: int, colour: bool) -> str:
    """Ask a person which procedure of a page to run, and return its anchor; dangerous ones come last.

    "" is the whole page, which is offered if nothing in it is dangerous. Raises KeyboardInterrupt if the
    person picks none.
    """
    procedures = sorted(runbook.procedures, key=lambda procedure: procedure.dangerous)
    counts = [sum(1 for item in items_of(each) if item.statement) for each in procedures]
    choices = [(each.anchor, each.title, f"line {each.span.line}", each.dangerous) for each in procedures]
    if runbook.is_sequence:
        choices.append(("", "All of it, in order", "", False))
        counts.append(sum(counts))
    room = min(
        _TITLE, max(count_columns(escape_unprintable(title)) for _, title, _, _ in choices), width - 34
    )
    rows: list[list[Piece]] = []
    for (_, title, place, dangerous), count in zip(choices, counts, strict=True):
        facts = f"{place:<10} {count} statement{'s' * (count != 1)}"
        name = pad(clip(escape_unprintable(title), room), room)
        rows.append([("bold", name), ("", f"   {facts}"), ("fg:ansiyellow", "  not routine" * dangerous)])
    number = f"{len(procedures)} procedure{'s' * (len(procedures) != 1)}"
    why = f" It does not run by itself: {runbook.why_none}." if runbook.why_none else ""
    about = "\n".join(f"  {line}" for line in wrap(f"{runbook.path} has {number}.{why}", width - 4))
    above = [("", "\n  "), ("bold", runbook.title), ("", f"\n{about}")]
    try:
        picked = ask_row(above, rows, {"q": _KEYS["q"]}, width, colour)
    except EOFError:
        raise KeyboardInterrupt from None
    if isinstance(picked, str):
        raise KeyboardInterrupt
    return choices[picked][0]


def confirm_action(what: str, width: int) -> bool:
    """Ask a person to agree to something, and return whether they do."""
    try:
        return ask_key({"y": ("y", what), "q": _KEYS["q"]}, "›", width, not os.environ.get("NO_COLOR")) == "y"
    except (KeyboardInterrupt, EOFError):
        return False


def _ask(
    question: Question,
    terminal: TerminalReporter,
    texts: TextQuestions,
    colour: bool,
    replan: Callable[[], Plan | Sequence[str]],
) -> Answer:
    def pick(keys: str, right: str | None = None) -> Answer:
        chosen = {key: _KEYS[key] for key in keys.split() if key != "v" or has_values}
        while True:
            key = ask_key(chosen, _place(terminal, question.item) if right is None else right, width, colour)
            if key != "n":
                return _answer_key(key, question, terminal, colour, replan)
            if (note := texts.ask_for_note(question.item)) is not None:
                return Answer("done", note=note)

    item, width = question.item, terminal.width
    has_values = bool(item.placeholders or find_needed_variables(item, terminal.plan.procedure.shell))
    try:
        match question:
            case BeforeStatement():
                terminal.show_statement(item, question.text)
                return pick("enter v s e ! q")
            case Confirmation() | Reentry():
                terminal.show_statement(item, question.text)
                terminal.write_line()
                terminal.write_wrapped(question.question, "bold", "yellow")
                return pick("y s e ! q")
            case ManualStep():
                terminal.show_manual_step(item)
                return pick("d n s e ! q", "›")
            case TypedStatement():
                terminal.show_statement(item, question.text)
                terminal.write_line()
                asked = f"This line is for `{escape_unprintable(question.program)}`. Did you type it there?"
                terminal.write_wrapped(asked, "bold", "yellow")
                return pick("d s e ! q")
            case NewStatement():
                terminal.show_statement(item, question.text)
                terminal.write_line()
                terminal.write_wrapped(_NEW, "bold", "yellow")
                return pick("y c s e ! q")
            case Doubt():
                _doubt(question, terminal)
                return pick("h a ! q", "›")
            case AfterFailure():
                first = advise_on_failure(question, terminal)
                return pick(f"{'c ' * question.may_count}{first} v s e ! q" if question.alive else "q")
            case LostState():
                return _accept_loss(question, terminal, colour)
            case SecretLoss():
                return _confirm_loss(question, terminal, colour)
            case Alternatives():
                key = _alternative(question, terminal, colour)
                return (
                    key if isinstance(key, Answer) else _answer_key(key, question, terminal, colour, replan)
                )
            case ValueNeeded():
                key = _value(question, terminal, texts, colour)
                return (
                    key if isinstance(key, Answer) else _answer_key(key, question, terminal, colour, replan)
                )
    except (KeyboardInterrupt, EOFError):
        return Answer("quit")


def _place(terminal: TerminalReporter, item: PlanItem) -> str:
    """Return the number of a statement and how many there are."""
    items = [each for each in terminal.plan.items if each.statement is not None]
    here = next((n for n, each in enumerate(items, 1) if each.where >= item.where), len(items))
    return f"{here} of {len(items)} ›"


def _answer_key(
    key: str,
    question: Question,
    terminal: TerminalReporter,
    colour: bool,
    replan: Callable[[], Plan | Sequence[str]],
) -> Answer:
    """Return the answer that a key means."""
    if key == "e":
        return _edit(question.item, terminal, colour, replan)
    return Answer(_MEANING[key])


def _value(
    question: ValueNeeded, terminal: TerminalReporter, texts: TextQuestions, colour: bool
) -> Answer | str:
    """Ask for a value, and return it or another key."""
    while (value := texts.ask_for_value(question)) is None:
        if question.present:
            return Answer("back")
        keys = {"enter": ("enter", f"give {question.label}"), **{k: _KEYS[k] for k in "se!q"}}
        key = ask_key({**keys, "esc": ("esc", "back")}, "›", terminal.width, colour)
        if key not in ("enter", "esc"):
            return key
    return Answer("value", value=value)


def _confirm_loss(question: SecretLoss, terminal: TerminalReporter, colour: bool) -> Answer:
    names = " and ".join(f"<{name}>" for name in question.names)
    loss = f"If you quit now, you lose {names}: this machine has no safe place to keep it for a later resume."
    terminal.write_line()
    terminal.write_wrapped(loss, "bold", "yellow")
    keys = {"q": ("q", "quit and lose it"), "esc": ("esc", "back")}
    return Answer("quit" if ask_key(keys, "›", terminal.width, colour) == "q" else "back")


def _accept_loss(question: LostState, terminal: TerminalReporter, colour: bool) -> Answer:
    terminal.write_line()
    terminal.write_wrapped("The shell did not come back whole. It has lost:", "bold", "yellow")
    for thing in question.things:
        terminal.write_wrapped(f"- {escape_unprintable(thing)}", indent=4)
    keys = {"y": ("y", "continue without it"), "!": _KEYS["!"], "q": _KEYS["q"]}
    return Answer(_MEANING[ask_key(keys, "›", terminal.width, colour)])


def _doubt(question: Doubt, terminal: TerminalReporter) -> None:
    terminal.show_statement(question.item, question.text)
    terminal.write_line()
    terminal.write_wrapped("This was running when the run died, and nobody saw it end.", "bold", "yellow")
    printed = question.output.strip("\n")
    if printed:
        terminal.write_wrapped("It had printed:")
        terminal.write_code(printed, "dim")
    else:
        terminal.write_wrapped("It had printed nothing.")


def _alternative(question: Alternatives, terminal: TerminalReporter, colour: bool) -> Answer | str:
    """Ask for an alternative, and return it or another key."""
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
    keys = {key: _KEYS[key] for key in "se!q"}
    above = [("", "\n  "), ("bold", f"{len(rows)} alternatives; one of them is to be run.")]
    picked = ask_row(above, rows, keys, terminal.width, colour)
    if isinstance(picked, str):
        return picked
    return Answer("choose", value=str(picked + 1))


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
                f"cannot start the editor: {reason(error)}; set EDITOR to one that is there", "yellow"
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
        if ask_key({key: _KEYS[key] for key in "eq"}, "›", terminal.width, colour) == "q":
            return Answer("quit")
