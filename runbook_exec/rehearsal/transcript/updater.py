"""A transcript rewritten to what came, for review: only what differs, and the rest as it stands."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from ...document.placeholders import normalise_name
from ...engine.events import RunEnded
from ...errors import Refused
from ...text.source import parse_source
from ..matcher import compare_output
from ..rehearse import RehearsalResult
from ..responder import ReceivedCall
from .call_syntax import quote_word
from .diff import format_pattern, insert_names
from .model import CallLine, ElidedLines, ExpectedCall, ExpectedOutput, ExpectedPrompt, Transcript
from .parser import parse_transcript
from .pattern import GAP, NAME, Expression, Gap, Name, Pattern, names_in

_MARKED = re.compile(rf"\[\.\.\]|{NAME.pattern}")


@dataclass(frozen=True, slots=True)
class Edit:
    """`text[start:end]` becomes `replacement`."""

    start: int
    end: int
    replacement: str


def update_transcript(path: Path, result: RehearsalResult) -> bool:
    """Rewrite a transcript to what a lenient rehearsal has seen, and whether anything was to be changed.

    Raises Refused.
    """
    if result.read is None or result.outcome == "cannot":
        raise Refused(f"{path}: cannot be updated: {result.why or result.findings[0].message}")
    text = rewrite_text(result.read, result)
    if text == result.read.text:
        return False
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(name, path.stat().st_mode & 0o777)  # noqa: PTH101
        os.replace(name, path)  # noqa: PTH105
    except OSError as error:
        raise Refused(f"cannot write `{path}`: {(error.strerror or str(error)).lower()}") from None
    return True


def rewrite_text(transcript: Transcript, result: RehearsalResult) -> str:
    """The text of the transcript as it should be; the last edit is made first, so that places stay true."""
    if "\r\n" in transcript.text:
        plain = transcript.text.replace("\r\n", "\n").encode("utf-8")
        return rewrite_text(parse_transcript(plain, transcript.path), result).replace("\n", "\r\n")
    ended = result.events[-1] if result.events else None
    over = isinstance(ended, RunEnded) and ended.outcome == "succeeded"
    text = transcript.text
    edits = list(_find_edits(transcript, result.calls, result.values, over))
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end), reverse=True):
        text = text[: edit.start] + edit.replacement + text[edit.end :]
    return text


def _find_edits(
    transcript: Transcript, came: Sequence[ReceivedCall], values: Mapping[str, str], over: bool
) -> Iterator[Edit]:
    used: set[int] = set()
    last: ExpectedCall | None = None
    added: dict[int, list[str]] = {}  # what is put where: new calls, and those that come later than before
    for each in came:
        meant = each.call or (each.nearest if each.nearest and each.nearest.number not in used else None)
        at = last.extent[1] if last else _first_call_offset(transcript)
        if meant is None:
            added.setdefault(at, []).append(
                f"$ {_call_text([insert_names(word, values) for word in each.words])}"
            )
            continue
        call = transcript.calls[meant.number]
        if (
            last is not None
            and call.number < last.number
            and not call.repeats
            and not _in_same_group(call, last)
        ):
            added.setdefault(at, []).append(transcript.text[slice(*call.extent)])
            used.add(call.number)
            yield _removal(transcript, call)
            continue
        if call.number not in used:
            if each.call is None:
                yield Edit(call.span.start, call.span.end, _call_text(_merge_words(call, each.words, values)))
            yield from _output_edits(transcript, call, each, values)
        used.add(call.number)
        last = call if last is None or call.number > last.number else last
    for at, calls in added.items():
        before = "\n" if at and transcript.text[at - 1] != "\n" else ""
        indent = _indent(transcript.text, at)
        lines = "".join(f"\n{indent}{call}" for call in calls)
        yield Edit(at, at, lines if before else lines.removeprefix("\n") + "\n")
    if over:
        gone = (call for call in transcript.calls if call.number not in used and not call.repeats)
        yield from (_removal(transcript, call) for call in gone)


def _in_same_group(call: ExpectedCall, other: ExpectedCall) -> bool:
    """Whether they come in any order."""
    return call.group != 0 and call.group == other.group


def _removal(transcript: Transcript, call: ExpectedCall) -> Edit:
    """Take a call out, in whole lines."""
    start, end = call.extent
    line = transcript.text.rfind("\n", 0, start) + 1
    return Edit(line, end + transcript.text.startswith("\n", end), "")


def _first_call_offset(transcript: Transcript) -> int:
    """Before the first call."""
    return transcript.calls[0].extent[0] if transcript.calls else transcript.blocks[0].end


def _indent(text: str, at: int) -> str:
    start = text.rfind("\n", 0, max(at - 1, 0)) + 1
    found = re.match(r"[ \t>]*", text[start:at])
    return found[0] if found else ""


def _call_text(words: Sequence[Pattern]) -> str:
    return " ".join(quote_word(word) for word in words).replace("\n", "\n> ")


def _merge_words(call: ExpectedCall, words: Sequence[str], values: Mapping[str, str]) -> list[Pattern]:
    """The words of a call that came, those that still match as they were written."""
    expected = [word.pattern for word in call.words]
    keys = ["\0".join(_key(pattern)) for pattern in expected]
    ours = [
        next((k for p, k in zip(expected, keys, strict=True) if _matches(p, w, values)), w) for w in words
    ]
    kept: list[Pattern] = []
    for kind, a, b, start, end in SequenceMatcher(None, keys, ours, autojunk=False).get_opcodes():
        if kind == "equal":
            kept += expected[a:b]
        else:
            kept += [insert_names(word, values) for word in words[start:end]]
    return kept


def _key(pattern: Pattern) -> list[str]:
    return [
        part if isinstance(part, str) else f"<{part.name}>" if isinstance(part, Name) else str(part.value)
        for part in pattern
    ]


def _matches(pattern: Pattern, word: str, values: Mapping[str, str]) -> bool:
    if pattern == (Gap.WHOLE,):
        return False
    expression = Expression(values)
    expression.add_pattern(pattern, r"\x00")
    return expression.match(word) is not None


def _output_edits(
    transcript: Transcript, call: ExpectedCall, came: ReceivedCall, values: Mapping[str, str]
) -> Iterator[Edit]:
    """What a program printed, where that differs from what stands below its call."""
    if came.output is None:
        return
    status = came.status or 0
    if status != call.status:
        yield from _status_edit(transcript, call, status)
    if not call.expects_output:
        return
    _, differs = compare_output(call, came.output, values)
    for stream, text in differs.items():
        yield from _line_edits(transcript, call, stream, text, values)


def _status_edit(transcript: Transcript, call: ExpectedCall, status: int) -> Iterator[Edit]:
    start, end = call.extent
    found = re.search(r"^[ \t>]*\? \d+[ \t]*$\n?", transcript.text[start:end], re.MULTILINE)
    if found:
        yield Edit(start + found.start(), start + found.end(), f"? {status}\n" if status else "")
    else:
        indent = _indent(transcript.text, call.span.end)
        yield Edit(call.span.end, call.span.end, f"\n{indent}? {status}")


def _line_edits(
    transcript: Transcript, call: ExpectedCall, stream: int, text: str, values: Mapping[str, str]
) -> Iterator[Edit]:
    """The lines that differ, replaced by those that came; lines that are left out stay so."""
    old = [line for line in call.lines if _stream(line) and stream in (0, _stream(line))]
    new = text.split("\n")
    if new[-1] == "":
        new.pop()
    page = parse_source(transcript.text)
    matched = list(_find_differences(old, new, values))
    indent = _indent(transcript.text, call.span.end)
    words = [word for each in transcript.calls for word in each.words]
    names = {*values, *(name for word in words for name in names_in(word.pattern))}
    prefix = "2> " if stream == 2 else ""  # where both went to one place, nothing tells which it was
    for old_lines, new_lines in matched:
        written_lines = [
            f"{indent}{prefix}{escape_line(insert_names(line, values), names)}" for line in new_lines
        ]
        if old_lines:
            first, last = page.index(old_lines[0].span.start), page.index(old_lines[-1].span.start)
            start, end = page.starts[first], page.end(last)
            if written_lines:
                yield Edit(start, end, "\n".join(written_lines))
            else:
                yield Edit(start, end + 1, "")
        else:
            yield Edit(call.extent[1], call.extent[1], "".join(f"\n{line}" for line in written_lines))


def _stream(line: CallLine) -> int:
    return (
        line.stream
        if isinstance(line, ExpectedOutput | ElidedLines)
        else 1
        if isinstance(line, ExpectedPrompt)
        else 0
    )


def _find_differences(
    old: Sequence[CallLine], new: Sequence[str], values: Mapping[str, str]
) -> Iterator[tuple[list[CallLine], list[str]]]:
    """The stretches of lines that do not match, as the lines that stand there and those that came."""
    keys = []
    ours = list(new)
    for number, line in enumerate(old):
        key = f"\0{number}"
        if isinstance(line, ExpectedOutput):
            at = next(
                (n for n, text in enumerate(new) if ours[n] == text and _matches_line(line, text, values)),
                None,
            )
            if at is not None:
                ours[at] = key
        keys.append(key)
    opcodes = SequenceMatcher(None, keys, ours, autojunk=False).get_opcodes()
    for kind, a, b, start, end in opcodes:
        if kind == "equal":
            continue
        # lines left out stand for whatever is there now
        elided = [line for line in old[a:b] if isinstance(line, ElidedLines)]
        if elided and len(elided) == b - a:
            continue
        yield list(old[a:b]), list(new[start:end])


def _matches_line(line: ExpectedOutput, text: str, values: Mapping[str, str]) -> bool:
    expression = Expression(values)
    expression.add_pattern(line.pattern, r"\n")
    return expression.match(text) is not None


def escape_line(pattern: Pattern, names: Collection[str]) -> str:
    """A line of output as a transcript writes it in which these names count."""
    line = escape_text(pattern, names)
    special = re.match(r"[$?\\]|0<|2>|# |\.\.\.$|$", line)
    return "\\" + line if special else line


def escape_text(pattern: Pattern, names: Collection[str]) -> str:
    """The same, where nothing depends on how the line begins."""

    def literal(found: re.Match[str]) -> str:
        return "\\" + found[0] if found[0] == GAP or normalise_name(found[0][1:-1]) in names else found[0]

    return "".join(
        _MARKED.sub(literal, part) if isinstance(part, str) else format_pattern((part,)) for part in pattern
    )
