"""Makes values harmless where they are read again, or refuses them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from ..base import EvaluationError, Filling, Piece
from ..quoting import Context
from ..registry import SHELLS
from .harmless import is_harmless
from .places import EvaluatedPlace, Reader

# what the login shells of other machines read differently, also in quotes
_NOT_EVERYWHERE = LazyPattern(r"[\\!\x00-\x1f\x7f]")

_ADVICE = {
    Reader.SHELL: "give it as an argument or in the environment, or write the command into the page",
    Reader.ARITHMETIC: "expected an integer",
    Reader.NAME: "expected the name of a variable",
    Reader.ASSIGNMENT: "expected the name of a variable, or NAME=VALUE",
    Reader.CODE: "give it to the program as an argument or in the environment",
    Reader.SQL: "put the placeholder in '…' for values without `'` and `\\`, or give it as a parameter",
    Reader.SED: "expected a value without line ends, backslashes and the delimiter of the pattern",
    Reader.PROMPT: "expected a value without `$`, backticks, `%`, `!` and backslashes",
    Reader.OPTION: "expected a value that does not begin with `-`",
}

Decode = Callable[[str, EvaluatedPlace, Filling], "CodeStretch | None"]


class CodeStretch(NamedTuple):
    """The code that a program reads, and where a placeholder is in it."""

    code: str
    start: int
    end: int


def blank_fillings(text: str, fillings: Sequence[Filling]) -> str:
    """Return the text with every placeholder replaced by letters."""
    characters = list(text)
    for filling in fillings:
        characters[filling.start : filling.end] = "Q" * (filling.end - filling.start)
    return "".join(characters)


def protect_values(
    text: str, fillings: Sequence[Filling], places: Sequence[EvaluatedPlace], decode: Decode
) -> list[Filling]:
    """Return the fillings with each value that is read again quoted for its reader too.

    `text` has a word in place of each placeholder. A value that nothing could execute is unchanged. Raises
    QuotingError for a value that could be executed.
    """
    return [_protect_value(text, each, places, decode) for each in fillings]


def _protect_value(text: str, filling: Filling, places: Sequence[EvaluatedPlace], decode: Decode) -> Filling:
    around = [each for each in places if each.start <= filling.start and filling.end <= each.end]
    refusing: list[tuple[EvaluatedPlace, CodeStretch | None]] = []
    for place in around:
        found = decode(text, place, filling)
        if not is_harmless(filling.value, place.reader, place.by, *(found or ())):
            refusing.append((place, found))
    if not refusing:
        return filling
    place, found = refusing[0]
    if len(around) == 1 and found is not None and place.reader is Reader.SHELL:
        return filling._replace(value=_quote_in_code(place, found, filling))
    raise _make_refusal(place, filling)


def _make_refusal(place: EvaluatedPlace, filling: Filling, more: str = "") -> EvaluationError:
    return EvaluationError(
        f"`{place.by}` reads this value again, as {more or place.reader}, and could execute it",
        filling.start,
        _ADVICE[place.reader],
        place.reader in (Reader.SHELL, Reader.CODE, Reader.SQL, Reader.PROMPT),
    )


def _quote_in_code(place: EvaluatedPlace, found: CodeStretch, filling: Filling) -> str:
    """Return the value quoted for its place in the code of the inner shell."""
    value = filling.value
    if not place.shell and _NOT_EVERYWHERE.search(value):
        raise _make_refusal(place, filling, "code of a shell that is not known")
    shell = SHELLS[place.shell or "sh"]
    code, start, end = found
    scan = shell.scan(code)
    context = scan.context(start, end)
    if scan.problem is not None or context is Context.COMMENT:
        raise _make_refusal(place, filling)
    if any(command.start == start for command in shell.find_commands(code)):
        raise _make_refusal(place, filling, "the name of a command")
    if not place.shell and context is Context.DOUBLE:
        # in single quotes, which every shell reads alike
        return "\"'" + value.replace("'", "'\\''") + "'\""
    try:
        pieces = shell.fill(code, [Filling(start, end, context, value)])
    except EvaluationError as error:  # its offset is one of the inner code
        raise EvaluationError(error.message, filling.start, error.advice, error.is_code) from None
    written = list(_split_pieces(pieces))
    if [own for own, _ in written if own] != [own for own in (code[:start], code[end:]) if own]:
        raise _make_refusal(place, filling)  # the code around the value would have to change too
    return "".join(quoted for _, quoted in written)


def _split_pieces(pieces: Sequence[Piece]) -> Iterator[tuple[str, str]]:
    """Yield for each piece its own text and the value in it, one of them empty."""
    for text, filling in pieces:
        yield (text, "") if filling is None else ("", text)


def find_stretch(pairs: Sequence[tuple[int, str]], filling: Filling) -> CodeStretch | None:
    """Return code from its characters and their offsets in the source, with the place of a placeholder.

    Returns None if the placeholder is not written in it as it is.
    """
    offsets = [at for at, _ in pairs]
    first = bisect_left(offsets, filling.start)
    size = filling.end - filling.start
    last = first + size
    code = "".join(character for _, character in pairs)
    if any(after < before for before, after in pairwise(offsets)) or code[first:last] != "Q" * size:
        return None
    return CodeStretch(code, first, last)
