"""Finds the headings of a page, and the anchors that several renderers give them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from urllib.parse import unquote

from ..light_classes import dataclass
from ..text.lazy_pattern import LazyPattern
from .markdown.headings import make_slug, strip_markup

_ATX = LazyPattern(r"[ \t>]*+(?>(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)*)#{1,6}[ \t]++(?P<title>.*)")

_UNDERLINE = LazyPattern(r"[ \t>]*+(?:=+|-+)[ \t]*+")

_UNDERLINES = ("-", "=", " ", "\t")

_FENCE = LazyPattern(r"[ \t>]*+(?>(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)*)(`{3,}(?=[^`]*$)|~{3,})")

_ID_NAME = LazyPattern(r"(?<!\w)(?:id|name)[ \t]*\Z")

_ID = LazyPattern(r"[ \t]*+[\"']?([^\"'\s>]++)")

_LABEL = LazyPattern(r"^[ \t>]*\(([^\s()]+)\)=[ \t]*$", re.MULTILINE)  # of MyST

_NEAR = 20  # characters before a `=` that are searched for its name

_BRACES = LazyPattern(r"\{[^{}\n]*\}")

_BRACED_ID = LazyPattern(r"#([^\s#}]+)")

_TAG = LazyPattern(r"<[^<>\n]*>")

_PLAIN = LazyPattern(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")

_EMOJI = LazyPattern(r":[\w+-]+:")

# a line that includes other text when the page is built, or begins a tab with an anchor of its own
_OF_INCLUDED = (
    "[!INCLUDE",
    "--8<--",
    "===",
    "{{",
    "{%",
    "{!",
    ":::",
    "![[",
)  # every such line contains one of these

_INCLUDED = LazyPattern(
    r"\n[ \t>]*+(?:\[!INCLUDE|--8<--|===[+!]?[ \t]+\"|\{\{|\{%|\{!|:::"
    r"|!\[\[(?![^\]\n]*\.(?:png|jpe?g|gif|svg|webp|pdf|mp4)\b))",
    re.IGNORECASE,
)

# fragments with a special meaning in renderers and browsers
_MADE = LazyPattern(r"(?:top|[_+].*|fn(?:ref)?[:\d-].*|l\d+.*|:~:.*|\^.*|page=.*)?", re.DOTALL)


@dataclass(frozen=True)
class Headings:
    """The headings of a page: the texts that may follow the `#` of a link to it."""

    titles: tuple[str, ...] = ()
    ids: frozenset[str] = frozenset()  # in lower case
    included: bool = False  # whether the page includes other text, which may have headings

    @cached_property
    def likely_anchors(self) -> frozenset[str]:
        """Return the anchors that most renderers give to most headings.

        They are cheaper to compute than `anchors`.
        """
        return frozenset(title.lower().replace(" ", "-") for title in self.titles) | self.ids

    @cached_property
    def anchors(self) -> frozenset[str]:
        """Return every anchor that some renderer gives to a heading, in lower case."""
        counts = Counter(
            anchor
            for variants in map(_variants, self.titles)
            for anchor in {anchor for variant in variants for anchor in _slugs(variant)}
        )
        again = (
            f"{anchor}{mark}{n}" for anchor, count in counts.items() for mark in "-_" for n in range(1, count)
        )
        return frozenset((*self.ids, *counts, *again))

    @cached_property
    def words(self) -> frozenset[str]:
        """Return the letters and digits of the headings."""
        return frozenset(fold_heading(variant) for title in self.titles for variant in _variants(title))

    def has_anchor(self, written: str, loose: bool = False) -> bool:
        """Return whether some renderer gives a heading this anchor.

        `loose` is true if the renderer is unknown.
        """
        anchor = unquote(written).casefold().removeprefix("user-content-")
        if (
            self.included
            or anchor in self.likely_anchors
            or _MADE.fullmatch(anchor)
            or not self.anchors.isdisjoint((anchor, anchor.strip("-")))
        ):
            return True
        # most renderers drop a dot: a link with one is for a renderer that does not
        spaced = loose or not anchor.isascii() or " " in anchor or "." in anchor
        return spaced and (
            fold_heading(anchor) in self.words or (loose and self._has_numbered_heading(fold_heading(anchor)))
        )

    def has_heading(self, written: str) -> bool:
        """Return whether a wikilink matches a heading by its words.

        In `#one#two`, each part must match.
        """
        return (
            self.included
            or written in self.titles
            or fold_heading(written) in self.words
            or all(self._has_part(part.strip()) for part in written.split("#"))
        )

    def _has_part(self, part: str) -> bool:
        folded = fold_heading(part)
        return not folded or part.startswith("^") or folded in self.words or self.has_anchor(part)

    def _has_numbered_heading(self, wanted: str) -> bool:
        return any(word.lstrip("0123456789") == wanted for word in self.words)


def find_heading(headings: Sequence[tuple[str, str]], written: str) -> int | None:
    """Return the index of the heading with this anchor, given the anchors of ours and the titles.

    The anchors that GitHub and renderers like it make are found too, if exactly one heading has it.
    """
    wanted = unquote(written).removeprefix("user-content-")
    for index, (anchor, _) in enumerate(headings):
        if anchor in (written, wanted):
            return index
    wanted = wanted.casefold()
    found = [
        index
        for index, (anchor, title) in enumerate(headings)
        if wanted in (anchor.casefold(), *_slugs(title))
    ]
    return found[0] if len(found) == 1 else None


def fold_heading(text: str) -> str:
    """Return the letters and digits of a heading, in which two spellings of it agree."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


