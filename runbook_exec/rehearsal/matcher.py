"""Matches received calls against the expected calls of a transcript, and checks their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..light_classes import dataclass, field, replace
from ..text.sequences import measure_similarity
from .transcript.model import ElidedLines, ExpectedCall, ExpectedOutput, ExpectedPrompt, is_printed_on
from .transcript.pattern import Expression, Pattern, fill_pattern

_MIN_SIMILARITY = 0.5  # of a call and an expected call: below that they are unrelated


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a rehearsal through the calls of its transcript."""

    values: Mapping[str, str]  # of the names that are bound so far
    used: tuple[int, ...] = ()  # numbers of the expected calls that were received, in order of arrival
    near: frozenset[int] = field(
        default_factory=frozenset
    )  # numbers of the calls that an unmatched call resembles

    @property
    def last(self) -> int:
        """Return the highest number of a received call; -1 before the first."""
        return max(self.used, default=-1)


@dataclass(frozen=True, slots=True)
class MatchedCall:
    """An expected call was received; `before` is a later call that was received first."""

    call: ExpectedCall
    before: ExpectedCall | None = None


@dataclass(frozen=True, slots=True)
class UnmatchedCall:
    """No expected call matches; `nearest` is the most similar one that is still missing, if any."""

    nearest: ExpectedCall | None


def match_call(
    calls: Sequence[ExpectedCall], progress: Progress, words: Sequence[str]
) -> tuple[Progress, MatchedCall | UnmatchedCall]:
    """Match a received call against the expected ones; return the new progress and the result."""
    left = [call for call in calls if not call.repeats and call.number not in progress.used]
    start = _first_in_order(calls, progress)
    ahead = [call for call in left if call.number >= start]
    behind = [call for call in left if call.number < start]
    for call in (*ahead, *behind, *(call for call in calls if call.repeats)):
        bound = match_words(call, words, progress.values)
        if bound is not None:
            values = {**progress.values, **bound}
            if call.repeats:
                return replace(progress, values=values), MatchedCall(call)
            before = next(
                (
                    calls[number]
                    for number in progress.used
                    if number > call.number and not call.shares_group(calls[number])
                ),
                None,
            )
            return replace(progress, values=values, used=(*progress.used, call.number)), MatchedCall(
                call, before
            )
    nearest = _find_nearest(ahead or behind, words, progress.values)
    near = progress.near | {nearest.number} if nearest else progress.near
    return replace(progress, near=near), UnmatchedCall(nearest)


def _first_in_order(calls: Sequence[ExpectedCall], progress: Progress) -> int:
    """Return the lowest number that is in order: after the last call, or the first of its group."""
    last = progress.last
    if last < 0 or not calls[last].group:
        return last + 1
    return min(call.number for call in calls if call.shares_group(calls[last]))


def match_words(
    call: ExpectedCall, words: Sequence[str], values: Mapping[str, str]
) -> Mapping[str, str] | None:
    """Return the values that these words bind to the names of a call; None if they do not match."""
    expression = Expression(values)
    for index, word in enumerate(call.words):
        if word.is_rest:
            expression.add_regex(r"(?:\x00[^\x00]*)*?")
        else:
            expression.add_regex(r"\x00" if index else "")
            expression.add_pattern(word.pattern, r"\x00")
    return expression.match("\0".join(words))


def find_missing_calls(calls: Sequence[ExpectedCall], progress: Progress, over: bool) -> list[ExpectedCall]:
    """Return the calls that were not received; before the run is `over`, only those passed over."""
    last = len(calls) if over else progress.last
    return [
        call
        for call in calls
        if call.number < last
        and not call.repeats
        and call.number not in progress.used
        and call.number not in progress.near
        and not (not over and call.shares_group(calls[progress.last]))
    ]


def _find_nearest(
    calls: Sequence[ExpectedCall], words: Sequence[str], values: Mapping[str, str]
) -> ExpectedCall | None:
    """Return the expected call of the same program with the most similar words, or None."""
    best: tuple[float, ExpectedCall] | None = None
    for distance, call in enumerate(calls):
        expected = [fill_pattern(word.pattern, values) for word in call.words]
        if expected[0] != words[0]:
            continue
        alike = measure_similarity(expected[1:], list(words[1:]))
        text = measure_similarity(" ".join(expected), " ".join(words))
        score = (alike + text) / 2 - distance / 1000
        if best is None or score > best[0]:
            best = score, call
    if best and best[0] >= _MIN_SIMILARITY:
        return best[1]
    # otherwise the next one, if it calls the same program
    return calls[0] if calls and fill_pattern(calls[0].words[0].pattern, values) == words[0] else None


def compare_output(
    call: ExpectedCall, output: Mapping[int, str], values: Mapping[str, str]
) -> tuple[Mapping[str, str], dict[int, str]]:
    """Compare a program's output with the transcript: return the bound names, and what differs.

    Output is given and returned by stream, which is 0 if both streams went to one place.
    """
    bound: dict[str, str] = {}
    differs: dict[int, str] = {}
    for stream in (0,) if 0 in output else (1, 2):
        # names bound by an earlier stream count in the next
        expression = Expression({**values, **bound})
        lines = [line for line in call.lines if is_printed_on(line, stream)]
        if stream == 2 and not lines:
            continue  # anything may be printed on a standard error that the transcript does not mention
        for line in lines:
            if isinstance(line, ElidedLines):
                expression.add_regex(r"(?:[^\n]*\n)*?")
            elif isinstance(line, ExpectedPrompt):
                expression.add_pattern(line.pattern, r"\n")
                expression.add_regex(r"[ \t]*")
            elif isinstance(line, ExpectedOutput):
                expression.add_pattern(line.pattern, r"\n")
                expression.add_regex(r"\n" if line.newline else "")
        found = expression.match(output.get(stream, ""))
        if found is None:
            differs[stream] = output.get(stream, "")
        else:
            bound |= found
    return bound, differs


def match_input(
    patterns: Sequence[Pattern], text: str, values: Mapping[str, str]
) -> Mapping[str, str] | None:
    """Return the values that a standard input binds to names.

    Returns None if it is not the expected one.
    """
    expression = Expression(values)
    for index, pattern in enumerate(patterns):
        expression.add_regex(r"\n" if index else "")
        expression.add_pattern(pattern, r"\n")
    expression.add_regex(r"\n?")
    return expression.match(text)
