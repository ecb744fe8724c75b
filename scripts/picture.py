"""Draws the pictures of the README from a real run in the practice world.

docs/run.svg is animated; docs/run.png, for PyPI, is one picture of it.

Usage, after scripts/test has set everything up: .venv/bin/python scripts/picture.py
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from playwright.sync_api import sync_playwright  # noqa: E402

from practice import store  # noqa: E402
from practice.forgejo import serving  # noqa: E402
from practice.world import LOGIN_CODE, World, create  # noqa: E402
from tests.support.screen import DOWN, ENTER, Screen, open_screen  # noqa: E402

PAGE = "runbooks/rotate-fly-token.md"
MEMORY = "/dev/shm"  # noqa: S108 - a file system in memory
COLUMNS, ROWS = 88, 28
WIDTH, HEIGHT, SIZE = 8.43, 18.0, 14  # of a cell and of the letters
EDGE, BAR = 14.0, 34.0
BACKGROUND, TEXT, FRAME = "#1e2028", "#d6d9e0", "#2b2e3a"
COLOURS = {
    "black": "#454957",
    "red": "#e06c75",
    "green": "#80be78",
    "brown": "#deb86e",
    "blue": "#61a0ef",
    "magenta": "#be82dc",
    "cyan": "#56b6c2",
    "white": "#d6d9e0",
    "brightblack": "#7d8496",
}
Row = tuple[tuple[str, str], ...]  # of the style and the text of each piece


@dataclass(frozen=True, slots=True)
class Shot:
    """A screen, and the seconds for which it stays."""

    rows: tuple[Row, ...]
    seconds: float


class Camera:
    """Takes pictures of a screen."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.shots: list[Shot] = []

    def see(self, text: str, seconds: float) -> None:
        """Wait for a text on the screen, and take a picture that stays for some seconds.

        Where the run waits until the page's words have been read, it continues.
        """
        while text not in self._screen.wait_until(lambda shown: text in shown or _is_reading(shown), text):
            self._screen.type_slowly("")  # until nothing more is painted
            self.take(2.0)
            self._screen.type_slowly(ENTER)
        self._screen.type_slowly("")
        self.take(seconds)

    def take(self, seconds: float) -> None:
        """Take a picture of the screen as it is."""
        self.shots.append(Shot(tuple(map(_read_row, self._screen.cells())), seconds))

    def type(self, keys: str, seconds: float = 0.3) -> None:
        """Type keys, and take a picture of them."""
        self._screen.type_slowly(keys)
        self.take(seconds)


def _is_reading(shown: str) -> bool:
    """Return whether the run waits until the words after a statement have been read."""
    last = shown.rpartition("\n")[2]
    return "enter continue" in last and last.endswith("›")


def _read_row(cells: list[Any]) -> Row:
    pieces = []
    for style, group in groupby(cells, key=_read_style):
        pieces.append((style, "".join(cell.data for cell in group)))
    while pieces and not pieces[-1][1].strip() and "background" not in pieces[-1][0]:
        pieces.pop()
    return tuple(pieces)


def _read_style(cell: Any) -> str:
    front, back = _read_colour(cell.fg, TEXT), _read_colour(cell.bg, BACKGROUND)
    if cell.reverse:
        front, back = back, front
    style = f"fill:{front}"
    if cell.bold:
        style += ";font-weight:bold"
    return style if back == BACKGROUND else f"{style};background:{back}"


def _read_colour(name: str, default: str) -> str:
    return COLOURS.get(
        name.replace("bright", ""), COLOURS.get(name, f"#{name}" if len(name) == 6 else default)
    )


def revoke_new_token(world: World, *, undo: bool = False) -> None:
    """Revoke the newest token, as a colleague could, or undo that."""
    with store.change(str(world.folder)) as state:
        newest = state["tokens"][-1]
        newest["revoked_at"] = None if undo else "2026-01-01T00:00:00Z"


def find_old_token(world: World) -> int:
    """Return the row of the token to revoke in the list of tokens, from 1."""
    state = world.state()
    return 1 + [each["id"] for each in state["tokens"]].index(state["old_token"])


def run(camera: Camera, world: World) -> None:
    """Rotate the token: log in, mint, store, fail, try again, and revoke the old one."""
    camera.see("1 of 7 ›", 3.5)
    camera.type(ENTER)
    camera.see("paste code here if prompted >", 1.5)
    camera.type(LOGIN_CODE, 0.8)
    camera.type(ENTER, 0.2)
    camera.see("enter continue", 2.0)
    camera.type(ENTER, 0.2)
    for number in (2, 3, 4):
        camera.see(f"{number} of 7 ›", 3.0)
        camera.type(ENTER)
        if number == 3:
            camera.see("enter continue", 1.5)
            camera.type(ENTER)
    camera.see("5 of 7 ›", 1.5)
    revoke_new_token(world)
    camera.type(ENTER)
    camera.see("Debugging ›", 5.0)
    revoke_new_token(world, undo=True)
    camera.type("r")
    camera.see("enter continue", 1.5)
    camera.type(ENTER)
    camera.see("5b (6 of 7) ›", 2.0)
    camera.type("d")
    camera.see("6 (7 of 7) ›", 1.5)
    camera.type(ENTER)
    camera.see("<old-token-id>", 2.0)
    for _ in range(find_old_token(world)):
        camera.type(DOWN, 0.5)
    camera.take(1.5)
    camera.type(ENTER)
    camera.see("v value", 2.5)
    camera.type(ENTER)
    camera.see("report", 5.0)


