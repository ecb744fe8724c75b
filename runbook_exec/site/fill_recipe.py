"""Describes how values are quoted in a statement, as JSON for `static/fill.js`.

This module does the part that depends on the text alone, by asking the shells' modules. The page's `filled`
does the part that depends on the value, in the same way as `preview`. The same cases test both. Offsets count
UTF-16 units, as in JavaScript.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..document.model import Placeholder, Statement
from ..document.placeholders import replace_placeholders
from ..shells.base import Filling, QuotingError
from ..shells.fish.lexer import tokenize
from ..shells.fish.tokens import KEYWORDS
from ..shells.posix.parsed_script import ParsedScript
from ..shells.quoting import Context
from ..shells.registry import SHELLS
from .quoting_styles import FISH, LINES, POSIX, TELLING, is_unwritable

Slot = dict[str, Any]

Recipe = dict[str, Any]


_HEREDOCS = (Context.HEREDOC, Context.HEREDOC_VERBATIM)

_QUOTING = re.compile(r"""['"\\]""")

_TOO_SUBTLE = "the page cannot write this value exactly: run the command with runbook-exec"


def build_recipe(statement: Statement, shell: str) -> Recipe | None:
    """Return the recipe of a statement; None if it has no placeholder to fill."""
    wanted = find_slots(statement)
    if not wanted:
        return None
    text = statement.text
    at = _offset_converter(text)
    slots: list[Slot] = [
        {"start": at(found.start), "end": at(found.end), "name": found.name} for found in wanted
    ]
    made: Recipe = {"text": text, "shell": shell, "slots": slots}
    plain = [
        (slot, found) for slot, found in zip(slots, wanted, strict=True) if found.context not in _HEREDOCS
    ]
    parse = SHELLS[shell].parse
    if parse is None:
        _find_ways(text, wanted, shell, slots, FISH)
        made["joined"] = _find_keywords(text, wanted, slots)
    else:
        if plain:
            _find_ways(text, wanted, shell, slots, POSIX)
        if len(plain) < len(slots):
            made["docs"] = _find_heredocs(text, wanted, shell, parse, slots, at)
    return made


def find_slots(statement: Statement) -> tuple[Placeholder, ...]:
    """Return the placeholders that values are written to, in order."""
    return tuple(found for found in statement.placeholders if found.context is not Context.COMMENT)


def _offset_converter(text: str) -> Callable[[int], int]:
    """Return a function from an offset in characters to an offset in UTF-16 units."""
    if text.isascii():
        return lambda offset: offset
    return lambda offset: len(text[:offset].encode("utf-16-le", "surrogatepass")) // 2


def _write_values(text: str, wanted: Sequence[Placeholder], shell: str, values: Sequence[str]) -> list[str]:
    """Return the values as the shell's module quotes them, one per placeholder.

    Raises QuotingError.
    """
    fillings = [Filling(p.start, p.end, p.context, v) for p, v in zip(wanted, values, strict=True)]
    pieces = SHELLS[shell].fill(text, fillings)
    written = {piece.filling: piece.text for piece in pieces if piece.filling is not None}
    return [written.get(index, "") for index in range(len(wanted))]


def _trials(text: str, wanted: Sequence[Placeholder], shell: str, value: str) -> Sequence[str | QuotingError]:
    """Return the value as quoted at each place, or the error there.

    The other values are plain in each trial.
    """
    try:
        return _write_values(text, wanted, shell, [value] * len(wanted))
    except QuotingError:
        return [_trial(text, wanted, shell, index, value) for index in range(len(wanted))]


def _trial(
    text: str, wanted: Sequence[Placeholder], shell: str, index: int, value: str
) -> str | QuotingError:
    values = [value if number == index else TELLING[0] for number in range(len(wanted))]
    try:
        return _write_values(text, wanted, shell, values)[index]
    except QuotingError as error:
        return error


def _find_ways(
    text: str,
    wanted: Sequence[Placeholder],
    shell: str,
    slots: Sequence[Slot],
    ways: Mapping[str, Callable[[str], str]],
) -> None:
    """Set for each slot outside here-documents the style of quoting, or that it is refused."""
    trials = {value: _trials(text, wanted, shell, value) for value in TELLING}
    lines = _trials(text, wanted, shell, LINES) if SHELLS[shell].parse else ()
    for index, (slot, found) in enumerate(zip(slots, wanted, strict=True)):
        if found.context in _HEREDOCS and SHELLS[shell].parse:
            continue
        tried = {value: written[index] for value, written in trials.items()}
        fitting = (name for name, way in ways.items() if _fits(name, way, tried))
        name = next(fitting, None)
        if name is None:
            refusal = tried[TELLING[0]]
            slot["refused"] = str(refusal) if isinstance(refusal, QuotingError) else _TOO_SUBTLE
            continue
        slot["way"] = name
        if lines and isinstance(why := lines[index], QuotingError):
            slot["one-line"] = str(why)


def _fits(name: str, way: Callable[[str], str], tried: Mapping[str, str | QuotingError]) -> bool:
    """Return whether this style gives the same text for every value, and the same refusals."""
    return all(
        is_unwritable(name, value) if isinstance(written, QuotingError) else way(value) == written
        for value, written in tried.items()
    ) and any(not isinstance(written, QuotingError) for written in tried.values())


# fish: it recognises keywords in spite of quotes ---------------------------------------------------------


def _find_keywords(text: str, wanted: Sequence[Placeholder], slots: Sequence[Slot]) -> list[dict[str, Any]]:
    """Set for each slot the values that fish would read as keywords; return joined slots."""
    joined = []
    for word, inside in _words(text, wanted):
        if "refused" in slots[inside[0]]:
            continue
        fixed = _find_fixed_text(text, word, [wanted[index] for index in inside])
        before, after = fixed[0], "".join(fixed[1:])
        values = [
            value for value in _find_completions(before, after) if _is_refused(text, wanted, inside, value)
        ]
        if values and len(inside) > 1:
            keywords = [f"{before}{value}{after}" for value in values]
            joined.append({"slots": inside, "fixed": fixed, "keywords": keywords})
        elif values:
            slots[inside[0]]["keywords"] = values
    return joined


def _words(text: str, wanted: Sequence[Placeholder]) -> Iterator[tuple[tuple[int, int], list[int]]]:
    """Yield the words that could become keywords, with their placeholders.

    Words inside substitutions are included.
    """
    blanked = replace_placeholders(text, wanted)
    todo = [(0, len(blanked))]
    while todo:
        for token in tokenize(blanked, *todo.pop()):
            deeper = token.substitutions
            todo += deeper
            end = token.start + len(token.text)  # the arguments of a command cannot be keywords
            inside = [
                index
                for index, found in enumerate(wanted)
                if token.start <= found.start < end
                and not any(start <= found.start < end for start, end in deeper)
            ]
            if inside and token.kind == "word":
                yield (token.start, end), inside


def _find_fixed_text(text: str, word: tuple[int, int], inside: Sequence[Placeholder]) -> list[str]:
    """Return the text of the word between its placeholders, without quotes."""
    ends = [word[0], *(found.end for found in inside)]
    starts = [*(found.start for found in inside), word[1]]
    return [_QUOTING.sub("", text[start:end]) for start, end in zip(ends, starts, strict=True)]


def _find_completions(before: str, after: str) -> Iterator[str]:
    """Yield the values that form a keyword between these texts."""
    for keyword in sorted(KEYWORDS):
        if (
            len(before) + len(after) <= len(keyword)
            and keyword.startswith(before)
            and keyword.endswith(after)
        ):
            yield keyword[len(before) : len(keyword) - len(after)]


def _is_refused(text: str, wanted: Sequence[Placeholder], inside: Sequence[int], value: str) -> bool:
    """Return whether fish refuses a value of a word's first placeholder.

    The values of its other placeholders are empty.
    """
    values = [TELLING[0]] * len(wanted)
    for index in inside:
        values[index] = value if index == inside[0] else ""
    try:
        _write_values(text, wanted, "fish", values)
    except QuotingError:
        return True
    return False


# here-documents of the other shells ----------------------------------------------------------------------


def _find_heredocs(
    text: str,
    wanted: Sequence[Placeholder],
    shell: str,
    parse: Callable[[str], ParsedScript],
    slots: Sequence[Slot],
    at: Callable[[int], int],
) -> list[dict[str, Any]]:
    """Return the here-documents with slots.

    Sets the document of each slot, and whether a name precedes the slot.
    """
    reading = parse(replace_placeholders(text, wanted))
    docs: list[dict[str, Any]] = []
    numbers: dict[int, int] = {}
    for slot, found in zip(slots, wanted, strict=True):
        if found.context not in _HEREDOCS:
            continue
        around = [n for n, doc in enumerate(reading.heredocs) if doc.start <= found.start < doc.end]
        refused = _trial(text, wanted, shell, list(wanted).index(found), TELLING[0])
        if len(around) != 1 or isinstance(refused, QuotingError):
            slot["refused"] = str(refused) if isinstance(refused, QuotingError) else _TOO_SUBTLE
            continue
        doc = reading.heredocs[around[0]]
        if around[0] not in numbers:
            numbers[around[0]] = len(docs)
            word = doc.word
            docs.append(
                {
                    "start": at(doc.start),
                    "end": at(doc.end),
                    "close": at(doc.close),
                    "word": word.text,
                    "wordStart": at(word.start),
                    "wordEnd": at(word.end),
                    "tabs": word.strips_tabs,
                    "quoted": word.is_quoted,
                }
            )
        slot["doc"] = numbers[around[0]]
        slot["after-name"] = _follows_name(reading, found)
    return docs


def _follows_name(reading: ParsedScript, found: Placeholder) -> bool:
    """Return whether the placeholder directly follows a `$name`, which letters would extend."""
    return any(start < found.start <= end for start, end in reading.parameters)
