"""Writes the calls of a recorded run as the text of a transcript without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import zip_longest
from pathlib import Path

from ...document.model import Step
from ...masking.masker import Masker
from ...plan.model import ItemId, Plan
from ..transcript.call_syntax import format_call_lines
from ..transcript.output_syntax import escape_line, escape_text
from ..transcript.pattern import Gap, Part, Pattern, insert_name, insert_names, join_parts
from .recorded_run import RecordedCall, RecordedRun
from .terminal_trace import TerminalTrace
from .unnamed_secrets import decode_output, find_unnamed_secrets, invent_value

_LETTER = re.compile(r"\S")

_NOT_UTF8 = re.compile(r"[\ud800-\udfff]+")

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def format_transcript(recording: RecordedRun) -> str:
    """Return the text of the transcript of a recorded run."""
    secrets = {name: value for name, value in recording.secret.items() if value}
    secrets |= dict(find_unnamed_secrets(recording, secrets))
    public = {name: value for name, value in recording.public.items() if name not in secrets and value}
    writer = _TranscriptWriter(secrets, public, recording.attended)
    masker = Masker([*secrets.values(), *recording.all_secrets])
    body = "\n".join(writer.page_lines(recording))
    front = writer.front_matter(recording, masker)
    return front + masker.mask_text(body)


class _TranscriptWriter:
    def __init__(self, secrets: Mapping[str, str], public: Mapping[str, str], attended: bool) -> None:
        self.secrets = secrets
        self.public = public
        self.names = {*secrets, *public}
        self.attended = attended
        self.private = False  # whether the output of the current call is a secret

    def front_matter(self, recording: RecordedRun, masker: Masker) -> str:
        """Return the front matter and the title of the transcript."""
        import yaml

        plan = recording.plan
        values = {name: masker.mask_text(value) for name, value in self.public.items()}
        values |= {name: invent_value(value, n) for n, (name, value) in enumerate(self.secrets.items())}
        annotated = {item.annotation.capture for item in plan.items}
        captures = {
            capture.name: f"{_capture_target(plan, where)}{f':{capture.pattern}' if capture.pattern else ''}"
            for where, capture in plan.captures
            if capture.name not in annotated and capture.name not in plan.runbook.settings.captures
        }
        chosen = plan.runbook.chosen
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
        """Yield the lines of the page, with a block for each step that called a program."""
        name = Path(recording.plan.runbook.path).name
        yield f"Recorded in a run of [the runbook]({name}). Values that are secret are made up.\n"
        step: Step | None = None
        opened = False
        until = 0.0  # the latest end of the calls so far
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

    def call_lines(self, call: RecordedCall) -> Iterator[str]:
        """Yield the lines of one call."""
        words = format_call_lines([_make_readable(self.name_values(word)) for word in call.words])
        yield f"$ {words}"
        if call.status:
            yield f"? {call.status}"
        self.private = call.private
        lines = list(self.terminal_lines(call.terminal) if call.terminal else self.stream_lines(call.pieces))
        # a blank line at the end of a call counts only if it is written as a backslash
        for index in range(len(lines) - 1, -1, -1):
            if lines[index]:
                break
            lines[index] = "\\"
        yield from lines

    def stream_lines(self, pieces: Sequence[tuple[float, int, bytes]]) -> Iterator[str]:
        """Yield the output that went into pipes and files.

        Consecutive pieces of a stream are joined.
        """
        texts: list[tuple[int, bytes]] = []
        for _, stream, data in sorted(pieces, key=lambda piece: piece[0]):
            if texts and texts[-1][0] == stream:
                data = texts.pop()[1] + data
            texts.append((stream, data))
        for stream, data in texts:
            yield from self.output_lines(decode_output(data), 2 if stream == 2 else 1)

    def terminal_lines(self, terminal: TerminalTrace) -> Iterator[str]:
        """Yield the lines of output on the terminal, and of typed text."""
        echo = ""
        pending = ""
        for kind, data in terminal.pieces:
            text = decode_output(data)
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
        """Yield lines of output as a transcript writes them."""
        prefix = "2> " if stream == 2 else ""
        # only a line feed ends a line; other line separators are part of it
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
        """Return a question or an answer, with names in place of their values."""
        return escape_text(self.name_values(text), self.names)

    def name_values(self, text: str) -> Pattern:
        """Return the text with names in place of secrets, and of public values (see `insert_names`)."""
        parts: Pattern = (text,)
        for name, value in sorted(self.secrets.items(), key=lambda pair: -len(pair[1])):
            parts = join_parts([piece for part in parts for piece in insert_name(part, name, value)])
        return join_parts(
            [
                piece
                for part in parts
                for piece in (insert_names(part, self.public) if isinstance(part, str) else [part])
            ]
        )


def _make_readable(word: Pattern) -> Pattern:
    """Return a word with a gap for bytes that are not UTF-8: a page cannot contain them."""
    parts: list[Part] = []
    for part in word:
        pieces = _NOT_UTF8.split(part) if isinstance(part, str) else [part]
        for number, piece in enumerate(pieces):
            parts += [Gap.CHARACTERS, piece] if number else [piece]
    return join_parts(parts) or word


def _capture_target(plan: Plan, where: ItemId) -> str:
    """Return the label of a statement, as `--capture` takes it."""
    return next(item.label for item in plan.items if item.where == where)
