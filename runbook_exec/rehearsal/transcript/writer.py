"""From what a real run called to the text of a transcript, in which no secret stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Protocol

from ...document.model import Step
from ...masking.masker import Masker
from ...masking.token_patterns import find_tokens
from ...plan.model import Plan, PlanItem
from ..recording_session import TerminalTrace
from .call_syntax import format_call
from .diff import insert_names
from .pattern import Gap, Name, Part, Pattern, join_parts
from .updater import escape_line, escape_text

# programs that print a secret, whatever it looks like: the words that their calls begin with
_SECRET_COMMANDS = (
    ("op", "read"),
    ("pass", "show"),
    ("gopass", "show"),
    ("vault", "kv", "get"),
    ("security", "find-generic-password"),
    ("secret-tool", "lookup"),
    ("bw", "get"),
)

_LETTER = re.compile(r"\S")

_BORDERS = re.compile(r"([\s,.]+)")

_BEGINNING = re.compile(r"[A-Za-z0-9]{1,8}[_-]|eyJ")

_NOT_UTF8 = re.compile(r"[\ud800-\udfff]+")

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

_SHORTEST = 8  # characters of a part of a secret that is a secret by itself


class WritableCall(Protocol):
    """A call, as it was recorded."""

    @property
    def words(self) -> tuple[str, ...]:
        """The program's name and its arguments."""

    @property
    def item(self) -> PlanItem | None:
        """The statement that it was made in."""

    @property
    def start_time(self) -> float:
        """When it began, in seconds."""

    @property
    def end_time(self) -> float:
        """When it ended; 0 if it never did."""

    @property
    def status(self) -> int:
        """How it ended, as a shell tells it."""

    @property
    def pieces(self) -> Sequence[tuple[float, int, bytes]]:
        """What it printed elsewhere than on the terminal: when, on which stream, and what."""

    @property
    def terminal(self) -> TerminalTrace | None:
        """What the terminal showed of it."""

    @property
    def private(self) -> bool:
        """Whether what it printed is or may be a secret, whatever it looks like."""


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """What was recorded of a run: its calls, the values that it knew, and what a person answered."""

    plan: Plan
    calls: tuple[WritableCall, ...]
    public: Mapping[str, str]
    secret: Mapping[str, str]
    done: Mapping[str, str]
    choose: Mapping[str, str]
    attended: bool
    all_secrets: tuple[str, ...] = ()  # every secret that the run ever knew, also those that were replaced

    def __repr__(self) -> str:
        """Tells no value."""
        return f"RecordedRun({len(self.calls)} calls)"


def format_transcript(recording: RecordedRun) -> str:
    """The whole transcript."""
    secrets = {name: value for name, value in recording.secret.items() if value}
    secrets |= dict(_find_unnamed_secrets(recording, secrets))
    public = {name: value for name, value in recording.public.items() if name not in secrets and value}
    writer = _TranscriptWriter(secrets, public, recording.attended)
    masker = Masker([*secrets.values(), *recording.all_secrets])
    body = "\n".join(writer.page_lines(recording))
    front = writer.front_matter(recording, masker)
    return front + masker.mask_text(body)


