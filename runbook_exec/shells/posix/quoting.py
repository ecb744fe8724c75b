"""Writes values into POSIX shell source, quoted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter

from ...light_classes import dataclass
from ...text.lazy_pattern import LazyPattern
from ..base import Filling, Piece, QuotingError
from ..plain_words import blank_fillings, find_plain_word, is_argument, is_plain
from ..quoting import Context
from .dialect import Dialect
from .heredocs import Heredoc, ends_in_escape
from .parsed_script import ParsedScript
from .parser import parse_script
from .regions import Region

_IN_DOUBLE = LazyPattern(r"([\\\"$`])")

_IN_ANSI_C = LazyPattern(r"([\\'])")

_IN_HEREDOC = LazyPattern(r"([\\$`])")

_OPEN_ESCAPE = LazyPattern(
    r"\\[0-7xuUcCM][0-9A-Fa-f-]*\Z"
)  # of $'…': the next character could become part of it

_PLAIN_WORD = LazyPattern(r"[A-Za-z0-9_]+")

# bash 5.2 loses one of these after the first bytes of a character that is incomplete, in here-strings and
# here-documents in UTF-8 locales, and one of two in a here-document in `"$( … )"`.
_MARK = LazyPattern(r"[\x01\x7f]")

# Text that ends the quotes and begins them again.
_SEAMS = {Context.DOUBLE: '""', Context.ANSI_C: "'$'"}

_EMPTY = "''"  # the seam elsewhere

_NOTHING = "${0+}"  # expands to nothing, and keeps a line from being an end word or beginning with tabs

_HEREDOCS = (Context.HEREDOC, Context.HEREDOC_VERBATIM)


@dataclass(frozen=True, slots=True)
class _Edit:
    """New text for `text[start:end]` of a statement."""

    start: int
    end: int
    text: str
    filling: int | None = None


def fill(text: str, fillings: Sequence[Filling], dialect: Dialect) -> tuple[Piece, ...]:
    """Return a statement with values written into it, each for its context.

    Comments stay unchanged. A value in a here-document whose word is quoted can make it necessary to write
    the whole here-document with a plain word; the pieces then hold the statement as rewritten. Raises
    QuotingError if no exact way to write a value is known.
    """
    blanked = blank_fillings(text, fillings)
    reading = parse_script(blanked, dialect)
    edits: list[_Edit] = []
    bodies: dict[int, list[int]] = {}
    for index, filling in enumerate(fillings):
        if filling.context is Context.COMMENT:
            continue
        region = _find_region(reading, filling.start, filling.end)
        _check_place(filling.context, region)
        if "\0" in filling.value:
            raise QuotingError("a value with a NUL byte cannot be given to a program; take the byte out")
        around = [
            n for n, heredoc in enumerate(reading.heredocs) if heredoc.start <= filling.start < heredoc.end
        ]
        if filling.context in _HEREDOCS:
            if len(around) != 1:
                raise QuotingError("a value cannot be written in a here-document that is inside another")
            bodies.setdefault(around[0], []).append(index)
            continue
        if around:
            _check_within_body(blanked, filling, region)
        written = _quote_value(text, blanked, fillings, index, reading, dialect)
        if dialect.loses_marks:
            written = _MARK.sub(rf"{_SEAMS.get(filling.context, _EMPTY)}\g<0>", written)
        edits.append(_Edit(filling.start, filling.end, written, index))
    for number, indices in bodies.items():
        body = _HeredocBody(
            blanked, reading, reading.heredocs[number], {index: fillings[index] for index in indices}, dialect
        )
        edits += body.make_edits()
    return _assemble(text, edits)


def _find_region(reading: ParsedScript, start: int, end: int) -> Region:
    """Return the region of the placeholder; it is unsafe if any part of it is."""
    touched = [region for region in reading.regions if region.start < end and start < region.end]
    for region in touched:
        if region.context is Context.UNSAFE:
            return region
    return touched[0] if touched else Region(start, end, Context.BARE)


def _check_place(context: Context, region: Region) -> None:
    if region.context is Context.UNSAFE:
        raise QuotingError(f"a value cannot be written {region.reason}")
    if context is not region.context:
        raise QuotingError("a value cannot be written where the quoting around it is not closed")


def _check_within_body(blanked: str, filling: Filling, region: Region) -> None:
    """Refuse a value that a here-document around `$( )` would change.

    A shell reads the lines of that here-document first, as text.
    """
    line = blanked.rfind("\n", 0, filling.start) + 1
    quoted_on_one_line = filling.context is Context.BARE or (
        line < region.start and "\n" not in blanked[region.start : region.end + 1]
    )
    if "\n" in filling.value or not quoted_on_one_line:
        raise QuotingError(
            "a value of several lines cannot be written inside $( … ) in a here-document; "
            "assign it to a variable first and use that"
        )


def _quote_value(
    text: str, blanked: str, fillings: Sequence[Filling], index: int, reading: ParsedScript, dialect: Dialect
) -> str:
    """Return the value in quotes, or escaped for the quotes around it, outside of here-documents."""
    filling = fillings[index]
    value = filling.value
    if filling.context is Context.SINGLE:
        return value.replace("'", r"'\''")
    if filling.context is Context.DOUBLE:
        return ('""' if _continues_parameter(reading, filling) else "") + _IN_DOUBLE.sub(r"\\\1", value)
    if filling.context is Context.ANSI_C:
        return ("'$'" if _OPEN_ESCAPE.search(text, 0, filling.start) else "") + _IN_ANSI_C.sub(r"\\\1", value)
    # with the option RC_QUOTES of zsh, two single quotes are one, so they must not meet
    if dialect.is_zsh and (
        "'" in (text[filling.start - 1 : filling.start], text[filling.end : filling.end + 1])
        or any(other.end == filling.start or other.start == filling.end for other in fillings)
    ):
        return '"' + _IN_DOUBLE.sub(r"\\\1", value) + '"'
    if is_plain(value) and _needs_no_quotes(blanked, filling.start, filling.end, dialect):
        return value
    return "'" + value.replace("'", r"'\''") + "'"


def _needs_no_quotes(blanked: str, start: int, end: int, dialect: Dialect) -> bool:
    """Return whether a plain value is read as it is written at this place."""
    word = find_plain_word(blanked, start, end)
    # quotes make a value after `=~` a text and not a pattern
    if word is None or not is_argument(blanked, word[0]) or "=~" in blanked[: word[0]]:
        return False
    # a whole word may be the name of a global alias of zsh
    return not dialect.is_zsh or word[1] - word[0] > end - start


def _continues_parameter(reading: ParsedScript, filling: Filling) -> bool:
    """Return whether the placeholder is right after a `$name`, which letters would make longer."""
    return any(start < filling.start <= end for start, end in reading.parameters)


@dataclass(frozen=True, slots=True)
class _HeredocBody:
    """A here-document and its values, by the index of their fillings."""

    blanked: str
    reading: ParsedScript
    heredoc: Heredoc
    fillings: Mapping[int, Filling]
    dialect: Dialect

    def make_edits(self) -> list[_Edit]:
        """Return the edits for the statement."""
        if not self.heredoc.word.is_quoted:
            return [self._make_expanded_edit(index) for index in self.fillings]
        if any(self._needs_care(filling, filling.value) for filling in self.fillings.values()):
            return self._rewrite_heredoc()
        return [_Edit(item.start, item.end, item.value, index) for index, item in self.fillings.items()]

    def _make_expanded_edit(self, index: int) -> _Edit:
        """Return the edit for a value in a body in which `$` and backticks are expanded."""
        filling = self.fillings[index]
        before = self._fill_stretch(self._line(filling)[0], filling.start)
        if ")" in filling.value and self.heredoc.word.begins(before):
            raise QuotingError(
                "a value with `)` cannot be written on a line that begins like the last of its here-document"
            )
        value = _IN_HEREDOC.sub(r"\\\1", filling.value)
        if (
            self._needs_care(filling, value)
            or _continues_parameter(self.reading, filling)
            or self._is_on_continued_line(filling)
        ):
            value = _NOTHING + value.replace("\n", "\n" + _NOTHING)
        if self.dialect.loses_marks:
            value = _MARK.sub(rf"{_NOTHING}\g<0>", value)
        return _Edit(filling.start, filling.end, value, index)

    def _line(self, filling: Filling) -> tuple[int, int]:
        start = self.blanked.rfind("\n", 0, filling.start) + 1
        end = self.blanked.find("\n", filling.end)
        return start, end

    def _fill_stretch(self, start: int, end: int) -> str:
        """Return a stretch of the body with its values, without care for lines that could end it."""
        pieces = []
        for item in sorted(self.fillings.values(), key=lambda item: item.start):
            if start <= item.start < end:
                value = item.value if self.heredoc.word.is_quoted else _IN_HEREDOC.sub(r"\\\1", item.value)
                pieces += [self.blanked[start : item.start], value]
                start = item.end
        return "".join((*pieces, self.blanked[start:end]))

    def _needs_care(self, filling: Filling, value: str) -> bool:
        """Return whether the value could end the body or lose some bytes.

        It may do so alone, or as a part of one of the body's lines.
        """
        word = self.heredoc.word
        start, end = self._line(filling)
        loses_tabs = (
            word.strips_tabs
            and value[:1] in ("", "\t")
            and not self._fill_stretch(start, filling.start).strip("\t")
        )
        line = self._fill_stretch(start, end)
        is_lost = self.dialect.loses_marks and _MARK.search(value) is not None
        return "\n" in value or is_lost or loses_tabs or word.ends_body(line) or word.resembles(line)

    def _is_on_continued_line(self, filling: Filling) -> bool:
        """Return whether a backslash joins the line to another: together they could be the end word."""
        start, end = self._line(filling)
        return ends_in_escape(self.blanked[: max(start - 1, 0)]) or ends_in_escape(self.blanked[start:end])

    def _rewrite_heredoc(self) -> list[_Edit]:
        """Return the edits that remove the quotes of the end word, and escape the body instead."""
        heredoc = self.heredoc
        edits = [self._make_expanded_edit(index) for index in self.fillings]
        start = heredoc.start
        for stop, resume in [*sorted((edit.start, edit.end) for edit in edits), (heredoc.end, heredoc.end)]:
            edits.append(_Edit(start, stop, _IN_HEREDOC.sub(r"\\\1", self.blanked[start:stop])))
            start = resume
        word = self._plain_word()
        edits.append(_Edit(heredoc.word.start, heredoc.word.end, word))
        edits.append(_Edit(heredoc.close - len(heredoc.word.text), heredoc.close, word))
        return edits

    def _plain_word(self) -> str:
        """Return an end word that needs no quotes: the present one, or one that no body line equals."""
        word = self.heredoc.word.text
        if _PLAIN_WORD.fullmatch(word):
            return word
        lines = {
            line.strip("\t") for line in self._fill_stretch(self.heredoc.start, self.heredoc.end).split("\n")
        }
        word = "EOF"
        while any(line.startswith(word) for line in lines):
            word += "_"
        return word


def _assemble(text: str, edits: Iterable[_Edit]) -> tuple[Piece, ...]:
    """Return the edited statement in pieces; adjacent pieces of its own text are joined."""
    pieces: list[Piece] = []
    own = ""
    position = 0
    for edit in sorted(edits, key=attrgetter("start", "end")):
        own += text[position : edit.start]
        position = edit.end
        if edit.filling is None:
            own += edit.text
            continue
        if own:
            pieces.append(Piece(own))
        own = ""
        pieces.append(Piece(edit.text, edit.filling))
    own += text[position:]
    return (*pieces, Piece(own)) if own else tuple(pieces)
