"""Masks known secrets, and tokens that look like secrets, in all output."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

from ..light_classes import dataclass
from ..text.lazy_pattern import LazyPattern
from .encodings import SHORT, SHORTEST_PART, find_url_secrets, list_encodings, list_windows
from .hits import MASK as MASK
from .hits import Hit, mask_hits
from .search import OF_LONG, OF_SHORT, MultiSearch, ShortSearch, find_occurrences
from .stream_view import (
    BARE,
    JOINED,
    LINES,
    SPACING,
    SQUEEZED,
    STRUCK,
    StreamView,
    make_view,
    outside_escapes,
    without_unfinished_escape,
)
from .token_patterns import find_suspects, find_tokens, find_unfinished_token

_NEVER_BYTES = LazyPattern("([\ud800-\udc7f\udd00-\udfff]+)")  # surrogate halves, which no output contains

_LEAST_SQUEEZED = 15  # bytes; a shorter form is not searched without regard to blanks

_LINE_ENDS = (b"\n", b"\r")

_LEAST_WRAPPED = 4  # bytes before a line end that may begin a secret: nearly every line ends in one or two

_CONTEXT = 128  # sent bytes that are kept, at least: more than the seed of any token

_SHORT_TEXT, _MOST_KNOWN = 1000, 64  # characters, and texts of that size that are remembered with their masks

_MOST_HELD = 1 << 16  # bytes; only endless line breaks and escape sequences reach this


class _Moment(Enum):
    """Whether more of a stream follows the bytes that have come."""

    MORE = auto()  # more follows at once
    PAUSE = auto()  # nothing has come for a moment: a person may be waiting for held output
    END = auto()


@dataclass(frozen=True, slots=True)
class _StreamState:
    """The state of a stream: the bytes held back, and the ends of the views of sent bytes."""

    held: bytes = b""
    joined: bytes = b""  # without line ends
    bare: bytes = b""  # without line ends and escape sequences
    lines: bytes = b""  # without escape sequences
    struck: bytes = b""  # without escape sequences, line ends and characters before a backspace
    squeezed: bytes = b""  # without escape sequences, blanks and frames
    masking: bool = False  # whether the last sent byte was masked


class _Needles:
    """The forms of the secrets, by the view of the text in which each is searched.

    A secret can be wrapped, indented and framed on a screen: longer forms are searched without regard to
    that. Within escape sequences, such as a title, every form is searched as it is.
    """

    def __init__(self, values: Iterable[bytes] = ()) -> None:
        longer = [value for value in values if len(value.decode("utf-8", "replace")) >= SHORT]
        self.short = ShortSearch(value for value in values if value not in longer)
        forms = {form for value in longer for form in list_encodings(value)}
        near = [form for form in forms if len(_squeeze(form)) < _LEAST_SQUEEZED]
        near += [window for value in longer for window in list_windows(value)]
        self.all = MultiSearch(forms.union(near))
        self.near = MultiSearch(dict.fromkeys(near), OF_SHORT)
        self.squeezed = MultiSearch({_squeeze(form) for form in forms.difference(near)}, OF_LONG)

    @property
    def longest(self) -> int:
        return max(self.all.longest, self.short.longest)


def _squeeze(form: bytes) -> bytes:
    return form.translate(None, SPACING)


class Masker:
    """Masks secrets in texts and in one stream of bytes, and learns tokens from them.

    A token that matches a known pattern becomes a secret. A secret is masked in each of its `encodings`,
    across the borders of chunks, also with line ends or escape sequences within. The stream is passed on at
    once except for an end that may be the beginning of a secret. Outside of secrets the bytes are unchanged.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: dict[bytes, None] = {}  # in the order in which they were added
        self._has_short = False  # whether a value has fewer than five characters
        self._needles: _Needles | None = _Needles()  # None: must be rebuilt
        self._flow = _StreamState()
        self._seen: list[tuple[str, str]] = []
        self._of_page: tuple[int, Masker] | None = None  # for `mask_page`, with the version it was made for
        self._known: dict[str, str] = {}  # the last short texts, masked with the present secrets
        for value in values:
            self.add(value)

    @property
    def version(self) -> int:
        """Return a number that rises with each value that becomes a secret."""
        return len(self._values)

    def add(self, value: str) -> None:
        """Make a value a secret from now on; one that is empty or blank is ignored."""
        for piece in _NEVER_BYTES.split(value)[::2]:
            self._add(piece.encode("utf-8", "surrogateescape"))

    def add_secrets_of(self, text: str) -> bool:
        """Make the secrets in a public text secrets, and return whether it holds any.

        These are passwords of URLs, secrets that are known, and tokens of known shapes.
        """
        for password in find_url_secrets(text.encode("utf-8", "surrogateescape")) if "://" in text else ():
            self.add(password.decode("utf-8", "surrogateescape"))
        return self.mask_text(text) != text

    def declared_values(self) -> tuple[str, ...]:
        """Return every value that was made a secret, without undeclared tokens, in order."""
        seen = {value for _, value in self._seen}
        values = (value.decode("utf-8", "surrogateescape") for value in self._values)
        return tuple(value for value in values if value not in seen)

    def seen_tokens(self) -> tuple[tuple[str, str], ...]:
        """Return the pattern's name and the value of each undeclared token, in order."""
        return tuple(self._seen)

    def add_seen_tokens(self, values: Iterable[str]) -> None:
        """Add tokens that were recognised before the run was resumed."""
        for value in values:
            self._seen.append(("", value))
            self.add(value)

    def mask_text(self, text: str) -> str:
        """Return a whole text masked.

        A secret that is cut off at the end of the text is masked if 8 bytes or more of it are there.
        """
        if (known := self._known.get(text)) is not None:
            return known
        masked = text
        if self._values or "\x1b" in text or find_suspects(text.encode("ascii", "ignore")):
            pieces = _NEVER_BYTES.split(text)
            pieces[::2] = (self._masked_text(piece) for piece in pieces[::2])
            masked = "".join(pieces)
        if len(text) <= _SHORT_TEXT:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[text] = masked
        return masked

    def mask_page(self, text: str) -> str:
        """Return a text of the page masked, but for secrets of fewer than five characters.

        Everybody can read the page. A mask there in place of a common word would tell that it is the secret.
        """
        if not self._has_short:
            return self.mask_text(text)
        if self._of_page is None or self._of_page[0] != self.version:
            longer = (value.decode("utf-8", "surrogateescape") for value in self._values)
            self._of_page = (self.version, Masker(value for value in longer if len(value) >= SHORT))
        return self._of_page[1].mask_text(text)

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the stream; return the bytes that can be sent now, masked."""
        flow = self._flow
        if not (self._values or flow.held or b"\x1b" in data):
            lines = flow.lines + data
            if not find_suspects(lines):
                self._flow = _StreamState(lines=lines[-_CONTEXT:])
                return data
        return self._step(data, _Moment.MORE)

    @property
    def holds_output(self) -> bool:
        """Return whether bytes of the stream are held back."""
        return bool(self._flow.held)

    def flush(self, final: bool) -> bytes:
        """Return the bytes that can be sent in a pause of the stream, or all the rest at its end.

        In a pause, a possible beginning of a secret is sent if it is shorter than 4 bytes. At the end, such a
        beginning is sent if it is shorter than 8 bytes, and masked otherwise.
        """
        return self._step(b"", _Moment.END if final else _Moment.PAUSE) if self._flow.held else b""

    def _masked_text(self, text: str) -> str:
        data = text.encode("utf-8", "surrogateescape")
        if self._is_free_of_secrets(data):
            return text
        masked, _ = self._advance(_StreamState(), data, _Moment.END)
        return masked.decode("utf-8", "surrogateescape")

    def _is_free_of_secrets(self, data: bytes) -> bool:
        """Return whether a whole text shows no secret; False if only `_advance` can tell.

        It searches what that would search, and costs much less: most texts have nothing to mask.
        """
        if b"\x1b" in data or b"\b" in data or find_suspects(data):
            return False
        needles = self._get_needles()
        if needles.short.longest and needles.short.find(data, 0, ends=True)[0]:
            return False
        joined = data.replace(b"\n", b"").replace(b"\r", b"")
        if needles.near.longest and needles.near.find_suspects(joined):
            return False
        squeezed = _squeeze(data)
        if needles.squeezed.longest and needles.squeezed.find_suspects(squeezed):
            return False
        return not any(
            search.longest and search.count_unfinished(text, (), SHORTEST_PART) >= SHORTEST_PART
            for search, text in ((needles.all, joined), (needles.squeezed, squeezed))
        )

    def _step(self, data: bytes, moment: _Moment) -> bytes:
        masked, self._flow = self._advance(self._flow, data, moment)
        return masked

    def _add(self, value: bytes) -> None:
        if value.strip() and value not in self._values:
            self._values[value] = None
            self._has_short |= len(value) < SHORT
            self._needles = None
            self._known.clear()

    def _get_needles(self) -> _Needles:
        if self._needles is None:
            self._needles = _Needles(self._values)
        return self._needles

    def _advance(self, flow: _StreamState, data: bytes, moment: _Moment) -> tuple[bytes, _StreamState]:
        """Return the bytes to send when `data` comes in, and the stream's new state."""
        raw = flow.held + data
        work = raw if moment is _Moment.END else without_unfinished_escape(raw)
        lines = make_view(LINES, work, flow.lines)
        hits, hold = self._find_token_hits(lines, moment)
        needles = self._get_needles()
        views = [make_view(JOINED, work, flow.joined), make_view(SQUEEZED, work, flow.squeezed)]
        searches = [needles.near, needles.squeezed]
        same = flow.bare == flow.joined and b"\x1b" not in work
        if not same:
            views.append(make_view(BARE, work, flow.bare))
            searches = [needles.all, needles.squeezed, needles.near]
        if b"\b" in work or flow.struck != flow.bare:
            struck = make_view(STRUCK, work, flow.struck)
            views.append(struck)
            searches.append(needles.all)
        else:
            struck = None
        for view, search in zip(views, searches, strict=True):
            if search.longest:
                begun = search if view.kind.spacing else needles.all
                found, unfinished = _find_secret_hits(view, search, begun, moment)
                hits += found
                hold = min(hold, unfinished)
        if needles.short.longest:
            spans, start = needles.short.find(lines.text, lines.before, ends=moment is not _Moment.MORE)
            hits += (
                Hit(lines.offset(first), lines.offset(end - 1) + 1, opaque=False) for first, end in spans
            )
            hold = min(hold, lines.offset(start)) if start < len(lines.text) else hold
        cut = outside_escapes(work, hold)
        if len(raw) - cut > _MOST_HELD and moment is not _Moment.END:
            return self._advance(flow, data, _Moment.END)
        masked, masking = mask_hits(work, cut, hits, flow.masking)
        keep = max(_CONTEXT, needles.longest)
        joined, squeezed = (view.text_before(cut, keep) for view in views[:2])
        bare = joined if same else views[2].text_before(cut, keep)
        lines_before = lines.text_before(cut, keep)
        struck_before = struck.text_before(cut, keep) if struck else bare
        state = _StreamState(raw[cut:], joined, bare, lines_before, struck_before, squeezed, masking)
        return masked, state

    def _find_token_hits(self, lines: StreamView, moment: _Moment) -> tuple[list[Hit], int]:
        """Return where tokens of known patterns are, and where one may begin.

        Make the tokens secrets.
        """
        text, hold = lines.text, len(lines.raw)
        suspects = find_suspects(text)
        if not suspects:
            return [], hold
        hits: list[Hit] = []
        complete: list[tuple[int, int]] = []
        ongoing = len(text) + 1 if moment is _Moment.END else find_unfinished_token(text, suspects)
        for name, start, end in find_tokens(text, suspects):
            if end == len(text) and moment is not _Moment.END:
                ongoing = min(ongoing, start)
            if end > ongoing or any(first <= start and end <= last for first, last in complete):
                continue
            complete.append((start, end))
            value = text[start:end]
            if value not in self._values:
                self._seen.append((name, value.decode("ascii")))
                self._add(value)
            if end > lines.before:
                hits.append(Hit(lines.offset(start), lines.offset(end - 1) + 1, opaque=False))
        size = len(text) - ongoing
        if size > 0 and (moment is _Moment.MORE or size >= SHORTEST_PART):
            hold = lines.offset(ongoing)
        return hits, hold


def _find_secret_hits(
    shown: StreamView, needles: MultiSearch, begun: MultiSearch, moment: _Moment
) -> tuple[list[Hit], int]:
    """Return where a view shows `needles`, and where it may show the beginning of one in `begun`."""
    hits: list[Hit] = []
    hold = len(shown.raw)
    opaque = not shown.kind.escapes
    suspects = needles.find_suspects(shown.text)
    for needle in suspects:
        for start, end in find_occurrences(shown.text, needle):
            if end > shown.before:
                hits.append(Hit(shown.offset(start), shown.offset(end - 1) + 1, opaque))
    length = len(shown.text)
    size = begun.count_unfinished(shown.text, suspects)
    least = _LEAST_WRAPPED if shown.raw.endswith(_LINE_ENDS) else 1
    if moment is not _Moment.MORE:
        least = SHORTEST_PART if moment is _Moment.END else _LEAST_WRAPPED
    if size >= least and length > shown.before:
        if moment is _Moment.END:
            at = shown.offset(max(length - size, shown.before))
            hits.append(Hit(at, shown.offset(length - 1) + 1, opaque))
        else:
            hold = shown.offset(length - size)
    return hits, hold