def _find_unnamed_secrets(recording: RecordedRun, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Secrets that nobody had named: tokens of known shapes, what keepers of secrets print, hidden typing."""
    seen = set(known.values())
    tokens = answers = typed = 0
    for call in recording.calls:
        shown = b"".join(data for _, _, data in call.pieces)
        pieces = call.terminal.pieces if call.terminal else []
        for kind, data in pieces:
            if kind == "shown":
                shown += data
            elif kind == "hidden":
                for line in _text(data).replace("\r", "\n").split("\n"):
                    if line and line.isprintable() and line not in seen:
                        typed += 1
                        seen.add(line)
                        yield f"typed-secret-{typed}", line
        for secret in _find_printed_secrets(call, _text(shown).replace("\r\n", "\n")):
            if secret not in seen:
                answers += 1
                seen.add(secret)
                yield f"secret-{answers}", secret
        text = shown + b"\0" + "\0".join(call.words).encode("utf-8", "surrogateescape")
        for _, start, end in find_tokens(text):
            token = _text(text[start:end])
            if not any(token in each for each in seen):
                tokens += 1
                seen.add(token)
                yield f"token-{tokens}", token
    yield from _find_earlier_secrets(recording, seen)


def _find_earlier_secrets(recording: RecordedRun, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Secrets of the run that have no name any more, where a call has them; they are `seen` then."""
    there = [each for call in recording.calls for each in (*call.words, _output_text(call))]
    values = (value for value in recording.all_secrets if value not in seen)
    for number, value in enumerate((value for value in values if any(value in each for each in there)), 1):
        seen.add(value)
        yield f"earlier-secret-{number}", value


def _find_printed_secrets(call: WritableCall, shown: str) -> Iterator[str]:
    """What is a secret, by itself, of that which a call printed."""
    text = shown.removesuffix("\n")
    keeper = any(call.words[: len(words)] == words for words in _SECRET_COMMANDS)
    if text and not call.status and (keeper or (call.private and "\n" not in text)):
        yield text
    elif call.private:
        # words that stand among others are ordinary ones, which elsewhere are no secrets
        yield from (line for line in text.split("\n") if len(line) >= _SHORTEST and len(line.split()) == 1)


def _output_text(call: WritableCall) -> str:
    pieces = call.terminal.pieces if call.terminal else []
    return _text(b"".join([*(data for _, _, data in call.pieces), *(data for _, data in pieces)]))


def invent_value(secret: str, number: int) -> str:
    """A value of the same length as a secret, that holds nothing of it but how tokens of its kind begin.

    `number` tells made-up values of one length from each other.
    """
    letter = "xyzwvutsrqponmlk"[number % 16]
    parts = _BORDERS.split(secret)
    words = [part for part in parts if part and not _BORDERS.fullmatch(part)]
    changed = [part for part in words if len(part) >= _SHORTEST] or words
    return "".join(_disguise_part(part, letter) if part in changed else part for part in parts)


def _disguise_part(part: str, letter: str) -> str:
    beginning = _BEGINNING.match(part) if len(part) > 2 * _SHORTEST else None
    kept = beginning[0] if beginning else ""
    return kept + ("1" if part.isdigit() else letter) * (len(part) - len(kept))


class _TranscriptWriter:
    def __init__(self, secrets: Mapping[str, str], public: Mapping[str, str], attended: bool) -> None:
        self.secrets = secrets
        self.public = public
        self.names = {*secrets, *public}
        self.attended = attended
        self.private = False  # whether the present call has printed what nobody may know

    def front_matter(self, recording: RecordedRun, masker: Masker) -> str:
        """The front matter."""
        import yaml

        plan = recording.plan
        values = {name: masker.mask_text(value) for name, value in self.public.items()}
        values |= {name: invent_value(value, n) for n, (name, value) in enumerate(self.secrets.items())}
        annotated = {item.annotation.capture for item in plan.items}
        captures = {
            capture.name: f"{capture_target(plan, where)}{f':{capture.pattern}' if capture.pattern else ''}"
            for where, capture in plan.captures
            if capture.name not in annotated and capture.name not in plan.runbook.settings.captures
        }
        chosen = plan.runbook.settings.procedure or plan.runbook.chosen
        settings = {
            "procedure": plan.procedure.anchor if plan.procedure.anchor != chosen else None,
            "values": values,
            "captures": captures,
            "done": {label: masker.mask_text(note) for label, note in recording.done.items()},
            "choose": dict(recording.choose),
            "operator": True if self.attended else None,
        }
        said = {name: value for name, value in settings.items() if value}
        title = f"Rehearsal of {plan.runbook.title}"
        matter = {"title": title, "modified": date.today(), "tags": ["rehearsal"], "rehearsal": said}
        text = yaml.safe_dump(matter, allow_unicode=True, sort_keys=False, width=10_000)
        return f"---\n{text}---\n\n# {title}\n\n"

    def page_lines(self, recording: RecordedRun) -> Iterator[str]:
        """The page itself, with a block for each step that called something."""
        name = Path(recording.plan.runbook.path).name
        yield f"Recorded in a run of [the runbook]({name}). Values that are secret are made up.\n"
        step: Step | None = None
        opened = False
        until = 0.0  # when the last of those that began so far has ended
        together = False
        for call, after in zip_longest(recording.calls, recording.calls[1:]):
            its = call.item.step if call.item else None
            if its is not step or not opened:
                if opened:
                    yield "```\n"
                step, opened = its, True
                yield f"## {its.title if its else 'At the beginning'}\n\n```console"
                together = False
            overlaps = call.start_time < until
            until = max(until, call.end_time or until)
            overlapped = after is not None and after.item is call.item and after.start_time < until
            if (overlaps or overlapped) != together:
                together = not together
                yield "# in any order:" if together else "# in this order:"
            yield from self.call_lines(call)
        yield "```\n" if opened else "It called nothing that needs a stand-in.\n\n```console\n```\n"

    def call_lines(self, call: WritableCall) -> Iterator[str]:
        """The lines of one call."""
        words = format_call([_make_readable(self.name_values(word)) for word in call.words]).replace(
            "\n", "\n> "
        )
        yield f"$ {words}"
        if call.status:
            yield f"? {call.status}"
        self.private = call.private
        lines = list(self.terminal_lines(call.terminal) if call.terminal else self.stream_lines(call.pieces))
        # blank lines at the end of a call are printed only where they are written so
        for index in range(len(lines) - 1, -1, -1):
            if lines[index]:
                break
            lines[index] = "\\"
        yield from lines

    def stream_lines(self, pieces: Sequence[tuple[float, int, bytes]]) -> Iterator[str]:
        """What went into pipes and files, each stream as long as it was the one that printed."""
        texts: list[tuple[int, bytes]] = []
        for _, stream, data in sorted(pieces, key=lambda piece: piece[0]):
            if texts and texts[-1][0] == stream:
                data = texts.pop()[1] + data
            texts.append((stream, data))
        for stream, data in texts:
            yield from self.output_lines(_text(data), 2 if stream == 2 else 1)

    def terminal_lines(self, terminal: TerminalTrace) -> Iterator[str]:
        """What the terminal showed, and what was typed."""
        echo = ""
        pending = ""
        for kind, data in terminal.pieces:
            text = _text(data)
            if kind == "shown":
                shown = text.replace("\r\n", "\n") if self.attended else text
                pending += shown.removeprefix(echo) if echo and shown.startswith(echo) else shown
                echo = ""
                continue
            typed = [line for line in re.split(r"[\r\n]", text)[:-1] if line.isprintable()]
            for line in typed:
                *before, prompt = pending.split("\n")
                yield from self.output_lines("".join(f"{each}\n" for each in before), 1)
                yield f"# asks: {self.prompt_text(prompt)}"
                yield f"# typed{' hidden' * (kind == 'hidden')}: {self.prompt_text(line)}"
                pending = ""
                echo = f"{line}\n" if kind == "typed" else ""
        yield from self.output_lines(pending, 1)

    def output_lines(self, text: str, stream: int) -> Iterator[str]:
        """Lines of output as a transcript writes them."""
        prefix = "2> " if stream == 2 else ""
        # only a line feed ends a line; what else may pass for its end is written as it is
        for line in re.findall(r"[^\n]*\n|[^\n]+", text):
            yield from self._output_line(line, prefix)

    def _output_line(self, line: str, prefix: str) -> Iterator[str]:
        whole = line.endswith("\n")
        content = line.removesuffix("\n")
        if self.private and content.removesuffix("\r") not in self.secrets.values():
            content = _LETTER.sub("x", content)
            line = content + "\n" * whole
        if whole and not _UNPRINTABLE.search(content):
            yield (
                f"{prefix}{escape_line(self.name_values(content), self.names)}"
                if content
                else prefix.rstrip() or ""
            )
        else:
            written = json.dumps(escape_text(self.name_values(line), self.names), ensure_ascii=False)
            written = _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)
            yield f"# prints{' 2' if prefix else ''}: {written}"

    def prompt_text(self, text: str) -> str:
        """A question or an answer, with names in the place of their values."""
        return escape_text(self.name_values(text), self.names)

    def name_values(self, text: str) -> Pattern:
        """The text with every secret by its name, and public values where that is likely meant."""
        parts: Pattern = (text,)
        for name, value in sorted(self.secrets.items(), key=lambda pair: -len(pair[1])):
            parts = join_parts([piece for part in parts for piece in _split_part(part, name, value)])
        return join_parts(
            [
                piece
                for part in parts
                for piece in (insert_names(part, self.public) if isinstance(part, str) else [part])
            ]
        )


def _split_part(part: object, name: str, value: str) -> Iterator[str | Name]:
    if not isinstance(part, str):
        if isinstance(part, Name):
            yield part
        return
    for number, text in enumerate(part.split(value)):
        if number:
            yield Name(name, f"<{name}>")
        yield text


def _make_readable(word: Pattern) -> Pattern:
    """A word with gaps for what is not in UTF-8, as no page could hold it."""
    parts: list[Part] = []
    for part in word:
        pieces = _NOT_UTF8.split(part) if isinstance(part, str) else [part]
        for number, piece in enumerate(pieces):
            parts += [Gap.CHARACTERS, piece] if number else [piece]
    return join_parts(parts) or word


def capture_target(plan: Plan, where: object) -> str:
    """How `--capture` names the statement at this place."""
    item = next(item for item in plan.items if item.where == where)
    return item.label


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
