"""Rewrites a transcript to the received calls; lines that still match stay unchanged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..engine.events import RunEnded
from ..errors import Refused, reason
from ..light_classes import dataclass
from ..system.atomic_write import replace_file
from ..text.sequences import compare_sequences
from ..text.source import parse_source
from .matcher import compare_output
from .rehearse import RehearsalResult
from .responder import ReceivedCall
from .transcript.call_syntax import format_call_lines
from .transcript.model import CallLine, ElidedLines, ExpectedCall, ExpectedOutput, Transcript, is_printed_on
from .transcript.output_syntax import escape_line
from .transcript.parser import parse_transcript
from .transcript.pattern import Name, Pattern, insert_names, matches_line, matches_word, names_in


@dataclass(frozen=True, slots=True)
class Edit:
    """`text[start:end]` becomes `replacement`."""

    start: int
    end: int
    replacement: str


def update_transcript(path: Path, result: RehearsalResult) -> bool:
    """Rewrite a transcript to the result of a lenient rehearsal; return whether it changed.

    Raises Refused.
    """
    if result.read is None or result.outcome == "cannot":
        raise Refused(f"{path}: cannot be updated: {result.why or result.findings[0].message}")
    text = rewrite_text(result.read, result)
    if text == result.read.text:
        return False
    try:
        replace_file(path, text.encode("utf-8"))
    except OSError as error:
        raise Refused(f"cannot write `{path}`: {reason(error)}") from None
    return True


def rewrite_text(transcript: Transcript, result: RehearsalResult) -> str:
    """Return the new text of the transcript; edits start at the end, which keeps offsets valid."""
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
    transcript: Transcript, received: Sequence[ReceivedCall], values: Mapping[str, str], over: bool
) -> Iterator[Edit]:
    used: set[int] = set()
    last: ExpectedCall | None = None
    added: dict[int, list[str]] = {}  # by offset: new calls, and calls that come later than before
    for each in received:
        meant = each.call or (each.nearest if each.nearest and each.nearest.number not in used else None)
        at = last.extent[1] if last else _first_call_offset(transcript)
        if meant is None:
            added.setdefault(at, []).append(
                f"$ {format_call_lines([insert_names(word, values) for word in each.words])}"
            )
            continue
        call = transcript.calls[meant.number]
        if (
            last is not None
            and call.number < last.number
            and not call.repeats
            and not call.shares_group(last)
        ):
            added.setdefault(at, []).append(transcript.text[slice(*call.extent)])
            used.add(call.number)
            yield _removal(transcript, call)
            continue
        if call.number not in used:
            if each.call is None:
                yield Edit(
                    call.span.start, call.span.end, format_call_lines(_merge_words(call, each.words, values))
                )
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


def _removal(transcript: Transcript, call: ExpectedCall) -> Edit:
    """Return an edit that removes the whole lines of a call."""
    start, end = call.extent
    line = transcript.text.rfind("\n", 0, start) + 1
    return Edit(line, end + transcript.text.startswith("\n", end), "")


def _first_call_offset(transcript: Transcript) -> int:
    """Return the offset of the first call, or of the end of the first block without calls."""
    return transcript.calls[0].extent[0] if transcript.calls else transcript.blocks[0].end


def _indent(text: str, at: int) -> str:
    start = text.rfind("\n", 0, max(at - 1, 0)) + 1
    found = re.match(r"[ \t>]*", text[start:at])
    return found[0] if found else ""


def _merge_words(call: ExpectedCall, words: Sequence[str], values: Mapping[str, str]) -> list[Pattern]:
    """Return the words of a received call; words that still match keep their pattern."""
    expected = [word.pattern for word in call.words]
    keys = ["\0".join(_key(pattern)) for pattern in expected]
    ours = [
        next((k for p, k in zip(expected, keys, strict=True) if matches_word(p, w, values)), w) for w in words
    ]
    kept: list[Pattern] = []
    for kind, a, b, start, end in compare_sequences(keys, ours).get_opcodes():
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


def _output_edits(
    transcript: Transcript, call: ExpectedCall, received: ReceivedCall, values: Mapping[str, str]
) -> Iterator[Edit]:
    """Yield the edits for an output or a status that differs from the lines below its call."""
    if received.output is None:
        return
    status = received.status or 0
    if status != call.status:
        yield from _status_edit(transcript, call, status)
    if not call.expects_output:
        return
    _, differs = compare_output(call, received.output, values)
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
    """Yield the edits that replace lines that differ; elided lines stay elided."""
    old = [line for line in call.lines if is_printed_on(line, stream)]
    new = text.split("\n")
    if new[-1] == "":
        new.pop()
    page = parse_source(transcript.text)
    matched = list(_find_differences(old, new, values))
    indent = _indent(transcript.text, call.span.end)
    words = [word for each in transcript.calls for word in each.words]
    names = {*values, *(name for word in words for name in names_in(word.pattern))}
    prefix = "2> " if stream == 2 else ""  # 0: both went to one place and cannot be distinguished
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


def _find_differences(
    old: Sequence[CallLine], new: Sequence[str], values: Mapping[str, str]
) -> Iterator[tuple[list[CallLine], list[str]]]:
    """Yield the ranges of lines that do not match: of the transcript, and of the output."""
    keys = []
    ours = list(new)
    for number, line in enumerate(old):
        key = f"\0{number}"
        if isinstance(line, ExpectedOutput):
            at = next(
                (
                    n
                    for n, text in enumerate(new)
                    if ours[n] == text and matches_line(line.pattern, text, values)
                ),
                None,
            )
            if at is not None:
                ours[at] = key
        keys.append(key)
    opcodes = compare_sequences(keys, ours).get_opcodes()
    for kind, a, b, start, end in opcodes:
        if kind == "equal":
            continue
        # elided lines match anything
        elided = [line for line in old[a:b] if isinstance(line, ElidedLines)]
        if elided and len(elided) == b - a:
            continue
        yield list(old[a:b]), list(new[start:end])
