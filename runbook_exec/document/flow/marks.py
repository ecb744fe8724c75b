"""Reads the marks with which sites begin and end tabs, folded sections and boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from operator import attrgetter

from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from ...text.signs import has_any_sign
from .html_tags import SCOPES, HtmlTag, find_inline_tags, find_tags, is_unseen


class RegionKind(Enum):
    """What a marked part of a page is for its reader."""

    TABS = "tabs"  # the frame around tabs
    TAB = "tab"
    FOLDED = "folded"  # shown only when the reader opens it
    BOX = "box"  # a note, a warning, or another part that is simply shown
    HIDDEN = "hidden"
    CODE = "code"  # indented text that most sites show as code


class Mark(NamedTuple):
    """The beginning or the end of a part; only an end of the same `family` closes what begins."""

    family: str
    kind: RegionKind
    label: str
    start: int  # its offset in the text
    closes: bool = False
    hides_rest: bool = False  # whether it hides the rest of the page if nothing closes it


_TABS = (
    "tabs|tabset|tab-set|tabgroup|tab-group|tabpane|navtabs|code-group|codegroup|code-tabs|codetabs|panel-tabset"
    r"|tabs\.root|code-switcher|tabcontainer"
)

_TAB = (
    r"tab|tabitem|tab-item|tabpanel|tab-panel|navtab|tabs\.tab|tabs\.item|tabs\.panel|tabs\.content|tabscontent"
    "|codetab|code-tab|code-block|codeblock|zone|moniker"
)

# the tools and systems between which GitHub's documentation switches with `{% mac %} … {% endmac %}`
_SWITCHES = (
    "mac|windows|linux|webui|cli|vscode|visualstudio|desktop|curl|jetbrains|eclipse|xcode|codespaces|powershell"
    "|bash|mobile|importer|api|javascript"
)

_FOLDED = (
    "details|dropdown|spoiler|collapse|collapsible|expand|expandable|accordion|accordionitem|accordion-item"
    "|toggle|disclosure|foldable"
)

_NAMES = f"{_TABS}|{_TAB}|{_FOLDED}"

_MARK = LazyPattern(
    r"^[ \t>]*(?P<colons>:{3,})[ \t]*(?P<colon_rest>[^\n]*)$"
    r"|^[ \t>]*///(?!/)[ \t]*(?P<slash_rest>[^\n]*)$"
    r"|^[ \t>]*@tab\b(?::active)?(?P<at_rest>[^\n]*)$"
    r"|^[ \t>]*==[ \t]+(?P<equals_rest>[^\n=][^\n]*)$"
    rf"|\{{%-?[ \t]*(?P<liquid>(?:end)?(?:{_NAMES}|{_SWITCHES}))(?![\w-])(?P<liquid_rest>[^%\n]*)%\}}"
    rf"|\{{\{{[<%]-?[ \t]*(?P<hugo_end>/?)[ \t]*(?:[\w-]+/)?(?P<hugo>{_NAMES})(?![\w-])"
    r"(?P<hugo_rest>[^{}]*)[>%]\}\}",
    re.MULTILINE | re.IGNORECASE,
)

# nothing without one of these, or a tag with one of the names, is a mark
_SIGNS = (":::", "///", "{%", "{{")

_TAG_NAMES = frozenset(_NAMES.replace("\\", "").split("|"))

_TAG_NAME = LazyPattern(r"[A-Za-z][\w.-]*")

# what a page with marks holds; most pages have none
_HINT = LazyPattern(
    rf"^[ \t>]*(?::::|///[ \t]*\w|@tab\b|<(?:{_NAMES})(?![\w.:-])"
    rf"|\{{%-?[ \t]*(?:{_NAMES}|{_SWITCHES})(?![\w-])"
    rf"|\{{\{{[<%]-?[ \t]*(?:[\w-]+/)?(?:{_NAMES})(?![\w-]))",
    re.MULTILINE | re.IGNORECASE,
)

_KINDS = (
    (LazyPattern(_TABS), RegionKind.TABS),
    (LazyPattern(_TAB), RegionKind.TAB),
    (LazyPattern(_FOLDED), RegionKind.FOLDED),
)

_SWITCH = LazyPattern(_SWITCHES)

_ATTRIBUTE = LazyPattern(
    r"\b(label|title|header|tabName|name|summary|pivot|range|value|tab|id)\s*=\s*(?:\{?[\"']([^\"']+)[\"']|([\w.-]+))"
)

_PREFERENCE = [
    "label",
    "title",
    "header",
    "tabName",
    "name",
    "summary",
    "pivot",
    "range",
    "value",
    "tab",
    "id",
]

_QUOTED = LazyPattern(r"[\"'“]([^\"'”\n]+)[\"'”]")

_OPEN = LazyPattern(r"(?:^|[\s{])(?:open|defaultOpen)(?=[\s=/}]|$)")  # with quoted text left out

_LONG = 500  # characters of a line; what is before them is not looked at, which would take quadratic time

_SUMMARY = LazyPattern(r"\s*<summary[^>]*>([^\n]{0,300}?)</summary>", re.IGNORECASE)

_DIRECTIVE = LazyPattern(r"[`~]+[ \t]*\{([\w-]+)\}(.*)")

_COLON_NAME = LazyPattern(r"\{?\.?([A-Za-z][\w-]*)\}?[ \t]*(.*)")


def has_marks(text: str) -> bool:
    """Return whether a page may have marks; looking for each takes longer."""
    has_sign = has_any_sign(text, _SIGNS) or ("@" in text and "@tab" in text.lower())
    return (has_sign or _has_tag(text)) and _HINT.search(text) is not None


def _has_tag(text: str) -> bool:
    """Return whether a text has the tag of an element that may be a mark."""
    at = text.find("<")
    while at >= 0:
        name = _TAG_NAME.match(text, at + 1)
        if name is not None and name[0].lower() in _TAG_NAMES:
            return True
        at = text.find("<", at + 1)
    return False


def find_marks(text: str, unseen: frozenset[str], *, is_block: bool) -> Iterator[Mark]:
    """Yield the marks in the text of a paragraph or of HTML, in order.

    `unseen` are the names of elements of the page that may be hidden. `is_block` is whether it is HTML.
    """
    marks = [mark for match in _MARK.finditer(text) if (mark := _read_mark(match)) is not None]
    if "<" in text or "-->" in text:
        names = (_TAG_NAMES | SCOPES | unseen) if unseen else _TAG_NAMES
        tags = find_tags(text, is_block=True) if is_block else find_inline_tags(text)
        marks += (_read_tag(tag, text, is_block=is_block) for tag in tags if tag.name in names)
        marks.sort(key=attrgetter("start"))
    for mark in marks:
        if mark.kind is RegionKind.HIDDEN:
            yield mark
            continue
        line = text.rfind("\n", max(0, mark.start - _LONG), mark.start) + 1
        before = text[line or max(0, mark.start - _LONG) : mark.start].strip(" \t>")
        if before.count("`") % 2:
            continue
        # a mark that begins something is the first on its line, or follows another mark
        if mark.closes or not before or before[-1:] in ">}":
            yield mark


def _read_mark(match: re.Match[str]) -> Mark | None:
    start = match.start()
    if match["colons"]:
        return _read_colons(match["colons"], match["colon_rest"].strip(), start)
    if match["slash_rest"] is not None:
        name, _, label = match["slash_rest"].partition("|")
        return _make_mark("slash", name.strip(), label, start, not name.strip())
    if match["at_rest"] is not None:
        return Mark("@tab", RegionKind.TAB, match["at_rest"].partition("#")[0].strip(), start)
    if match["equals_rest"] is not None:
        return Mark("==", RegionKind.TAB, match["equals_rest"].strip(), start)
    if name := match["liquid"]:
        ends = name.lower().startswith("end")
        return _make_mark("liquid", name[3 * ends :], match["liquid_rest"].strip(" -"), start, ends)
    if match["hugo_rest"].rstrip().endswith("/"):
        return None
    return _make_mark("hugo", match["hugo"], match["hugo_rest"], start, bool(match["hugo_end"]))


def _read_tag(tag: HtmlTag, text: str, *, is_block: bool) -> Mark:
    if not tag.closes and is_unseen(tag.name, tag.rest):
        # a name alone in a paragraph may be a placeholder, such as <title>
        hides_rest = is_block or tag.rest != ""
        return Mark(f"tag:{tag.name}", RegionKind.HIDDEN, "", tag.start, hides_rest=hides_rest)
    rest = tag.rest
    if summary := _SUMMARY.match(text, tag.end):
        rest = f"{rest} summary='{re.sub('<[^>]*>', '', summary[1]).strip()}'"
    return _make_mark("tag", tag.name, rest, tag.start, tag.closes)


def _read_colons(colons: str, rest: str, start: int) -> Mark | None:
    if not rest:
        return Mark(colons, RegionKind.BOX, "", start, closes=True)
    if rest.endswith(":::"):  # complete in one line, as `:::image …:::`
        return None
    found = _COLON_NAME.match(rest)
    if found is None:
        return Mark(colons, RegionKind.BOX, "", start)
    name = found[1].lower()
    if name.endswith("-end"):
        return Mark(colons, RegionKind.BOX, "", start, closes=True)
    kind = _find_kind(name, found[2])
    return Mark(colons, kind, _find_label(found[2]), start)


def _make_mark(syntax: str, name: str, rest: str, start: int, closes: bool) -> Mark:
    lower = name.lower()
    kind = _find_kind(lower, rest)
    if syntax == "liquid" and _SWITCH.fullmatch(lower):
        kind, rest = RegionKind.TAB, name
    family = "slash" if syntax == "slash" else f"{syntax}:{lower}"
    return Mark(family, kind, _find_label(rest), start, closes)


def _find_kind(name: str, rest: str) -> RegionKind:
    kind = next((kind for names, kind in _KINDS if names.fullmatch(name)), RegionKind.BOX)
    if kind is RegionKind.FOLDED and _OPEN.search(_QUOTED.sub("", rest)):
        return RegionKind.BOX
    return kind


def _find_label(rest: str) -> str:
    """Return the label that the words after a mark's name give; "" for none."""
    attributes = {found[1]: found[2] or found[3] for found in reversed(list(_ATTRIBUTE.finditer(rest)))}
    for name in _PREFERENCE:
        if name in attributes:
            return attributes[name].strip()
    if quoted := _QUOTED.search(rest):
        return quoted[1].strip()
    return rest.strip(" \t{}-")


def read_inset(opening: str) -> tuple[RegionKind, str]:
    """Return the kind and the label of indented text, from the line above it."""
    if opening.startswith("==="):
        quoted = opening.lstrip("=!+ ").rstrip()
        return RegionKind.TAB, quoted[1:-1].strip()
    if directive := _DIRECTIVE.match(opening):
        label = directive[2].strip()
        return _find_kind(directive[1].lower(), ""), label
    titled = _QUOTED.search(opening)
    label = titled[1].strip() if titled else ""
    folded = opening.startswith("???") and not opening.startswith("???+")
    return (RegionKind.FOLDED if folded else RegionKind.BOX), label