@lru_cache(maxsize=64)
def find_headings(text: str) -> Headings:
    """Return the headings of a page, including those in lists, quotes and admonitions."""
    titles: list[str] = []
    included = False
    may_include = any(mark in text for mark in _OF_INCLUDED) and _INCLUDED.search(
        "\n" + text.replace("\r", "\n")
    )
    fence = previous = ""
    for line in text.splitlines():
        if ("`" in line or "~" in line) and (opening := _FENCE.match(line)):
            if not fence:
                fence = opening[1]
            elif opening[1].startswith(fence) and not line.strip(" \t>`~"):
                fence = ""
            previous = ""
        elif not fence:
            if "#" in line and (heading := _ATX.match(line)):
                titles.append(heading["title"].strip().rstrip("#").strip())
                included = included or "<!--" in line  # a site may replace a comment
            elif line.endswith(_UNDERLINES) and previous.strip() and _UNDERLINE.fullmatch(line):
                titles.append(previous.strip(" \t>"))
            if may_include and not included:
                included = _INCLUDED.match(f"\n{line}") is not None
            previous = line
    return Headings(tuple(titles), frozenset(_find_ids(text)), included)


def _find_ids(text: str) -> Iterator[str]:
    at = text.find("=") if "<" in text else -1
    while at >= 0:
        if _ID_NAME.search(text, max(0, at - _NEAR), at) and (found := _ID.match(text, at + 1)):
            yield found[1].casefold()
        at = text.find("=", at + 1)
    if ")=" in text:
        yield from (label.casefold() for label in _LABEL.findall(text))
    if "{" in text:
        for braces in _BRACES.finditer(text):
            yield from (found.casefold() for found in _BRACED_ID.findall(braces.group()))


def _variants(title: str) -> set[str]:
    """Return a heading as written and as displayed, with and without some parts.

    Some renderers remove these parts.
    """
    if _PLAIN.fullmatch(title):
        return {title}
    bare = _BRACES.sub("", title).strip()
    seen = {title, strip_markup(title), strip_markup(bare)}
    seen |= {_TAG.sub("", text) for text in tuple(seen)}
    return seen | {_EMOJI.sub("", text).strip() for text in tuple(seen)}


def _slugs(title: str) -> Iterable[str]:
    """Return the anchors of a heading in MkDocs, GitHub, Redcarpet and renderers like them."""
    if _PLAIN.fullmatch(title):
        return (title.lower().replace(" ", "-"),)
    kept = re.sub(r"[^\w\- ]", "", unicodedata.normalize("NFC", title).casefold())
    github = kept.replace(" ", "-")
    redcarpet = re.sub(r"[\W_]+", "-", title.casefold())
    return (
        make_slug(title),
        github,
        *(text.strip("-") for text in (github, redcarpet, re.sub("-+", "-", github))),
    )
