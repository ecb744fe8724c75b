"""What a recording may do to the terminal in which it is played."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_exec.runs.replay_filter import ReplayFilter


@pytest.mark.parametrize(
    "drawing",
    [
        "plain\r\n",
        "\x1b[1;31mred\x1b[0m",
        "\x1b[2J\x1b[H\x1b[10;5Hx\x1b[K\x1b[3A",
        "\x1b[?1049h\x1b[?25l\x1b[?7h\x1b7\x1b8\x1b(B",
        "\x1b[38;2;1;2;3mx\x1b[38:5:1m",
        "50%\r100%\n\x08\x07",
        "日本 👩\u200d💻",
    ],
)
def test_drawing_passes(drawing: str) -> None:
    """Colours, the cursor, erasing and the other screen are played as recorded."""
    assert ReplayFilter().feed(drawing) == drawing


@pytest.mark.parametrize(
    "acting",
    [
        "\x1b]0;title\x07",
        "\x1b]52;c;cm0gLXJmIC8=\x1b\\",
        "\x1bP+q544e\x1b\\",
        "\x1b_Ga=T;x\x1b\\",
        "\x1b[c",
        "\x1b[6n",
        "\x1b[21t",
        "\x1b[5i",
        "\x1bc",
        "\x1b[3J",
        "\x1b[?1003h",
        "\x1b[?2004h",
        "\x9b6n"[:1],
        "\x1b",
    ],
)
def test_all_else_is_left_out_however_it_is_cut(acting: str) -> None:
    """Titles, the clipboard, questions to the terminal, printing and resets are not played."""
    for cut in range(len(acting) + 1):
        drawing = ReplayFilter()
        assert drawing.feed(f"a{acting[:cut]}") + drawing.feed(f"{acting[cut:]}") in ("a",)
    inside = "\x1b\x01" + acting[1:]
    assert "\x1b" not in ReplayFilter().feed(inside + "z")


@given(st.lists(st.text("\x1b[]0;1?PX^_\\\x07\x9bc6nmhAa\x01\x1a( ", max_size=12), max_size=4))
def test_no_order_of_pieces_makes_another_sequence(pieces: list[str]) -> None:
    """Every escape in what is played begins a sequence that draws."""
    drawing = ReplayFilter()
    played = "".join(map(drawing.feed, pieces))
    rest = re.sub(r"\x1b(?:\[\??[0-9;:]*[A-HJ-MPSTXZ`ad-gmrsuhl]|[78=>DEHM]|[()*+][0-9A-Z])", "", played)
    assert "\x1b" not in rest
    assert "\x9b" not in rest
