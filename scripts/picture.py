"""Draws the picture of the README, docs/run.svg, from a real run in the practice world.

Usage, after scripts/test has set everything up: .venv/bin/python scripts/picture.py
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from rich.console import Console  # noqa: E402
from rich.style import Style  # noqa: E402
from rich.terminal_theme import TerminalTheme  # noqa: E402
from rich.text import Text  # noqa: E402

from practice.world import LOGIN_CODE  # noqa: E402
from tests.support.screen import ENTER, Screen, open_screen  # noqa: E402

COLUMNS, ROWS = 88, 30
THEME = TerminalTheme(
    (30, 32, 40),
    (214, 217, 224),
    [
        (69, 73, 87),
        (224, 108, 117),
        (128, 190, 120),
        (222, 184, 110),
        (97, 160, 239),
        (190, 130, 220),
        (86, 182, 194),
        (214, 217, 224),
    ],
)
# without the font that rich would have fetched from elsewhere
SVG = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; \
font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-family: ui-sans-serif, Arial, sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" \
height="{terminal_height}"/></clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""


def run(shown: Screen) -> None:
    """Go on until the minted token has been captured."""
    shown.wait("1 of 7 ›")
    shown.type(ENTER)
    shown.wait("paste code here if prompted >")
    shown.type(LOGIN_CODE, ENTER)
    shown.wait("enter continue", "q quit")
    shown.type(ENTER)
    shown.wait("2 of 7 ›")
    shown.type(ENTER)
    shown.wait("3 of 7 ›")


def drawn(shown: Screen) -> Text:
    """What is on the screen, with its colours."""
    text = Text()
    for row in shown.cells():
        for cell in row:
            colour = None if cell.fg == "default" else cell.fg.replace("brown", "yellow")
            text.append(cell.data, Style(color=colour, bold=cell.bold, reverse=cell.reverse))
        text.rstrip()
        text.append("\n")
    return text


def main() -> None:
    """Write the picture."""
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with open_screen(
        [sys.executable, "-m", "practice", "run"], REPOSITORY, environment, COLUMNS, ROWS
    ) as shown:
        run(shown)
        console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, height=ROWS)
        console.print(drawn(shown), end="")
        path = REPOSITORY / "docs" / "run.svg"
        title = "runbook-exec runbooks/rotate-fly-token.md"
        path.write_text(
            console.export_svg(title=title, theme=THEME, code_format=SVG, unique_id="run"), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
