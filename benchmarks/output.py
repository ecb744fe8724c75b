"""Cases of one statement that prints very much."""

from __future__ import annotations

import os

from .claims import MB, Growth, Peak, Ratio
from .documents import format_size, list_run_words, make_document, make_last_statement
from .place import OURS, Case, Place, Sizes

_LOG = "2026-11-24T08:45:48Z INFO worker-3 fetched https://example.com/items?page_id=17 in 23 ms, 200 OK; "


def long_lines(place: Place, sizes: Sizes) -> Case:
    """One statement that prints very much, as lines of 4,000 characters."""
    line = (_LOG * 40)[:3999]
    return _output(place, sizes, "long-lines", "long lines", line, 1.2)


def short_lines(place: Place, sizes: Sizes) -> Case:
    """The same as lines of two characters, the newline one of them."""
    return _output(place, sizes, "short-lines", "two-character lines", "x", 0.3)


def _output(place: Place, sizes: Sizes, key: str, title: str, line: str, floor: float) -> Case:
    title = f"{format_size(sizes.output)} as {title}"
    smaller = f"{OURS}, a tenth of it"
    statements = {name: f"yes '{line}' | head -c {size}" for name, size in (
        (OURS, sizes.output), (smaller, sizes.output // 10),
    )}  # fmt: skip
    documents = {
        name: place.write(f"{key}-{number}.md", make_document([statement, make_last_statement(place)]))
        for number, (name, statement) in enumerate(statements.items())
    }
    commands = [place.proven(name, list_run_words(document)) for name, document in documents.items()]
    if "script" in place.tools:
        program = f"{statements[OURS]}; {make_last_statement(place)}"
        commands.append(place.proven("script", (place.tools["script"], "-qc", program, os.devnull)))
    claims = (
        Ratio(title, OURS, "script", floor),
        Peak(f"{title}: memory", OURS, 80 * MB),
        Growth(f"{title}: memory is flat", OURS, smaller, 4 * MB),
    )
    return Case(tuple(commands), claims, sizes.turns.get(key, 1), warm=False)
