"""Phrases that nobody says aloud: they are in no document, no message and no help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import REPOSITORY

FOLDERS = ("runbook_exec", "docs", "editors", "scripts", "practice", "benchmarks")
SUFFIXES = {".md", ".py", ".js", ".jinja", ".json", ".yml", ".yaml", ".1", ".fish", ".bash"}

# each was in the project once; the plain words are those of its neighbours in the documentation
PHRASES = """
a secret, not told
and are between two
anybody may write to or put another
as far as this site knows
as it cannot tell them
Before a statement may have effects
cannot write down in `
commands were not trusted on this machine
days are between two
did not print `
how it is told
if this program dies before it is used
is at hand for
is said in one line
is said to be so
it never succeeded as a whole
It is one if a shell could run something
It is to be run regularly
names no memory file system
only when named
picks a row, ↑
proves that it still is what
Ran, and is no longer on the page
review due since
runs like every other statement
runs unless another is named
said beforehand with
settings for a page that may not be touched
shown first if they were not yet
so is one that is declared
So it is wherever
stop with 3 at the first thing
take up again
taken up again
takes up a run
tells one, with a page that trips it
The words of the page before its procedure
this destroys something
told as 130
value asked on the way
values asked on the way
What a shell holds is told
What a statement has changed or captured is told
what is not known is asked of
What is to be remembered
What this machine knows is asked of
what was found before is kept
Whatever a program printed stays text
whatever comes too late for it
Where no exact way of writing
Where no value can stand
which is said.
whoever comes to a page
with a word if the page was not as committed
With nobody there
^D or `exit` comes back here
""".strip().splitlines()


def texts() -> Iterator[Path]:
    """Yield the files that hold what people read."""
    yield from (path for path in REPOSITORY.iterdir() if path.is_file() and path.suffix in SUFFIXES)
    for folder in FOLDERS:
        for path in (REPOSITORY / folder).rglob("*"):
            if path.suffix in SUFFIXES and path.is_file() and not {"node_modules"} & set(path.parts):
                yield path


def test_no_phrase_is_left_that_nobody_says() -> None:
    """Documents, messages, help and comments have none of the phrases, also not across a line end."""
    pattern = re.compile("|".join(re.escape(each).replace(r"\ ", r"[\s#*]+") for each in PHRASES))
    found = []
    for path in texts():
        text = path.read_text(encoding="utf-8", errors="replace")
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path.relative_to(REPOSITORY)}:{line}: {match[0]}")
    assert found == []
