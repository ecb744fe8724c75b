"""Finds text that a site fetches from another file, whose commands the page itself does not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ...diagnostics.problem import Problem
from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from ...text.signs import has_any_sign
from ...text.source import MappedText, Source
from ..markdown.elements import PROSE, Element, Fence
from .hidden import is_hidden

_IN_CODE = LazyPattern(
    r"^[ \t]*(?:-{1,}8<-{1,}(?![ \t]*\[).*|\{%-?\s*(?:include|render)\b.*"
    r"|\{\{[<%]\s*(?:include|readfile|snippet|code)\b.*|\{\{#(?:include|rustdoc_include|playground)\b.*"
    r"|<<<\s*@/\S.*)",
    re.MULTILINE,
)

_FILE = r"[\"']?(?P<{}>[^\s\"')>]{{1,200}}\.(?:md|mdx|mdown|markdown|txt|sh|bash|zsh|fish))\b"

_IN_TEXT = LazyPattern(
    r"^[ \t>]*(?:(?P<snippet>-{1,}8<-{1,})(?![ \t]*\[)(?:[ \t]+[\"']?(?P<snippet_file>[^\"'\n]+))?"
    r"|\[!INCLUDE\s*\[[^\]\n]*\]\(" + _FILE.format("docfx") + r"|\[!code-(?P<docfx_code>[\w-]+)[^\]\n]*\]"
    r"|\{%-?\s*(?:include|include_relative|include_cached|include-markdown|render)\s+[^%\n]{0,200}?"
    + _FILE.format("liquid")
    + r"|\{\{[<%]\s*(?:[\w/-]*include[\w-]*|readfile|snippet|md)\b[^{}\n]{0,200}?" + _FILE.format("hugo")
    + r"|\{\{#include\s+" + _FILE.format("mdbook")
    + r"|<<<\s*(?P<vitepress>(?:@|\.{0,2})/\S+)"
    + r"|:::code\b(?P<learn>[^\n]*\bsource=[^\n]*):::"
    + r"|!!!\s?include\s?\((?P<markdown_it>[^)\n]+)\)!!!"
    + r"|\{!\s*(?P<markdown_include>[^!\n]+?)\s*!\}"
    + r"|(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(?P<obsidian>!\[\[[^\[\]\n]+\]\])"
    + r")",
    re.MULTILINE | re.IGNORECASE,
)  # fmt: skip

# files that hold words: the names of abbreviations at a page's end, of notes and disclaimers
_ONLY_WORDS = LazyPattern(
    r"abbr|glossar|callout|retire|disclaimer|(?:^|[-_/])notes?\b|limitation|preview|feedback|header|footer|intro"
    r"|concept|warning|caution|caveat|legal|copyright|contribut|versions?\b",
    re.IGNORECASE,
)

_SHELL = LazyPattern(
    r"\b(?:azurecli|azure-cli|bash|sh|shell|console|zsh|fish|command|terminal)\b", re.IGNORECASE
)

_DIRECTIVE = LazyPattern(r"\{(?:literalinclude|include)\}\s*(\S+)")

# what is included between blocks begins with one of these
_SIGNS = ("8<", "[!", "{%", "{{", "<<<", ":::", "!!!", "{!", "![[")

# what Obsidian embeds and is no note
_MEDIA = LazyPattern(
    r"\.(?:png|jpe?g|gif|svg|webp|avif|bmp|pdf|mp[34]|mov|mkv|webm|og[gv]|wav|m4a|flac|3gp|canvas|base|excalidraw"
    r")\s*(?:[#|]|\]\])",
    re.IGNORECASE,
)

_IMPORT = LazyPattern(r"^import\s+(\w+)\s+from\s+[\"']([^\"'\n]+\.mdx?)[\"']", re.MULTILINE)


class Include(NamedTuple):
    """What is fetched: its offsets on the page, and how it is written."""

    start: int
    end: int
    written: str


def report_block_include(source: Source, code: MappedText) -> Problem | None:
    """Return the Problem of a block whose commands are in another file; None without one."""
    found = (
        _IN_CODE.search(code.text) if "8<" in code.text or "{" in code.text or "<<<" in code.text else None
    )
    if found is None:
        return None
    written = found[0].strip()
    start, end = code.offsets(found.end() - len(found[0].lstrip()), found.end())
    return _report(source, Include(start, end, written))


def report_flow_includes(source: Source, elements: Sequence[Element]) -> Iterator[Problem]:
    """Yield a Problem for each include between the blocks of a step that may hold commands."""
    imported, in_text = _read_imports(source.text)
    for element in elements:
        if isinstance(element, Fence):
            found = _DIRECTIVE.match(element.written)
            if found and not _ONLY_WORDS.search(found[1]):
                yield _report(source, Include(element.span.start, element.span.end, found[0]))
        elif in_text and isinstance(element, PROSE) and not is_hidden(element):
            text = source.text[element.span.start : element.span.end]
            for include in _find_in_text(text, imported):
                start = element.span.start
                yield _report(source, include._replace(start=start + include.start, end=start + include.end))


@lru_cache(maxsize=1)
def _read_imports(text: str) -> tuple[dict[str, str], bool]:
    """Return the pages that a page imports by name, and whether its text may include other files."""
    imported = dict(_IMPORT.findall(text)) if "import " in text else {}
    return imported, bool(imported) or has_any_sign(text, _SIGNS)


def _find_in_text(text: str, imported: dict[str, str]) -> Iterator[Include]:
    for match in _IN_TEXT.finditer(text):
        language = match["docfx_code"] or match["learn"]
        if language and not _SHELL.search(language):
            continue
        file = next((each for name, each in match.groupdict().items() if each and name != "snippet"), "")
        if _ONLY_WORDS.search(file) or (match["obsidian"] and _MEDIA.search(file)):
            continue
        begin = match.start("obsidian") if match["obsidian"] else match.end() - len(match[0].lstrip(" \t>"))
        yield Include(begin, match.end(), text[begin : match.end()].rstrip())
    for name, file in imported.items():
        if (found := re.search(rf"^[ \t]*<{name}\b", text, re.MULTILINE)) and not _ONLY_WORDS.search(file):
            yield Include(found.start(), found.end(), f"<{name}>")


def _report(source: Source, include: Include) -> Problem:
    written = include.written if len(include.written) <= 60 else include.written[:59] + "…"
    return Problem(
        "include",
        f"`{written}` includes another file, and a run does not read it: commands may be missing here",
        source.span(include.start, include.end),
        "copy the commands of that file into this page, or run the page that the site generates",
    )
