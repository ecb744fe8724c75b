"""Tracks the modes that programs set in the operator's terminal, to reset those that they leave changed."""

from __future__ import annotations

import re
from functools import cache

_NORMALLY_ON = {b"7", b"8", b"25"}  # wrapping, repeated keys, and the cursor

# private modes that make a terminal unusable if a program that died left them on: application keys, reverse
# video, origin, wrapping, repeated keys, mouse, focus, cursor, alternate screen, keypad, bracketed paste,
# held output, reports of changes
_MATTERS = frozenset(
    b"1 5 6 7 8 9 25 47 66 1000 1001 1002 1003 1004 1005 1006 1015 1016 1047 1049 2004 2026 2031 2048".split()
)

_ALTERNATE = (b"47", b"1047", b"1049")

_ORIGIN = b"6"

_CHANGE = (
    rb"\x1b(?:"
    rb"\[\?(?P<private>[\d;]{1,64})(?P<switch>[hl])"
    rb"|\[(?P<region>[\d;]{0,16})r"
    rb"|\[(?P<ansi>4|20)(?P<ansi_switch>[hl])"
    rb"|\[>(?P<key_format>\d{1,3})(?P<key_value>;\d{0,3})?m"  # how keys with modifiers are sent
    rb"|\[(?P<key_stack>[<>=])(?P<key_flags>[\d;]{0,8})u"  # the keyboard protocol of kitty
    rb"|\[(?P<cursor>\d{0,3}) q"
    rb"|(?P<keypad>[=>])"
    rb"|(?P<slot>[+()*])(?P<charset>[0-~])"
    rb"|(?P<shift>[no|}~])"
    rb"|%(?P<coding>[@G8])"
    rb"|(?P<reset>c|\[!p)"
    rb")"
)

# any sequence but those that colour text, move the cursor or erase: most output has only these
_UNCOMMON = rb"\x1b(?!\[[\d;:]*[@-gi-km-qs-z])"

_UNFINISHED = rb"\x1b(?:\[[\x30-\x3f]{0,64}[\x20-\x2f]{0,2}|[\x20-\x2f]?)\Z"

_SHIFT_OUT, _SHIFT_IN = b"\x0e", b"\x0f"


@cache
def _compile(pattern: bytes) -> re.Pattern[bytes]:
    """Return the compiled pattern; most runs print no escape sequence and need none."""
    return re.compile(pattern)


class ScreenModes:
    """Follows the output of programs, and knows the sequences that undo what they have left."""

    def __init__(self) -> None:
        self._private: dict[bytes, bool] = {}
        self._undo: dict[str, bytes] = {}  # sequences by the thing that they restore
        self._has_region = False
        # settings of the keyboard protocol that were pushed and not popped, on each of the two screens
        self._pushed = {False: 0, True: 0}
        self._styled = False
        self._tail = b""  # a sequence that is not complete

    def follow(self, data: bytes) -> None:
        """Track the modes in data that is about to be written to the terminal."""
        if _SHIFT_OUT in data or "shift" in self._undo:
            self._follow_shift(data)
        if b"\x1b" not in data and not self._tail:
            return
        self._styled = True
        data = self._tail + data
        for found in _compile(_UNCOMMON).finditer(data):
            if change := _compile(_CHANGE).match(data, found.start()):
                self._note(change)
        escape = data.rfind(b"\x1b")
        self._tail = data[escape:] if _compile(_UNFINISHED).match(data, max(0, escape)) else b""

    def _follow_shift(self, data: bytes) -> None:
        out, back = data.rfind(_SHIFT_OUT), data.rfind(_SHIFT_IN)
        if out > back:
            self._undo["shift"] = _SHIFT_IN
        elif back > out:
            self._undo.pop("shift", None)

    def _note(self, change: re.Match[bytes]) -> None:
        """Note one sequence that changes the terminal."""
        kind = change.lastgroup
        if kind == "switch":
            for mode in change["private"].split(b";"):
                if mode in _MATTERS:
                    self._private[mode] = change["switch"] == b"h"
        elif kind == "region":
            self._has_region = bool(change["region"].strip(b";"))
        elif kind == "ansi_switch":
            undo = b"\x1b[%bl" % change["ansi"]
            self._set("ansi " + change["ansi"].decode(), undo, change["ansi_switch"] == b"h")
        elif kind in ("key_format", "key_value"):
            undo = b"\x1b[>%bm" % change["key_format"]
            self._set(f"keys {change['key_format'].decode()}", undo, change["key_value"] is not None)
        elif kind == "key_flags":
            self._note_keyboard(change["key_stack"], change["key_flags"])
        elif kind == "cursor":
            self._set("cursor", b"\x1b[0 q", change["cursor"] not in (b"", b"0"))
        elif kind == "keypad":
            self._set("keypad", b"\x1b>", change["keypad"] == b"=")
        elif kind == "charset":
            undo = b"\x1b%bB" % change["slot"]
            self._set(f"slot {change['slot'].decode()}", undo, change["charset"] != b"B")
        elif kind == "shift":
            self._undo["shift"] = _SHIFT_IN
        elif kind == "coding":
            self._set("coding", b"\x1b%G", change["coding"] == b"@")
        else:
            self._forget()

    def _note_keyboard(self, stack: bytes, flags: bytes) -> None:
        if stack == b"=":
            self._undo["keyboard"] = b"\x1b[=0u"
        elif stack == b">":
            self._pushed[self.in_alternate_screen] += 1
        else:
            count = int(flags) if flags.isdigit() else 1
            left = self._pushed[self.in_alternate_screen] - count
            self._pushed[self.in_alternate_screen] = max(0, left)

    def _set(self, what: str, undo: bytes, changed: bool) -> None:
        if changed:
            self._undo[what] = undo
        else:
            self._undo.pop(what, None)

    @property
    def in_alternate_screen(self) -> bool:
        """Return whether the alternate screen is shown."""
        return any(self._private.get(mode, False) for mode in _ALTERNATE)

    def restore(self) -> bytes:
        """Return the escape sequences that restore the terminal; none if nothing has changed."""
        pop = {screen: b"\x1b[<%du" % count if count else b"" for screen, count in self._pushed.items()}
        codes = pop[True] if self.in_alternate_screen else b""  # while that screen is still shown
        wrong = [mode for mode, on in self._private.items() if on != (mode in _NORMALLY_ON)]
        codes += b"".join(b"\x1b[?%b%b" % (mode, b"h" if mode in _NORMALLY_ON else b"l") for mode in wrong)
        codes += pop[False] + b"".join(self._undo.values())
        if _ORIGIN in wrong:
            codes += b"\x1b[r\x1b[999;1H\r\n"  # both move the cursor to the top: continue below everything
        elif self._has_region:
            codes += b"\x1b7\x1b[r\x1b8"  # the cursor stays where it is
        if self._styled:
            codes += b"\x1b[0m"
        self._forget()
        self._styled, self._tail = False, b""
        return codes

    def _forget(self) -> None:
        self._private, self._undo, self._has_region = {}, {}, False
        self._pushed = {False: 0, True: 0}
