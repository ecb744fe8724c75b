"""Prompts for one key, one row or one value. Only this module uses prompt_toolkit."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import termios
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Size
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import OneStyleAndTextTuple, StyleAndTextTuples
from prompt_toolkit.input.typeahead import clear_typeahead
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.layout.processors import BeforeInput, PasswordProcessor, Processor
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from ..light_classes import NamedTuple
from ..plan.suggestions import Suggestion
from ..system.screen_size import read_screen_size
from .key_line import Keyed, Piece, find_width, format_help, format_keys, make_printable
from .value_choice import ValueChoice, count_rows, format_effect, format_rows

FindEnd = Callable[[], Exception | None]

_END_TICK = 0.2  # seconds between two calls of it

_find_end: FindEnd | None = None

_QUIT_AGAIN = "^C again quits ›"


def _size() -> Size:
    width, height = read_screen_size()
    return Size(rows=height, columns=width)


def _run(layout: Layout, bindings: KeyBindings, colour: bool) -> Any:
    # no cursor position reports: a late answer would be input of the next program
    output = Vt100_Output(sys.stdout, _size, term=os.environ.get("TERM"), enable_cpr=False)
    application: Application[Any] = Application(
        layout=layout,
        key_bindings=bindings,
        output=output,
        erase_when_done=True,
        color_depth=None if colour else ColorDepth.DEPTH_1_BIT,
    )
    application.ttimeoutlen = 0.1  # seconds after which Escape is a key and not the beginning of one
    # keys that were typed before the question appeared do not answer it
    clear_typeahead(application.input)
    with contextlib.suppress(termios.error):  # the terminal may be gone
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    if _find_end is None:
        return application.run()
    find_end = _find_end

    def watch() -> None:
        application.create_background_task(_watch_for_end(application, find_end))

    return application.run(pre_run=watch)


async def _watch_for_end(application: Application[Any], find_end: FindEnd) -> None:
    """End the prompt with the exception that `find_end` returns, as soon as it returns one."""
    while (end := find_end()) is None:
        await asyncio.sleep(_END_TICK)
    if application.is_running and not application.is_done:
        application.exit(exception=end)


@contextlib.contextmanager
def watch_for_end(find_end: FindEnd | None) -> Iterator[None]:
    """Within the block, end every prompt with the exception that `find_end` returns."""
    global _find_end
    before, _find_end = _find_end, find_end
    try:
        yield
    finally:
        _find_end = before


class _Interrupts:
    """Quits on a second ^C, or on ^D.

    One ^C may have been meant for the statement that has just ended.
    """

    def __init__(self, bindings: KeyBindings) -> None:
        self.once = False

        @bindings.add(Keys.ControlC)
        @bindings.add(Keys.SIGINT)
        def _(event: KeyPressEvent) -> None:
            if self.once:
                event.app.exit(exception=KeyboardInterrupt())
            self.once = True

        @bindings.add(Keys.ControlD)
        def _(event: KeyPressEvent) -> None:
            event.app.exit(exception=EOFError())


class _UnknownKeys:
    """Has `words` about a key that does nothing here, once one was typed; they change nothing else."""

    def __init__(self, bindings: KeyBindings, words: str, on_enter: str) -> None:
        self.words = ""
        sequence = ""  # the escape sequence of an unknown key, as far as it was read

        @bindings.add(Keys.Any)
        def _(event: KeyPressEvent) -> None:
            nonlocal sequence
            key = event.key_sequence[-1].key
            if key == Keys.ControlM:
                self.words = on_enter or words
            elif key == Keys.Escape:
                sequence = "\x1b"
            elif isinstance(key, Keys):
                sequence = ""
            elif sequence:
                goes_on = key in "[O" if sequence == "\x1b" else not "@" <= key <= "~"
                sequence = sequence + key if goes_on else ""
            else:
                self.words = words


def ask_key(
    keys: Keyed,
    right: str,
    colour: bool,
    explained: Mapping[str, str] | None = None,
    *,
    on_enter: str = "",
    optional: Collection[str] = (),
    also: Collection[str] = (),
) -> str:
    """Wait for one of the keys and return it.

    `?` shows and hides what the keys do: a sentence for each key in `explained`. The legend leaves out the
    `optional` keys where a line has no room for them, and always the keys in `also`. Another key does nothing
    but say so, with the words `on_enter` for enter.
    Raises KeyboardInterrupt for ^C typed twice and EOFError for ^D.
    """
    bindings = KeyBindings()
    interrupts = _Interrupts(bindings)
    words = "no such key here" + " · ? explains the keys" * bool(explained)
    unknown = _UnknownKeys(bindings, words, on_enter)
    _exits(bindings, dict.fromkeys((*keys, *(explained or ()), *also)))
    shows_help = False

    @bindings.add("?", filter=Condition(lambda: bool(explained)))
    def _(event: KeyPressEvent) -> None:
        nonlocal shows_help
        shows_help, unknown.words = not shows_help, ""

    def text() -> StyleAndTextTuples:
        above = format_help(explained) if explained and shows_help else []
        legend = {**keys, "?": ("?", "hide" if shows_help else "")} if explained else keys
        beside = f"{unknown.words} ›" if unknown.words else right
        return [*above, *format_keys(legend, _QUIT_AGAIN if interrupts.once else beside, optional)]

    control = FormattedTextControl(text, focusable=True)
    window = Window(control, dont_extend_height=True, always_hide_cursor=True)
    return str(_run(Layout(HSplit([Window(height=1), window])), bindings, colour))


def _exits(bindings: KeyBindings, keys: Iterable[str]) -> None:
    for key in keys:

        @bindings.add(Keys.ControlM if key == "enter" else Keys.Escape if key == "esc" else key)
        def _(event: KeyPressEvent, key: str = key) -> None:
            event.app.exit(result=key)


def ask_row(
    above: Sequence[Piece], rows: Sequence[Sequence[Piece]], keys: Keyed, colour: bool, here: int = -1
) -> int | str:
    """Wait until a row is picked, by its number or with the arrows, or one of the keys is typed.

    Returns the row's index or the key. No row is picked at first, so enter alone chooses none. With `here`,
    the rows have no numbers, and that one is picked at first: enter stays there, which is the key "esc".
    `above` is the question: text that is erased afterwards, like the rest.
    Raises KeyboardInterrupt for ^C typed twice and EOFError for ^D.
    """
    bindings = KeyBindings()
    interrupts = _Interrupts(bindings)
    unknown = _UnknownKeys(bindings, "no such key here", "")
    _exits(bindings, keys)
    above, rows = make_printable(above), [make_printable(row) for row in rows]
    picked = here

    def move(by: int) -> None:
        nonlocal picked
        picked = max(0, min(picked + by, len(rows) - 1))

    _arrows(bindings, move)

    @bindings.add(Keys.ControlM)
    def _(event: KeyPressEvent) -> None:
        if picked >= 0:
            event.app.exit(result="esc" if picked == here else picked)
        unknown.words = "pick a row first"

    numbered = min(len(rows), 9) if here < 0 else 0
    for number in range(1, numbered + 1):

        @bindings.add(str(number))
        def _(event: KeyPressEvent, number: int = number) -> None:
            event.app.exit(result=number - 1)

    def text() -> StyleAndTextTuples:
        shown: StyleAndTextTuples = [*above, ("", "\n\n")]
        for index, row in enumerate(rows):
            mark, number = "›" if index == picked else " ", f"{index + 1}  " if index < numbered else "   "
            shown += [("[SetCursorPosition]" if index == picked else "", "")]
            shown += [("bold", f"  {mark} {number if here < 0 else ''}"), *row, ("", "\n")]
        return shown

    def legend() -> StyleAndTextTuples:
        choose = ("enter" if picked >= 0 else f"1–{numbered}", "choose" if here < 0 else "go back there")
        right = _QUIT_AGAIN if interrupts.once else f"{unknown.words or 'which one?'} ›"
        legend = {"": choose, "↑↓": ("↑↓", "pick"), **keys}
        if picked == here >= 0:
            del legend[""]
        return [*format_keys(legend, right)]

    body = [
        Window(FormattedTextControl(text, focusable=True), always_hide_cursor=True, wrap_lines=True),
        Window(FormattedTextControl(legend), dont_extend_height=True),
    ]
    result = _run(Layout(HSplit(body), focused_element=body[0]), bindings, colour)
    return result if isinstance(result, int) else str(result)


def _arrows(bindings: KeyBindings, move: Callable[[int], None]) -> None:
    @bindings.add(Keys.Up)
    @bindings.add(Keys.ControlP)
    def _(event: KeyPressEvent) -> None:
        move(-1)

    @bindings.add(Keys.Down)
    @bindings.add(Keys.ControlN)
    def _(event: KeyPressEvent) -> None:
        move(1)


class Entry(NamedTuple):
    """What a person did at a prompt for text: `value` is None if they went back."""

    value: str | None
    draft: str = ""  # the text that was typed when they went back


def ask_value(
    above: Sequence[Piece],
    offers: Sequence[Suggestion],
    *,
    secret: bool,
    colour: bool,
    draft: str = "",
    without: str = "",
    back: str = "back",
) -> Entry:
    """Wait for a value, typed or picked from the offers, which typing filters.

    Escape, ^C, and ^D when nothing is typed, go back. `above` is the question: text that is erased
    afterwards, like the rest. A secret is not shown. `draft` is the text to begin with, and `back` says
    where Escape goes. Enter alone gives an empty value only if `without` says what that does; ^E does it
    otherwise.
    """
    choice = ValueChoice(offers, secret, without)
    typed = Buffer(multiline=False, on_text_changed=lambda buffer: choice.set_text(buffer.text))
    typed.insert_text(draft)
    above = make_printable(above)
    bindings = KeyBindings()

    @bindings.add(Keys.ControlM)
    def _(event: KeyPressEvent) -> None:
        choice.refused = choice.value is None
        if not choice.refused:
            event.app.exit(result=choice.value)

    @bindings.add(Keys.ControlE, filter=Condition(lambda: not choice.text and not without))
    def _(event: KeyPressEvent) -> None:
        event.app.exit(result="")

    _arrows(bindings, choice.move)

    _leave_on_escape(bindings, lambda: not choice.text)

    @bindings.add(Keys.BracketedPaste)
    def _(event: KeyPressEvent) -> None:
        # a value may hold newlines, but the last one comes from copying a whole line
        data = event.data.replace("\r\n", "\n").replace("\r", "\n")
        typed.insert_text(data.removesuffix("\n"))

    processors: list[Processor] = [PasswordProcessor("•")] if secret else []
    mark = BeforeInput(lambda: f"  {'›' if choice.picked == -1 or not offers else ' '} ")
    entry = BufferControl(typed, input_processors=[*processors, mark])
    body = [
        Window(
            FormattedTextControl(list[OneStyleAndTextTuple](above)), dont_extend_height=True, wrap_lines=True
        ),
        Window(entry, dont_extend_height=True, wrap_lines=True),
    ]
    if offers:
        rows = FormattedTextControl(lambda: list[OneStyleAndTextTuple](format_rows(choice, find_width())))
        body.append(Window(rows, height=count_rows(offers), dont_extend_height=True))
    body.append(Window(FormattedTextControl(lambda: _hint(choice, back)), dont_extend_height=True))
    result = _run(Layout(HSplit(body), focused_element=entry), bindings, colour)
    return Entry(None, choice.text) if result is None else Entry(str(result))


def _leave_on_escape(bindings: KeyBindings, is_empty: Callable[[], bool]) -> None:
    """Have Escape, ^C, and ^D if nothing is typed, end the prompt with None."""

    @bindings.add(Keys.Escape, eager=True)
    @bindings.add(Keys.ControlC)
    @bindings.add(Keys.SIGINT)
    @bindings.add(Keys.ControlD, filter=Condition(is_empty))
    def _(event: KeyPressEvent) -> None:
        event.app.exit(result=None)


def _hint(choice: ValueChoice, back: str) -> StyleAndTextTuples:
    """Return the legend: the present effect of enter, and the other keys."""
    keys = {"does": format_effect(choice, max(20, find_width() - 40))}
    if not choice.text and not choice.without and (choice.refused or not choice.offers):
        keys["empty"] = ("^E", "empty value")
    return [("", "\n"), *format_keys({**keys, "esc": ("esc", back)}, "")]
