"""Finds blocks of a step that the text between them makes alternatives: "Or, with curl:"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from ..markdown.headings import strip_markup
from ..model import Block, Prose
from .labels import is_system, is_telling
from .regions import TabPlace

_LONGEST_LABEL = 60

# "Or:", "Or with curl:", "Alternatively, …"; not "or else", "or later"
_OR = LazyPattern(
    r"(?:\W{0,3})(?:or(?!\s+(?:else|more|less|later|newer|higher|lower|so|not|rather|worse|better|equivalent)\b)"
    r"|alternatively|alternately|as an alternative|another (?:way|option|possibility|alternative)"
    r"|the other (?:way|option))(?![\w/-])",
    re.IGNORECASE,
)

_OPTION = LazyPattern(
    r"\W{0,3}(?:option|method|variant|alternative|approach|possibility)\s+(?:#?\d|[a-d]|two|three|ii+)\b",
    re.IGNORECASE,
)

_IF_YOU_USE = LazyPattern(
    r"(?:\W{0,3})if\s+(?:you(?:['’]re|\s+are)?\s+)?(?:instead\s+)?"
    r"(?:us(?:e|ing)|running on|(?:are )?on|prefer(?:ring)?|would (?:rather|prefer)"
    r"|work(?:ing)? (?:on|with))\b",
    re.IGNORECASE,
)

# what a paragraph holds that may be the beginning of an alternative
# a text with none of these, nor with a word such as `alternatively`, makes no block an alternative
_CHOOSING = frozenset(
    ("or", "other", "another", "option", "method", "variant", "approach", "possibility", "if")
)

_WORD = LazyPattern(r"[a-z]+")

_BLANK_LINE = LazyPattern(r"\n[ \t]*\n")

# by the kind of a text: how many paragraphs at most are between the block above and the one below
_FARTHEST = {"or": 2, "if": 1}

_FARTHEST_OF_ALL = max(_FARTHEST.values())

_INSTEAD = LazyPattern(r"\binstead\b", re.IGNORECASE)


class ProseChoice(NamedTuple):
    """Blocks of which one runs; `together` if the text does not exclude that all do."""

    blocks: tuple[Block, ...]
    labels: tuple[str, ...]
    together: bool


class _IntroducedBlock(NamedTuple):
    """A block that runs, and the paragraph directly above it."""

    block: Block
    intro: str
    distance: int  # how many paragraphs are between this block and the one above it that runs

    @property
    def kind(self) -> str:
        """Return what the paragraph makes of the block: "or", "if" or ""."""
        return _read_kind(self.intro) if self.intro else ""

    @property
    def is_choice(self) -> bool:
        """Return whether the block is an alternative to the one above it, if they are in the same tabs."""
        return self.distance <= _FARTHEST_OF_ALL and self.distance <= _FARTHEST.get(self.kind, -1)

    @property
    def label(self) -> str:
        """Return a label for the block."""
        label = _shorten(_strip_marks(self.intro))
        return label if is_telling(label) else _first_line(self.block) or label


def find_prose_choices(
    parts: Sequence[Prose | Block], tabs: Mapping[int, tuple[TabPlace, ...]]
) -> Iterator[ProseChoice]:
    """Yield the alternatives among the blocks of a step, in order."""
    if sum(not isinstance(part, Prose) and part.runs for part in parts) < 2:
        return
    blocks = list(_introduce_blocks(parts))
    if not any(each.is_choice for each in blocks[1:]):
        return
    ends = [*range(1, len(blocks)), len(blocks)]
    first = 0
    for index in ends:
        here = blocks[index] if index < len(blocks) else None
        if here and here.is_choice and _are_beside(blocks[index - 1], here, tabs):
            continue
        yield from _divide_group(blocks[first:index])
        first = index


def _divide_group(blocks: Sequence[_IntroducedBlock]) -> Iterator[ProseChoice]:
    """Yield the alternatives of blocks of which each but the first begins with an "or" or a condition.

    Where several have a condition, the block above them has nothing to do with it.
    """
    conditions = [each.kind == "if" for each in blocks[1:]]
    if len(conditions) > 1 and all(conditions) and blocks[0].kind != "if":
        blocks = blocks[1:]
    if len(blocks) > 1:
        together = blocks[0].kind != "if" and all(each.kind == "if" for each in blocks[1:])
        labels = tuple(each.label for each in blocks)
        yield ProseChoice(tuple(each.block for each in blocks), labels, together)


def _introduce_blocks(parts: Sequence[Prose | Block]) -> Iterator[_IntroducedBlock]:
    intro, count = "", 0  # the last paragraph, and how many there are since the last block that runs
    for part in parts:
        if isinstance(part, Prose):
            paragraphs = _BLANK_LINE.split(part.text.strip())
            intro, count = paragraphs[-1], count + len(paragraphs)
        elif not part.runs:
            intro = ""
        else:
            yield _IntroducedBlock(part, intro, count)
            intro, count = "", 0


def _strip_marks(paragraph: str) -> str:
    """Return a paragraph as plain text, without the marker of its list or quote."""
    return strip_markup(re.sub(r"^[ \t>]*(?:[-*+]|\d+[.)])?[ \t]+", "", paragraph))


def _read_kind(intro: str) -> str:
    """Return "or" or "if" for a paragraph that makes the block below it an alternative; else ""."""
    if is_system(intro):
        return "if"
    lowered = intro.lower()
    if _CHOOSING.isdisjoint(_WORD.findall(lowered)) and "alternat" not in lowered:
        return ""
    intro = _strip_marks(intro)
    sentences = re.split(r"(?<=[.!?:])\s+(?=[A-Z*_`])", intro)
    for sentence in (sentences[0], sentences[-1]):
        if _OR.match(sentence) or _OPTION.match(sentence):
            return "or"
        if _IF_YOU_USE.match(sentence):
            return "or" if _INSTEAD.search(sentence) else "if"
    return ""


def _are_beside(
    one: _IntroducedBlock, other: _IntroducedBlock, tabs: Mapping[int, tuple[TabPlace, ...]]
) -> bool:
    """Return whether two blocks are in the same tabs."""
    return tabs.get(one.block.span.start, ()) == tabs.get(other.block.span.start, ())


def _first_line(block: Block) -> str:
    return _shorten(block.statements[0].text.split("\n", 1)[0]) if block.statements else ""


def _shorten(text: str) -> str:
    text = text.strip().rstrip(":")
    return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1].rsplit(" ", 1)[0] + "…"
