"""The actions of a guide, parsed from the guide, and a reader at a terminal who does them.

In a page that is followed line by line:

- ```` ```console ````: a line `$ …` is a command, with all of its output below; without lines below, the
  output is not compared. It exits with 0, or as a comment at its end says: `# exit status 1`.
- ```` ```LANGUAGE title="NAME" ````: a file of this text; with the language `diff`, a change to such a file.
- `<kbd>…</kbd>`, below a command: keys for it, by name or as text.
- ```` ```text ````, below that: the screen afterwards, down to its end.
- `…` matches text that differs between runs; alone on a line, any lines.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from markdown_it import MarkdownIt

from practice.world import World
from tests.support.screen import DOWN, ENTER, ESCAPE, INTERRUPT, UP, Screen, open_screen

COLUMNS, ROWS = 80, 120
ENTER_WORLD = "scripts/practice enter"  # it opens a shell, in which the reader continues
KEYS = {"enter": ENTER, "esc": ESCAPE, "↓": DOWN, "↑": UP, "^C": INTERRUPT}
_FENCE = re.compile(r"(\w+)(?: title=\"([^\"]+)\")?")
_STATUS = re.compile(r"\s+# exit status (\d+)$")
_ESCAPES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")
_COMMENT = re.compile(r"\s{2,}# .*$")


@dataclass(frozen=True, slots=True)
class Act:
    """An action or an expectation; `line` is its line in the page."""

    line: int


@dataclass(frozen=True, slots=True)
class Command(Act):
    """A command, its exit status and its output; None if the page does not have it."""

    words: str
    status: int
    prints: str | None


@dataclass(frozen=True, slots=True)
class Keys(Act):
    """Keys to press and text to type, one after the other."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScreenText(Act):
    """The screen while a command runs."""

    text: str


@dataclass(frozen=True, slots=True)
class File(Act):
    """A file of the page, or a change to one."""

    name: str
    text: str
    change: bool


def parse_acts(page: str) -> Iterator[Act]:
    """Return the actions of a page, in order."""
    for token in MarkdownIt().parse(page):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "inline" and (keys := re.findall(r"<kbd>(.*?)</kbd>", token.content)):
            yield Keys(line, tuple(keys))
        elif token.type == "fence" and (told := _FENCE.fullmatch(token.info.strip())):
            language, name = told.groups()
            if name:
                yield File(line, name, token.content, language == "diff")
            elif language == "console":
                yield from _commands(token.content, line)
            elif language == "text":
                yield ScreenText(line, token.content.rstrip("\n"))


def _commands(block: str, line: int) -> Iterator[Command]:
    lines = block.split("\n")[:-1]
    starts = [number for number, each in enumerate(lines) if each.startswith("$ ")]
    assert starts[:1] == [0], f"line {line}: expected a console block to begin with `$ `"
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        words, prints = lines[start][2:], "\n".join(lines[start + 1 : end]).strip("\n")
        status = _STATUS.search(words)
        words = _COMMENT.sub("", _STATUS.sub("", words))
        yield Command(line + 1 + start, words, int(status[1]) if status else 0, prints or None)


def matches_text(told: str, came: str, *, ends: bool = False) -> bool:
    """Return whether the page has the output; with `ends`, only its end must match."""
    anything = r"(?:.*\n)*?"
    lines = [
        anything if line.strip() == "…" else ".*?".join(map(re.escape, line.rstrip().split("…"))) + r"\n"
        for line in told.strip("\n").split("\n")
    ]
    return re.fullmatch("".join([anything if ends else "", *lines]), came.strip("\n") + "\n") is not None


def read_output(shown: Screen) -> str:
    """Return the output of a command so far as lines, without colours and blanks at their ends.

    The warning that this machine cannot isolate a rehearsal is left out.
    """
    text = _ESCAPES.sub(b"", shown.raw).decode().replace("\r\n", "\n").replace("\xa0", " ")
    return re.sub(r"^not isolated from .*\n?|[ \t]+$", "", text, flags=re.MULTILINE)


def join_wrapped_lines(text: str) -> str:
    """Return a screen's text with plain spaces, and with wrapped lines joined."""
    return re.sub(rf"^(.{{{COLUMNS}}})\n", r"\1", text, flags=re.MULTILINE).replace("\xa0", " ")


