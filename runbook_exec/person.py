"""Questions put to a person at a terminal, and their answers."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from .advice import section_for
from .plan import Item, Plan
from .prompts import ask_key, ask_line, ask_value
from .questions import (
    AfterFailure,
    Alternatives,
    Answer,
    Ask,
    BeforeStatement,
    Confirmation,
    ManualStep,
    Question,
    ValueNeeded,
)
from .terminal import Terminal

_KEYS = {
    "enter": ("enter", "run"),
    "d": ("d", "done"),
    "n": ("n", "done, with a note"),
    "y": ("y", "yes, run it"),
    "r": ("r", "retry"),
    "v": ("v", "other value"),
    "s": ("s", "skip"),
    "e": ("e", "edit the page"),
    "!": ("!", "shell"),
    "q": ("q", "quit"),
}
_MEANING = {
    "enter": "run",
    "y": "run",
    "d": "done",
    "r": "retry",
    "s": "skip",
    "v": "values",
    "!": "shell",
    "q": "quit",
}


def person(terminal: Terminal, colour: bool, replan: Callable[[], Plan | Sequence[str]]) -> Ask:
    """Answers that a person gives; `replan` reads the document again, and tells what is wrong with it."""

    def menu(keys: str, item: Item) -> str:
        chosen = {key: _KEYS[key] for key in keys.split() if key != "v" or item.placeholders}
        items = [i for i in terminal.plan.items if i.statement is not None]
        here = next((n for n, i in enumerate(items, 1) if i.where >= item.where), len(items))
        try:
            return ask_key(chosen, f"{here} of {len(items)} ›", terminal.width, colour)
        except (KeyboardInterrupt, EOFError):
            return "q"

    def simple(question: Question, keys: str) -> Answer:
        key = menu(keys, question.item)
        if key == "e":
            return _edit(question, terminal, replan)
        if key == "n":
            try:
                return Answer("done", note=ask_line("  note › ", colour))
            except (KeyboardInterrupt, EOFError):
                return Answer("done")
        return Answer(_MEANING[key])

    def ask(question: Question) -> Answer:
        item = question.item
        match question:
            case BeforeStatement():
                terminal.present(item, question.text)
                return simple(question, "enter v s e ! q")
            case Confirmation():
                terminal.present(item, question.text)
                terminal.say()
                terminal.say("  " + terminal.paint(question.question, "bold", "yellow"))
                return simple(question, "y s e ! q")
            case ManualStep():
                terminal.manual(item)
                return simple(question, "d n s e ! q")
            case AfterFailure():
                _advise(question, terminal)
                return simple(question, "r v s e ! q" if question.alive else "q")
            case Alternatives():
                return _alternative(question, terminal, colour)
            case ValueNeeded():
                return _value(question, terminal, colour)

    return ask


def _advise(question: AfterFailure, terminal: Terminal) -> None:
    sections = section_for(terminal.plan.runbook, question.output)
    if sections:
        trail = " › ".join(section.title for section in sections)
        terminal.say()
        terminal.wrapped(f"The page has a section for this, line {sections[-1].span.line}: {trail}", indent=5)


def _alternative(question: Alternatives, terminal: Terminal, colour: bool) -> Answer:
    terminal.present(question.item, question.item.block.code.rstrip("\n") if question.item.block else "")
    terminal.say()
    for number, label in enumerate(question.labels, 1):
        terminal.say(f"  {terminal.paint(str(number), 'bold')} {label}")
    keys = {str(n): (str(n), "") for n in range(1, len(question.labels) + 1)} | {
        "s": _KEYS["s"],
        "q": _KEYS["q"],
    }
    try:
        key = ask_key(keys, "which one? ›", terminal.width, colour)
    except (KeyboardInterrupt, EOFError):
        key = "q"
    return Answer(_MEANING[key]) if key in _MEANING else Answer("choose", value=key)


def _value(question: ValueNeeded, terminal: Terminal, colour: bool) -> Answer:
    terminal.present(question.item, question.text)
    told = "secret, will not be shown" if question.secret else ""
    if not told and question.offers:
        told = "pick one from the output above, or type it"
    terminal.say()
    terminal.say(f"  {terminal.paint(f'<{question.name}>', 'bold')}  {terminal.paint(told, 'dim')}".rstrip())
    if question.input and question.input.help:
        terminal.wrapped(question.input.help)
    if question.input and question.input.choices:
        terminal.wrapped("one of " + ", ".join(question.input.choices))
    if question.problem:
        terminal.wrapped(question.problem, "red")
    try:
        value = ask_value("", question.offers, secret=question.secret, text="", colour=colour)
    except (KeyboardInterrupt, EOFError):
        return Answer("quit")
    if value is None:
        return Answer("quit")
    shown = "•" * 8 if question.secret else value
    terminal.say(f"  › {shown}")
    return Answer("value", value=value)


def _edit(question: Question, terminal: Terminal, replan: Callable[[], Plan | Sequence[str]]) -> Answer:
    """Open the document at the question's line, and read it again, until it can be read or is given up."""
    item = question.item
    while True:
        path = terminal.plan.runbook.path
        try:
            subprocess.run(_editor(path, item.line), check=False)
        except OSError as error:
            terminal.say(f"  cannot start the editor: {error.strerror}; set EDITOR to one that is there")
            return Answer("edit")
        plan = replan()
        if isinstance(plan, Plan):
            terminal.plan = plan
            return Answer("edit", plan=plan, note=f"the document now has the digest {plan.runbook.digest}")
        for line in plan:
            terminal.say(line)
        try:
            key = ask_key({"e": _KEYS["e"], "q": _KEYS["q"]}, "›", terminal.width, False)
        except (KeyboardInterrupt, EOFError):
            key = "q"
        if key == "q":
            return Answer("quit")


def _editor(path: str, line: int) -> list[str]:
    """The operator's editor, opened at a line where we know how to say so."""
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    name = Path(words[0]).name
    if name in ("code", "codium", "code-insiders"):
        return [*words, "--wait", "--goto", f"{path}:{line}"]
    if name in ("hx", "helix", "zed", "subl"):
        return [*words, f"{path}:{line}"]
    if name in (
        "vi",
        "vim",
        "nvim",
        "nano",
        "micro",
        "emacs",
        "emacsclient",
        "kak",
        "mcedit",
        "joe",
        "pico",
        "ne",
    ):
        return [*words, f"+{line}", path]
    return [*words, path]
