"""Holds the choice of a value: the typed text, the matching offers, and their rows."""

from __future__ import annotations

from collections.abc import Sequence

from ..light_classes import replace
from ..plan.suggestions import Suggestion
from ..text.ansi import escape_unprintable
from ..text.display import clip, clip_middle, count_columns, pad

ROWS = 8  # rows on the screen at a time

# columns that a value in a row keeps at least when it is cut to make room for the cells beside it
_NARROWEST = 13


class ValueChoice:
    """The typed text, the matching offers, and the choice: an offer's index, -1 for the text.

    If several offers match, none is picked; otherwise enter could take the wrong one.
    """

    def __init__(self, offers: Sequence[Suggestion], secret: bool, without: str = "") -> None:
        self.offers = offers
        self.secret = secret
        self.without = without  # what enter does with an empty text; "" if it takes none
        self.refused = False  # whether enter has just taken nothing
        self.text = ""
        self.picked: int | None = None
        self.set_text("")

    def set_text(self, text: str) -> None:
        """Take the typed text, and pick the row that enter will take with it."""
        self.text, self.refused = text, False
        matching, typed = self.matches, bool(text)
        if typed and (self.secret or not matching):
            self.picked = -1
        elif len(matching) == 1:
            self.picked = 0
        else:
            self.picked = None if matching else -1

    @property
    def matches(self) -> list[Suggestion]:
        """Return the offers that contain each word of the typed text; of a secret, all."""
        if self.secret:
            return list(self.offers)
        words = self.text.casefold().split()
        return [o for o in self.offers if all(w in f"{o.label} {o.beside}".casefold() for w in words)]

    def move(self, by: int) -> None:
        """Pick the row that is `by` rows below; -1 is the typed text."""
        first = -1 if self.text else 0
        at = self.picked if self.picked is not None else (-1 if by > 0 else 0)
        self.picked = max(first, min(at + by, len(self.matches) - 1))

    @property
    def value(self) -> str | None:
        """Return the value that enter takes.

        It is None if several match, or if the text is empty and must not be.
        """
        if self.picked is None:
            return None
        if self.picked >= 0:
            return self.matches[self.picked].value
        return self.text if self.text or self.without else None


def format_effect(choice: ValueChoice, room: int) -> tuple[str, str]:
    """Return a key and what it does now; a value in it takes at most `room` columns."""
    text = choice.text
    if choice.picked is None:
        return ("↓", "choose a row · ↑ use the text as typed") if text else ("↑↓", "choose a row")
    if choice.picked >= 0:
        label = clip_middle(escape_unprintable(choice.matches[choice.picked].label), room)
        return "enter", "use it · type or paste another" if choice.secret else f"use {label}"
    if not text:
        if choice.without:
            return "enter", choice.without
        return "", "nothing was typed" if choice.refused else "type or paste a value"
    if choice.secret:
        return "enter", f"use it ({len(text)} character{'s' * (len(text) != 1)})"
    return "enter", f"use “{clip_middle(escape_unprintable(text).replace(chr(10), '␊'), room)}”"


def format_rows(choice: ValueChoice, width: int) -> list[tuple[str, str]]:
    """Return the rows of the matching offers as pieces of style and text, the picked one marked.

    Above them are the headings of their table, if it has any.
    """
    matching = choice.matches
    picked = -1 if choice.picked is None else choice.picked
    first = max(0, min(picked - ROWS // 2, len(matching) - ROWS))
    shown = [_make_offer_printable(offer) for offer in matching[first : first + ROWS]]
    room = width - 6
    widest = max((count_columns(offer.label) for offer in shown), default=0)
    beside = max((count_columns(offer.beside) for offer in shown), default=0)
    widest = min(widest, max(_NARROWEST, room - beside - 3)) if beside else min(widest, room)
    rows = _format_headings(shown, widest, room)
    for index, offer in enumerate(shown, first):
        style, mark = ("bold", "›") if index == picked else ("", " ")
        if choice.secret:
            text = clip(f"from {offer.origin}: {offer.label}  ({offer.beside})", room)
        else:
            text = pad(clip_middle(offer.label, widest), widest)
        rows.append((style, f"  {mark} {text}"))
        if offer.beside and not choice.secret:
            rows.append(("", f"   {_fit_cells(offer.beside, room - widest - 3)}"))
        rows.append(("", "\n"))
    return rows


def count_rows(offers: Sequence[Suggestion]) -> int:
    """Return the rows that the offers take at most, with their headings."""
    return min(len(offers), ROWS) + any(any(offer.headings) for offer in offers)


def _format_headings(shown: Sequence[Suggestion], widest: int, room: int) -> list[tuple[str, str]]:
    """Return the row above the offers, if all are from one table that has headings."""
    first, *others = {offer.headings for offer in shown} or {("", "")}
    if others or not any(first):
        return []
    above, beside = map(escape_unprintable, first)
    text = f"    {pad(clip(above, widest), widest)}   {_fit_cells(beside, room - widest - 3)}"
    return [("", f"{text.rstrip()}\n")]


def _make_offer_printable(offer: Suggestion) -> Suggestion:
    return replace(offer, label=escape_unprintable(offer.label), beside=escape_unprintable(offer.beside))


def _fit_cells(beside: str, room: int) -> str:
    """Return the cells beside a value, as many whole ones as fit."""
    if count_columns(beside) <= room:
        return beside
    cells = clip(beside, room + 1).rpartition("  ")[0].rstrip()
    return cells or clip(beside, room)
