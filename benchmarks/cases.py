"""What is measured: documents made into a folder, the commands that run them, and what is claimed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .claims import Ratio
from .documents import list_program_words, list_run_words
from .growth import Linear, counts_up_to, write_page, write_runs
from .output import long_lines, short_lines
from .pages import linting, parsing, site
from .place import OURS, Case, Place, Sizes
from .statements import builtins, external, inside


def start_up(place: Place, sizes: Sizes) -> Case:
    """The time until anything can happen."""
    commands = (
        place.command(OURS, (*list_program_words(), "--version")),
        place.command("python -c pass", (sys.executable, "-c", "pass")),
    )
    page = write_page(place.folder / "one.md", 1)
    more = (
        place.command(f"{OURS} show", (*list_program_words(), "show", page)),
        place.command(f"{OURS} run", list_run_words(page)),
    )
    claims = (
        Ratio("start-up of --version", OURS, "python -c pass", 3.0),
        Ratio("show of one block", more[0].name, "python -c pass"),
        Ratio("a run of one block", more[1].name, "python -c pass"),
    )
    return Case((*commands, *more), claims, sizes.turns.get("start-up", 3))


def growing(place: Place, sizes: Sizes) -> Case:
    """Ten thousand runs, and a run of twenty thousand statements: no thing costs more than one before it."""
    commands, claims = [], []
    one = write_page(place.folder / "one.md", 1)

    def measure(title: str, counts: tuple[int, int, int], *made: tuple[Sequence[str | Path], Path]) -> None:
        names = [f"{title}, {count:,}" for count in counts]
        commands.extend(
            place.command(name, (*list_program_words(), *words), state)
            for name, (words, state) in zip(names, made, strict=True)
        )
        claims.append(Linear(title, names[2], names[1], names[0], counts))

    runs, statements = counts_up_to(10 * sizes.files), counts_up_to(20 * sizes.statements)
    states = [place.folder / f"runs-{count}" for count in runs]
    for state, number in zip(states, runs, strict=True):
        subprocess.run(write_runs(state, one, number), check=True)
    for title, words in (
        ("runs, of many", ["runs"]),
        ("runs show, of many", ["runs", "show"]),
        ("due, of many runs", ["due", str(place.folder)]),
        ("runs prune, of many", ["runs", "prune", "--keep", "1000000"]),
    ):
        measure(title, runs, *((words, state) for state in states))
    pages = [write_page(place.folder / f"page-{number}.md", number) for number in statements]
    long = [place.folder / f"statements-{number}" for number in statements]
    for state, page in zip(long, pages, strict=True):
        subprocess.run(write_runs(state, page, 1), check=True)
    measure("show, many statements", statements, *((["show", page], place.disk) for page in pages))
    for title, words in (
        ("runs show, many statements", ["runs", "show"]),
        ("runs report as html, many statements", ["runs", "report", "--format", "html"]),
        ("runs verify, many statements", ["runs", "verify"]),
    ):
        measure(title, statements, *((words, state) for state in long))
    return Case(tuple(commands), tuple(claims), sizes.turns.get("growth", 1))


CASES: Mapping[str, Callable[[Place, Sizes], Case]] = {
    "start-up": start_up,
    "builtins": builtins,
    "commands": external,
    "inside": inside,
    "long-lines": long_lines,
    "short-lines": short_lines,
    "parsing": parsing,
    "lint": linting,
    "site": site,
    "growth": growing,
}
