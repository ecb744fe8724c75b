"""Writes values into fish source, quoted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...text.lazy_pattern import LazyPattern
from ..base import Filling, Piece, QuotingError
from ..evaluation.loader import protect_fish_values
from ..plain_words import blank_fillings, find_plain_word
from ..quoting import Context
from .parser import find_reserved_words
from .words import is_escaped

# A value of only these characters needs no quotes as a whole word, even in braces and before a redirection.
_PLAIN = LazyPattern(r"[A-Za-z0-9_./:@+][A-Za-z0-9_./:@+-]*")

_SPECIAL = {
    Context.BARE: LazyPattern(r"[\\']"),
    Context.SINGLE: LazyPattern(r"[\\']"),
    Context.DOUBLE: LazyPattern(r'[\\"$]'),
}


# Characters that the prompt of fish takes for keys when they are pasted; a line end stays a line end.
_KEYS = LazyPattern(r"[\x01-\t\x0b-\x1f\x7f]")


# Every character that can be part of a variable's name in some locale, as the complement of a set: a set that
# names characters beyond 16 bits takes 2 ms to compile.
_NAME = r"[^\x00-/:-@\[-^`{-\x7f]"

_AFTER_EXPANSION = LazyPattern(rf"(?:\${_NAME}*|[\])])\Z")

_AFTER_TILDE = LazyPattern(rf"(?:\A|[^A-Za-z0-9_./~\\-])~(?:{_NAME}|[.-])*\Z")

_INDEXED = rf"\$+{_NAME}+(?:\[[^\[\]]*\])*"

_IN_SLICE = {
    Context.BARE: LazyPattern(rf"(?:{_INDEXED}|\(.*\))\[[^\[\]()'\"\n]*\Z", re.DOTALL),
    Context.DOUBLE: LazyPattern(rf"(?:{_INDEXED}|\$\(.*\))\[[^\[\]()'\"\n]*\Z", re.DOTALL),
}

_INDEX = LazyPattern(r"[0-9. -]+")

_MISREAD = LazyPattern(r'[$"]')

_PARENTHESIS = LazyPattern(r"[()]")

_UNFINISHED_ESCAPE = LazyPattern(r"\\[cxXuU]?\Z")


# Longer values cannot make a keyword, with any text around them.
_LONGEST_KEYWORD = 16


def literal(value: str, context: Context) -> str:
    """Return `value` quoted for `context`, as a whole word or the whole content of quotes.

    Raises QuotingError for a NUL character and for a context that fish does not have.
    """
    if "\0" in value:
        raise QuotingError("a value cannot hold a NUL character: no program can be given one")
    if context is Context.BARE and _PLAIN.fullmatch(value):
        return value
    if context not in _SPECIAL:
        raise QuotingError(
            f"expected a place in fish where a value can be written, not `{context}`: move it out"
        )
    written = keys_apart(_SPECIAL[context].sub(r"\\\g<0>", value), '"' if context is Context.DOUBLE else "'")
    return f"'{written}'" if context is Context.BARE else written


def keys_apart(quoted: str, quote: str) -> str:
    """Return the content of quotes with its control characters outside of the quotes.

    They become escapes, as in `'a'\\t'b'`. At the prompt of fish a pasted tab completes a word, and the
    others act as their keys: all would be lost.
    """
    return _KEYS.sub(lambda found: f"{quote}{_escape(found[0])}{quote}", quoted)


def _escape(character: str) -> str:
    return r"\t" if character == "\t" else rf"\x{ord(character):02x}"


def fill(text: str, fillings: Sequence[Filling]) -> tuple[Piece, ...]:
    """Return the statement `text` with the values of its fillings, which are in order.

    A filling in a comment is not replaced. Raises QuotingError if a value would not arrive exactly: in an
    unsafe place, as the name of a variable, or as a keyword of fish.
    """
    fillings = protect_fish_values(text, fillings)
    pieces: list[Piece] = []
    position = 0
    blanked = blank_fillings(text, fillings)
    for index, filling in enumerate(fillings):
        if filling.context is Context.COMMENT:
            continue
        pieces.append(Piece(text[position : filling.start]))
        pieces.append(Piece(_quote_filling(text, filling, blanked), index))
        position = filling.end
    pieces.append(Piece(text[position:]))
    filled = tuple(piece for piece in pieces if piece.text or piece.filling is not None)
    _refuse_other_grammar(filled, text, fillings)
    return filled


def _quote_filling(text: str, filling: Filling, blanked: str) -> str:
    """Return the value quoted for its place in `text`."""
    before = text[: filling.start]
    shown = text[filling.start : filling.end]
    value, context = filling.value, filling.context
    if context is Context.UNSAFE:
        raise QuotingError(f"{shown} is partly in quotes: put it inside or outside of them")
    written = literal(value, context)
    if context is Context.SINGLE:
        written = _escape_around_quotes(before, written)
        # The backslash before it belongs to the text; doubled, it cannot make an escape of what follows.
        return "\\" + written if is_escaped(text, filling.start) else written
    if before.endswith("$") and not is_escaped(text, filling.start - 1):
        raise QuotingError(f"{shown} would be the name of a variable: write the name into the document")
    index = _IN_SLICE[context].search(before)
    if index and not is_escaped(text, index.start()):
        if not _INDEX.fullmatch(value):
            raise QuotingError(f"{shown} is an index: expected numbers or a range such as `2..-1`")
        return value
    if context is Context.DOUBLE:
        return _in_double(text, filling, written)
    return _bare(text, filling, written, blanked)


def _in_double(text: str, filling: Filling, written: str) -> str:
    if is_escaped(text, filling.start):
        return "\\" + written
    before = text[: filling.start]
    expansion = _AFTER_EXPANSION.search(before)
    goes_on = expansion is not None and not is_escaped(text, expansion.start())
    if goes_on or ("$(" in before and _PARENTHESIS.search(filling.value)):
        # In quotes of its own it cannot continue the variable's name or become an index, and its parentheses
        # avoid the misreading that `_escape_around_quotes` describes.
        return f"\"'{_escape_around_quotes(before, literal(filling.value, Context.SINGLE))}'\""
    return written


def _bare(text: str, filling: Filling, written: str, blanked: str) -> str:
    before = text[: filling.start]
    shown = text[filling.start : filling.end]
    escape = _UNFINISHED_ESCAPE.search(before)
    if escape and not is_escaped(text, escape.start()):
        raise QuotingError(f"{shown} follows a backslash: take that away, a value is quoted as it needs it")
    if _AFTER_TILDE.search(before):
        raise QuotingError(f"{shown} would be part of a user's name after `~`: write the directory out")
    whole = _is_edge(text, filling.start - 1, "(") and _is_edge(text, filling.end, ";)")
    whole = whole or find_plain_word(blanked, filling.start, filling.end) is not None
    quoted = written if whole or written.startswith("'") else f"'{written}'"
    return _escape_around_quotes(before, quoted)


def _escape_around_quotes(before: str, quoted: str) -> str:
    """Return the single-quoted text, with `$` and `"` escaped after a `"$(…)"`.

    They are escaped outside of its quotes. After a `"$(…)"` in the same word, the syntax check of fish 3.6
    takes quoted text for unquoted text. It then refuses a lone `$`, though fish would run the command
    correctly. Written like this, both readings are the same.
    """
    return _MISREAD.sub(r"'\\\g<0>'", quoted) if "$(" in before else quoted


def _is_edge(text: str, at: int, more: str) -> bool:
    """Return whether `text[at]` certainly ends or begins a word, as the ends of the text do."""
    if not 0 <= at < len(text):
        return True
    return text[at] in " \t\n" + more and not is_escaped(text, at)


def _refuse_other_grammar(pieces: Sequence[Piece], text: str, fillings: Sequence[Filling]) -> None:
    """Raise QuotingError if fish reads a value as a keyword or as the name of an assignment.

    fish looks for keywords through quotes: `'exec' ls` is `exec ls`, so quoting alone cannot make it a word.
    """
    harmless: list[Piece] = []
    short: list[Piece] = []
    for piece in pieces:
        if piece.filling is None:
            harmless.append(piece)
            short.append(piece)
        else:
            harmless.append(Piece("x", piece.filling))
            short.append(piece if len(piece.text) <= _LONGEST_KEYWORD else harmless[-1])
    probes = [harmless, short] if short != harmless else [harmless]
    parsed = [_reserved_fillings(probe) for probe in probes]
    wrong = parsed[0][0] | parsed[-1][0]
    if parsed[0][1] and not parsed[-1][1]:
        wrong |= {piece.filling for piece in pieces if piece.filling is not None}
    for index in sorted(wrong):
        shown = text[fillings[index].start : fillings[index].end]
        raise QuotingError(f"{shown} is where fish reads a keyword or a variable's name, not a text")


def _reserved_fillings(pieces: Sequence[Piece]) -> tuple[set[int], bool]:
    """Return the fillings in keywords and assigned names, and whether the text parses."""
    words, parses = find_reserved_words("".join(piece.text for piece in pieces))
    found: set[int] = set()
    position = 0
    for piece in pieces:
        end = position + len(piece.text)
        if piece.filling is not None and any(start < end and position < stop for start, stop in words):
            found.add(piece.filling)
        position = end
    return found, parses