def draw(shots: list[Shot], still: int | None = None) -> str:
    """Return the pictures as one SVG that plays them, or one of them as an SVG that does not move."""
    shown = shots if still is None else [shots[still]]
    rows = {
        row: f"r{number}" for number, row in enumerate(dict.fromkeys(r for shot in shown for r in shot.rows))
    }
    width, height = COLUMNS * WIDTH + 2 * EDGE, ROWS * HEIGHT + BAR + EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}">',
        f"<style>{_write_style(shown)}</style>",
        "<defs>",
        f'<clipPath id="screen"><rect width="{COLUMNS * WIDTH:.1f}" height="{ROWS * HEIGHT}"/></clipPath>',
        *(f'<g id="{name}">{"".join(_draw_row(row))}</g>' for row, name in rows.items() if row),
        "</defs>",
        f'<rect width="100%" height="100%" rx="9" fill="{BACKGROUND}" stroke="{FRAME}"/>',
        *(
            f'<circle cx="{18 + 20 * n}" cy="17" r="6" fill="{c}"/>'
            for n, c in enumerate(("#e06c75", "#deb86e", "#80be78"))
        ),
        f'<text x="{width / 2:.0f}" y="22" text-anchor="middle" fill="{TEXT}">runbook-exec {PAGE}</text>',
        f'<g transform="translate({EDGE} {BAR})" clip-path="url(#screen)"><g id="film">',
    ]
    for number, shot in enumerate(shown):
        for line, row in enumerate(shot.rows):
            if row:
                parts.append(f'<use href="#{rows[row]}" y="{(number * ROWS + line) * HEIGHT:.0f}"/>')
    return "\n".join([*parts, "</g></g></svg>", ""])


def _write_style(shots: list[Shot]) -> str:
    """Return the style sheet: the film is a column of screens, of which one is seen at a time."""
    style = f'text{{font:{SIZE}px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}}'
    if len(shots) == 1:
        return style
    whole = sum(shot.seconds for shot in shots)
    starts = [0.0, *accumulate(shot.seconds for shot in shots)]
    steps = "".join(
        f"{100 * start / whole:.2f}%{{transform:translateY(-{number * ROWS * HEIGHT:.0f}px)}}"
        for number, start in zip(range(len(shots)), starts, strict=False)
    )
    return (
        f"{style}@keyframes film{{{steps}}}#film{{animation:film {whole:.1f}s step-end infinite}}"
        "@media (prefers-reduced-motion:reduce){#film{animation-play-state:paused}}"
    )


def _draw_row(row: Row) -> Iterator[str]:
    column = 0
    for style, text in row:
        fill, _, back = style.partition(";background:")
        left, width = column * WIDTH, len(text) * WIDTH
        if back:
            yield f'<rect x="{left:.1f}" width="{width:.1f}" height="{HEIGHT:.0f}" fill="{back}"/>'
        if text.strip():
            begun = len(text) - len(text.lstrip(" "))
            drawn = text.strip(" ")
            yield (
                f'<text x="{left + begun * WIDTH:.1f}" y="13.5" textLength="{len(drawn) * WIDTH:.1f}" '
                f'style="{fill}">{escape(drawn)}</text>'
            )
        column += len(text)


def film() -> list[Shot]:
    """Return the pictures of a run in a new practice world."""
    folder = Path(tempfile.mkdtemp(prefix="runbook-picture-"))
    memory = tempfile.mkdtemp(dir=MEMORY if Path(MEMORY).is_dir() else None)
    try:
        world = create(folder, browser=False)
        (world.work / "runbooks").mkdir()
        shutil.copy(REPOSITORY / PAGE, world.work / PAGE)
        with serving(str(folder)):
            environment = world.environment({n: v for n, v in os.environ.items() if n != "NO_COLOR"})
            # a folder in memory, where the run keeps the minted token until it is used
            environment |= {"PYTHONPATH": str(REPOSITORY), "XDG_RUNTIME_DIR": memory}
            command = [sys.executable, "-m", "runbook_exec", PAGE]
            with open_screen(command, world.work, environment, COLUMNS, ROWS) as screen:
                camera = Camera(screen)
                run(camera, world)
                return camera.shots
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(memory, ignore_errors=True)


def photograph(svg: str, path: Path) -> None:
    """Write an SVG as a PNG, twice as large."""
    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(device_scale_factor=2)
        page.set_content(f'<body style="margin:0;width:780px">{svg}</body>')
        page.locator("svg").screenshot(path=str(path), omit_background=True)
        browser.close()


def main() -> None:
    """Write both pictures; the one that does not move shows the failure."""
    shots = film()
    (REPOSITORY / "docs" / "run.svg").write_text(draw(shots), encoding="utf-8")
    failure = next(
        n for n, shot in enumerate(shots) if any("Debugging" in text for row in shot.rows for _, text in row)
    )
    photograph(draw(shots, failure), REPOSITORY / "docs" / "run.png")


if __name__ == "__main__":
    main()
