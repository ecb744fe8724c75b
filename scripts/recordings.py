"""Records guided runs at human speed, for the pages in runbooks/: NAME.cast beside each page.

Usage, after scripts/test has set everything up: .venv/bin/python scripts/recordings.py [NAME]

The flagship runs in a practice world. Each run is a real one in a pseudo-terminal: the script reads the
screen, waits as long as a person would, and presses a key. Look at a recording before you commit it.
"""

from __future__ import annotations

import codecs
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from practice import run as practice_run  # noqa: E402
from practice.forgejo import serving  # noqa: E402
from practice.world import LOGIN_CODE, create  # noqa: E402
from tests.support.screen import DOWN, ENTER, Screen, open_screen  # noqa: E402

COLUMNS, ROWS = 80, 24
QUIET = 0.8  # seconds without output after which a question is complete
THINKING = 1.6  # seconds before a key
TYPING = 0.09  # seconds between two keys of a text
LONGEST = 180.0  # seconds of a recording


class Key(NamedTuple):
    """What to type if the end of the screen matches; letters follow at the speed of typing."""

    asked: re.Pattern[str]
    keys: Sequence[str]


class Recorder:
    """Keeps the output of a screen with its time, as the events of an asciicast."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._began = time.monotonic()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.events: list[list[Any]] = []

    def print(self, text: str) -> None:
        """Add output that no program has printed: the prompt with the command."""
        self._add("o", text)

    def mark(self, label: str) -> None:
        """Add a marker, where a reader of the recording can go."""
        self._add("m", label)

    def read(self, seconds: float) -> bool:
        """Record the output of this time; return False at the end of the program."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            before = len(self._screen.raw)
            goes_on = self._screen._read(left)
            if text := self._decoder.decode(self._screen.raw[before:]):
                self._add("o", text)
            elif not goes_on and until - time.monotonic() > 0.01:
                return False
        return True

    def settle(self) -> bool:
        """Record until a question is complete; return False at the end of the program."""
        while True:
            before = len(self._screen.raw)
            if not self.read(QUIET):
                return False
            if len(self._screen.raw) == before and is_question(self._screen.text()):
                return True
            if time.monotonic() - self._began > LONGEST:
                raise SystemExit(f"no end, and no question that is known:\n{self._screen.text()}")

    def _add(self, kind: str, text: str) -> None:
        self.events.append([round(time.monotonic() - self._began, 3), kind, text])


def is_question(text: str) -> bool:
    """Return whether the last lines of a screen ask for a key or a value."""
    return re.search(r"(›|>|esc back|esc other keys)\s*$", text) is not None or "choose a row" in text[-200:]


def record(
    command: Sequence[str], shown: str, folder: Path, environment: Mapping[str, str], keys: Sequence[Key]
) -> list[list[Any]]:
    """Run a command to its end as a person would, and return the events of its recording."""
    with open_screen(command, folder, environment, COLUMNS, ROWS) as screen:
        recorder = Recorder(screen)
        recorder.print("\x1b[1m$ \x1b[0m")
        for letter in shown:
            time.sleep(TYPING / 2)
            recorder.print(letter)
        recorder.print("\r\n")
        count = 0
        while recorder.settle():
            recorder.read(THINKING)
            last = screen.text()[-400:]
            pressed = next((key.keys for key in keys if key.asked.search(last)), (ENTER,))
            count += 1
            recorder.mark(f"question {count}")
            for key in pressed:
                screen.type(key)
                recorder.read(TYPING if key.isprintable() else 0.5)
    return recorder.events


def write(page: Path, title: str, events: Sequence[Sequence[Any]]) -> None:
    """Write a recording beside its page."""
    header = {
        "version": 2,
        "width": COLUMNS,
        "height": ROWS,
        "timestamp": int(time.time()),
        "title": title,
        "env": {"TERM": "xterm-256color"},
    }
    lines = [json.dumps(each, ensure_ascii=False) for each in (header, *events)]
    page.with_suffix(".cast").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{page.with_suffix('.cast')}: {events[-1][0]:.0f} s, {len(events)} events")


@contextmanager
def page_in(folder: Path, page: Path) -> Iterator[str]:
    """Put a page below a folder as it is in the repository, and yield its path there."""
    inside = folder / page.relative_to(REPOSITORY)
    inside.parent.mkdir(exist_ok=True)
    inside.write_bytes(page.read_bytes())
    yield str(inside.relative_to(folder))


def rotate() -> None:
    """Record the rotation of a token, in a practice world."""
    page = REPOSITORY / "runbooks" / "rotate-fly-token.md"
    with tempfile.TemporaryDirectory(prefix="practice-") as temporary:
        world = create(Path(temporary) / "world", browser=False)
        old = str(world.state()["old_token"])
        keys = [
            Key(re.compile(r"paste code here if prompted >\s*$"), (*LOGIN_CODE, ENTER)),
            Key(re.compile(r"choose a row"), (*old[:6], DOWN, ENTER)),
            Key(re.compile(r"d done"), ("d",)),
        ]
        with serving(str(world.folder)), page_in(world.work, page) as path:
            environment = practice_run._environment(world)
            environment.pop("NO_COLOR", None)
            events = record(
                [sys.executable, "-m", "runbook_exec", path],
                f"runbook-exec {path}",
                world.work,
                environment,
                keys,
            )
    write(page, "a guided run in the practice world, where fly, op and Forgejo are stand-ins", events)


def back_up() -> None:
    """Record a backup of a small folder, which the page itself makes first."""
    page = REPOSITORY / "runbooks" / "backup-a-folder.md"
    with tempfile.TemporaryDirectory(prefix="backup-") as temporary:
        folder = Path(temporary)
        environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        environment["XDG_STATE_HOME"] = str(folder / "state")
        with page_in(folder, page) as path:
            made = [sys.executable, "-m", "runbook_exec", f"{path}#try-it-first"]
            record(made, "", folder, environment, ())
            options = [path, "--set", "source-folder=scratch-data"]
            shown = " ".join(["runbook-exec", *options])
            done = Key(re.compile(r"d done"), ("d",))
            events = record(
                [sys.executable, "-m", "runbook_exec", *options], shown, folder, environment, [done]
            )
    write(page, "a guided run on a small folder, made by “Try it first”", events)


RECORDINGS: Mapping[str, Callable[[], None]] = {"rotate-fly-token": rotate, "backup-a-folder": back_up}


if __name__ == "__main__":
    for name in sys.argv[1:] or RECORDINGS:
        RECORDINGS[name]()