def apply_change(text: str, change: str) -> str:
    """Apply a diff without line numbers to a text."""
    lines = change.rstrip("\n").split("\n")
    before, after = ("\n".join(line[1:] for line in lines if line[:1] in ("", " ", sign)) for sign in "-+")
    assert text.count(before) == 1, f"expected once, to be changed:\n{before}"
    return text.replace(before, after)


@dataclass
class Reader:
    """A reader who follows a page in a folder, in a shell, with these variables."""

    folder: Path
    environment: Mapping[str, str]
    shell: str = "sh"
    stack: ExitStack = field(default_factory=ExitStack)
    running: tuple[Command, Screen] | None = None
    outside: tuple[Path, Mapping[str, str], str, Screen] | None = (
        None  # folder, variables and shell before the practice world
    )

    def follow(self, page: str) -> None:
        """Follow a page. Raises AssertionError with the line if the result differs from the page."""
        todo = list(parse_acts(page))
        with self.stack:
            for act, following in zip(todo, [*todo[1:], None], strict=True):
                try:
                    self._do(act)
                    if not isinstance(following, Keys | ScreenText):
                        self._finish()
                except AssertionError as failed:
                    raise AssertionError(f"line {act.line}: {failed}") from None

    def _do(self, act: Act) -> None:
        match act:
            case Keys():
                shown = self._wait_for_output()
                for key in act.keys:
                    shown.type(KEYS[key]) if key in KEYS else shown.type_slowly(key)
            case ScreenText():
                self._wait_for_output().wait_until(
                    lambda text: matches_text(act.text, join_wrapped_lines(text), ends=True),
                    f"at the end\n{act.text}\n",
                )
            case File():
                path = self.folder / act.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(apply_change(path.read_text(), act.text) if act.change else act.text)
            case Command():
                self._start(act)

    def _start(self, command: Command) -> None:
        first, *others = shlex.split(command.words, comments=True)
        if first == "cd":
            self.folder = (self.folder / others[0]).resolve(strict=True)
        elif first == "exit":
            self._leave()
        else:
            words = [self.shell, "-c", command.words]
            started = open_screen(words, self.folder, self.environment, COLUMNS, ROWS)
            self.running = command, self.stack.enter_context(started)
            if command.words == ENTER_WORLD:
                self._enter()

    def _wait_for_output(self) -> Screen:
        """Wait until the screen of the running command is as on the page, and return it."""
        assert self.running is not None, "expected a command that is running"
        command, shown = self.running
        if command.prints is not None:
            shown.wait_until(
                lambda text: matches_text(command.prints or "", join_wrapped_lines(text)),
                f"\n{command.prints}\n",
            )
            self.running = replace(command, prints=None), shown
        return shown

    def _finish(self) -> None:
        """Wait for the end of the running command, and check its result."""
        if self.running is None:
            return
        command, shown = self.running
        self.running = None
        status = shown.wait_status()
        came = read_output(shown)
        assert status == command.status, f"`{command.words}` ended with {status}:\n{came}"
        if command.prints is not None:
            assert matches_text(command.prints, came), f"expected\n{command.prints}\ngot\n{came}"

    def _enter(self) -> None:
        """Continue in the practice world whose shell was opened."""
        assert self.running is not None
        command, shown = self.running
        told = f"{command.prints}\n…"
        shown.wait_until(lambda text: matches_text(told, read_output(shown)), f"\n{command.prints}\n")
        found = re.search(r"practice world (\S+)$", read_output(shown), re.MULTILINE)
        assert found, shown.text()
        self.outside, self.running = (self.folder, self.environment, self.shell, shown), None
        world = World(Path(found[1]))
        self.folder, self.environment, self.shell = world.work, world.environment(self.environment), "fish"

    def _leave(self) -> None:
        """Leave the practice world through its shell."""
        assert self.outside is not None, "expected a shell to leave"
        self.folder, self.environment, self.shell, shown = self.outside
        self.outside = None
        shown.type("exit", ENTER)
        assert shown.wait_status() == 0, shown.text()
