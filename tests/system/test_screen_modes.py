"""What a program has changed in the terminal is undone, and a program that changes nothing costs no byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_exec.system.screen_modes import ScreenModes

# what a program sends -> what undoes it
CHANGES = {
    b"\x1b=": b"\x1b>",  # keypad
    b"\x1b[?1h": b"\x1b[?1l",  # application cursor keys
    b"\x1b[?6h": b"\x1b[?6l\x1b[r\x1b[999;1H\r\n",  # origin
    b"\x1b[3;10r": b"\x1b7\x1b[r\x1b8",  # scroll region
    b"\x1b[?25l": b"\x1b[?25h",  # hidden cursor
    b"\x1b[?7l": b"\x1b[?7h",  # no wrapping
    b"\x1b[?2004h": b"\x1b[?2004l",  # bracketed paste
    b"\x1b[?1000;1006h": b"\x1b[?1000l\x1b[?1006l",  # mouse
    b"\x1b[?1049h": b"\x1b[?1049l",  # alternate screen
    b"\x1b[?2026h": b"\x1b[?2026l",  # held output
    b"\x1b[?5h": b"\x1b[?5l",  # reverse video
    b"\x1b[4h": b"\x1b[4l",  # insert mode
    b"\x1b[20h": b"\x1b[20l",  # line feed mode
    b"\x1b(0": b"\x1b(B",  # line drawing in G0
    b"\x1b)0": b"\x1b)B",  # and in G1
    b"\x1bn": b"\x0f",  # G2 instead of G0
    b"\x1b%@": b"\x1b%G",  # not UTF-8
    b"\x1b[4 q": b"\x1b[0 q",  # shape of the cursor
    b"\x1b[>4;2m": b"\x1b[>4m",  # modified keys
    b"\x1b[>1u": b"\x1b[<1u",  # keyboard protocol
    b"\x1b[=5u": b"\x1b[=0u",
    b"\x1b[>1u\x1b[?1049h\x1b[>5u": b"\x1b[<1u\x1b[?1049l\x1b[<1u",  # each screen has its own
    b"\x1b[1;31m": b"",  # colours: the reset at the end is enough
}


@pytest.mark.parametrize("change", CHANGES, ids=repr)
def test_each_change_is_undone_once(change: bytes) -> None:
    """This does not depend on the pieces in which the sequence arrives."""
    for cut in range(len(change) + 1):
        modes = ScreenModes()
        modes.follow(b"text " + change[:cut])
        modes.follow(change[cut:] + b" text")
        assert modes.restore() == CHANGES[change] + b"\x1b[0m"
        assert modes.restore() == b""


def test_shift_out_needs_no_escape_sequence() -> None:
    """The other character set is left, and only then."""
    modes = ScreenModes()
    modes.follow(b"a\x0eb")
    assert modes.restore() == b"\x0f"
    modes.follow(b"a\x0eb\x0f")
    assert modes.restore() == b""


UNDONE = (
    b"\x1b=\x1b>",
    b"\x1b[3;10r\x1b[r",
    b"\x1b(0\x1b(B",
    b"\x1b[4h\x1b[4l",
    b"\x1b[>1u\x1b[<u",
    b"\x1b=\x1b[!p",
)


@pytest.mark.parametrize("text", UNDONE, ids=repr)
def test_what_the_program_has_undone_is_left_alone(text: bytes) -> None:
    """Only the colours are reset."""
    modes = ScreenModes()
    modes.follow(text)
    assert modes.restore() == b"\x1b[0m"


@given(st.lists(st.binary(max_size=30).map(lambda data: data.replace(b"\x1b", b"").replace(b"\x0e", b""))))
def test_output_without_escapes_costs_nothing(pieces: list[bytes]) -> None:
    """No byte is sent after any other output."""
    modes = ScreenModes()
    for piece in pieces:
        modes.follow(piece)
    assert modes.restore() == b""
