"""Asking a person for one key, one line or one value. The only module that knows prompt_toolkit."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Size
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.layout.processors import BeforeInput, PasswordProcessor, Processor
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from .offers import Offer

_SHOWN = 8  # offers on the screen at a time


def _size() -> Size:
    columns, rows = shutil.get_terminal_size()
    return Size(rows=rows, columns=columns)


def _run(layout: Layout, bindings: KeyBindings, colour: bool) -> Any:
    # no cursor position reports: an answer that comes late would be typed into the next program
    output = Vt100_Output(sys.stdout, _size, term=os.environ.get("TERM"), enable_cpr=False)
    application: Application[Any] = Application(
        layout=layout,
        key_bindings=bindings,
        output=output,
        erase_when_done=True,
        color_depth=None if colour else ColorDepth.DEPTH_1_BIT,
    )
    return application.run()


def _interrupts(bindings: KeyBindings) -> None:
    @bindings.add(Keys.ControlC)
    @bindings.add(Keys.SIGINT)
    def _(event: KeyPressEvent) -> None:
        event.app.exit(exception=KeyboardInterrupt())


def ask_key(keys: Mapping[str, tuple[str, str]], right: str, width: int, colour: bool) -> str:
    """Wait for one of the keys and return what it stands for: key -> (how it is shown, what it does).

    Raises KeyboardInterrupt for ^C and EOFError for ^D.
    """
    bindings = KeyBindings()
    _interrupts(bindings)

    @bindings.add(Keys.ControlD)
    def _(event: KeyPressEvent) -> None:
        event.app.exit(exception=EOFError())

    for key in keys:

        @bindings.add(Keys.ControlM if key == "enter" else key)
        def _(event: KeyPressEvent, key: str = key) -> None:
            event.app.exit(result=key)

    text: StyleAndTextTuples = [("", "  ")]
    used = 2
    for shown, does in keys.values():
        if used + len(shown) + len(does) + 4 > width:
            text.append(("", "\n  "))
            used = 2
        text += [("bold", shown), ("", f" {does}   ")]
        used += len(shown) + len(does) + 4
    if used + len(right) + 2 > width:
        text.append(("", "\n"))
        used = 0
    text.append(("", " " * max(0, width - used - len(right) - 2) + right))
    control = FormattedTextControl(text, show_cursor=True, focusable=True, get_cursor_position=None)
    window = Window(control, dont_extend_height=True, always_hide_cursor=True)
    return str(_run(Layout(HSplit([Window(height=1), window])), bindings, colour))


def ask_line(prompt: str, colour: bool) -> str:
    """Wait for a line of text. Raises KeyboardInterrupt for ^C, EOFError for ^D on an empty line."""
    return ask_value(prompt, (), secret=False, text="", colour=colour) or ""


class _Choice:
    """What is typed, the offers that match, and which is picked: -1 is none, past the last what is typed."""

    def __init__(self, offers: Sequence[Offer], secret: bool) -> None:
        self.offers = offers
        self.secret = secret
        self.typed = Buffer(multiline=False, on_text_changed=lambda _: self.reset())
        self.picked = -1
        self.reset()

    def reset(self) -> None:
        # one offer alone is picked at once; of several none is, so that enter cannot take the wrong one
        only = len(self.matching) == 1
        if self.typed.text and (self.secret or not self.matching):
            self.picked = len(self.matching)
        else:
            self.picked = 0 if only else -1

    @property
    def matching(self) -> list[Offer]:
        if self.secret:
            return list(self.offers)
        words = self.typed.text.casefold().split()
        return [o for o in self.offers if all(w in f"{o.shown} {o.beside}".casefold() for w in words)]

    def move(self, by: int) -> None:
        last = len(self.matching) - (0 if self.typed.text else 1)  # after the offers comes what is typed
        self.picked = max(0, min(self.picked + by, last))

    @property
    def value(self) -> str | None:
        if 0 <= self.picked < len(self.matching):
            return self.matching[self.picked].value
        return self.typed.text if self.picked == len(self.matching) and self.typed.text else None


def ask_value(prompt: str, offers: Sequence[Offer], *, secret: bool, text: str, colour: bool) -> str | None:
    """Wait for a value, typed or picked from the offers, which typing filters; None for Escape.

    A secret is not shown. Raises KeyboardInterrupt for ^C, EOFError for ^D when nothing is typed.
    """
    choice = _Choice(offers, secret)
    choice.typed.text = text
    bindings = KeyBindings()
    _interrupts(bindings)

    @bindings.add(Keys.ControlM)
    def _(event: KeyPressEvent) -> None:
        if choice.value is not None or not offers:
            event.app.exit(result=choice.value or "")

    @bindings.add(Keys.Up)
    @bindings.add(Keys.ControlP)
    def _(event: KeyPressEvent) -> None:
        choice.move(-1)

    @bindings.add(Keys.Down)
    @bindings.add(Keys.ControlN)
    def _(event: KeyPressEvent) -> None:
        choice.move(1)

    @bindings.add(Keys.Escape, eager=True)
    def _(event: KeyPressEvent) -> None:
        event.app.exit(result=None)

    @bindings.add(Keys.ControlD)
    def _(event: KeyPressEvent) -> None:
        if not choice.typed.text:
            event.app.exit(exception=EOFError())

    @bindings.add(Keys.BracketedPaste)
    def _(event: KeyPressEvent) -> None:
        # a value may hold newlines; the one that copying a line brings along is none of it
        data = event.data.replace("\r\n", "\n").replace("\r", "\n")
        choice.typed.insert_text(data.removesuffix("\n"))

    processors: list[Processor] = [PasswordProcessor("•")] if secret else []
    mark = "  › " if not offers else "    "
    entry = BufferControl(choice.typed, input_processors=[*processors, BeforeInput(prompt or mark)])
    rows = Window(
        FormattedTextControl(lambda: _rows(choice)),
        dont_extend_height=True,
        height=min(len(offers), _SHOWN) + 1,
    )
    body = [Window(entry, dont_extend_height=True, wrap_lines=True)]
    if offers:
        body = [rows, *body]
    result = _run(Layout(HSplit(body), focused_element=entry), bindings, colour)
    return None if result is None else str(result)


def _rows(choice: _Choice) -> StyleAndTextTuples:
    matching = choice.matching
    first = max(0, min(choice.picked - _SHOWN // 2, len(matching) - _SHOWN))
    rows: StyleAndTextTuples = []
    widest = min(44, max((len(o.shown) for o in matching[first : first + _SHOWN]), default=0))
    for index, offer in enumerate(matching[first : first + _SHOWN], first):
        picked = index == choice.picked
        beside = f"from {offer.origin}: {offer.shown}  ({offer.beside})" if choice.secret else offer.shown
        rows.append(("bold" if picked else "", f"  {'›' if picked else ' '} {beside:<{widest}}"))
        rows.append(("", f"   {offer.beside}\n" if not choice.secret and offer.beside else "\n"))
    if choice.typed.text and not choice.secret:
        picked = choice.picked == len(matching)
        rows.append(
            ("bold" if picked else "", f"  {'›' if picked else ' '} “{choice.typed.text}” as typed\n")
        )
    return rows


__all__ = ["ask_key", "ask_line", "ask_value"]
