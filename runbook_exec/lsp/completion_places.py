"""Finds what may be written at a place of the page, by the line before the cursor."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..document.annotations.fields import FLAGS, KNOWN
from ..document.front_matter.bounds import find_bounds
from ..document.front_matter.settings import INPUT_NAMES, SETTING_NAMES
from ..document.page_names import strip_page_suffix
from ..document.parser import parse_runbook
from ..lint.registry import RULES
from ..shells.registry import CONSOLE, LANGUAGES, NEVER, SHELLS
from ..sources.registry import KINDS
from .completion_texts import Completions, LineBefore, Proposal
from .feature import PageView
from .placeholder_uses import list_names

_COMMENT = re.compile(r"<!--\s*runbook:(?P<words>(?:(?!-->).)*)$")

_BRACES = re.compile(r"^[ \t>]*(?:[-*+]|\d+[.)])?[ \t]*(?:`{3,}|~{3,})[^{}`]*\{(?P<words>[^{}]*)$")

_LAST_WORD = re.compile(r"(?:^|\s)(?P<word>[^\s=\"']*)$")

_LAST_VALUE = re.compile(r"(?:^|\s)(?P<name>[\w-]+)=(?P<quote>[\"']?)(?P<value>[^\s\"']*)$")

_FENCE = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(?:`{3,}|~{3,})(?P<word>[\w-]*)$")

_WIKILINK = re.compile(r"\[\[(?P<target>[^\[\]|#\n]*)(?:#(?P<heading>[^\[\]|\n]*))?$")

_ANCHOR = re.compile(r"\]\(#(?P<anchor>[^\s()]*)$")

_PLACEHOLDER = re.compile(r"(?<!<)<(?P<name>[^\W\d_]?[\w .:/-]*)$")

_REST_OF_NAME = re.compile(r"[\w .:/-]*>")

_KEY_LINE = re.compile(r"^(?P<indent>[ \t]*)(?P<quote>['\"]?)(?P<key>[^'\"\n:#]+)(?P=quote)[ \t]*:")

_MOST = 400_000  # bytes of a page whose headings are offered


def complete_front_matter(view: PageView, line: LineBefore) -> Completions | None:
    """Complete the keys and values below `runbook:` in the front matter."""
    matter = find_bounds(view.page.text)
    if matter is None or not matter[0] <= line.offset <= matter[1]:
        return None
    parents = _parents(view.page.text[matter[0] : line.offset - len(line.before)], line.before)
    key, colon, value = line.before.lstrip(" \t").partition(":")
    if colon:
        return _complete_value(view, [*parents, key.strip("'\" ")], value.lstrip(" "))
    names: Sequence[str] = ()
    if not parents:
        names = ("runbook",)
    elif parents == ["runbook"]:
        names = SETTING_NAMES
    elif parents[:2] == ["runbook", "inputs"] and len(parents) == 3:
        names = INPUT_NAMES
    elif parents in (["runbook", "inputs"], ["runbook", "captures"]):
        names = list(list_names(view.runbook).values())
    elif parents == ["runbook", "languages"]:
        names = sorted({block.language for block in view.runbook.blocks if block.language})
    return Completions([Proposal(name, text=f"{name}: ") for name in names], len(key))


def _parents(above: str, before: str) -> list[str]:
    """Return the keys that a line of YAML is below, by its indentation."""
    indent = len(before) - len(before.lstrip(" \t"))
    parents: list[str] = []
    for line in reversed(above.splitlines()):
        match = _KEY_LINE.match(line)
        if match is not None and len(match["indent"]) < indent:
            parents.insert(0, match["key"].strip())
            indent = len(match["indent"])
    return parents


def _complete_value(view: PageView, path: Sequence[str], written: str) -> Completions | None:
    if not path or path[0] != "runbook":
        return None
    proposals: list[Proposal] = []
    match path[1:]:
        case ["shell"]:
            proposals = [Proposal(name) for name in SHELLS]
        case ["procedure"]:
            proposals = [Proposal(section.anchor, section.title) for section in view.runbook.sections]
        case ["captures", _]:
            proposals = _list_steps(view)
        case ["languages", _]:
            proposals = [Proposal(name) for name in (*SHELLS, CONSOLE, NEVER)]
        case ["inputs", _, "secret"]:
            proposals = [Proposal("true"), Proposal("false")]
        case ["inputs", _, "source"]:
            proposals = [Proposal(kind.FORM, text=kind.PREFIX) for kind in KINDS]
    return Completions(proposals, len(written), are_values=True) if proposals else None


def _list_steps(view: PageView) -> list[Proposal]:
    return [
        Proposal(step.label, step.title, f'"{step.label}"')
        for procedure in view.runbook.procedures
        for step in procedure.steps
    ]


def complete_annotation(view: PageView, line: LineBefore) -> Completions | None:
    """Complete the names and values of `<!-- runbook: … -->` and of the braces after a fence."""
    inside = _COMMENT.search(line.before) or _BRACES.match(line.before)
    if inside is None:
        return None
    words = inside["words"]
    if value := _LAST_VALUE.search(words):
        proposals = list(_annotation_values(view, value["name"]))
        return Completions(proposals, len(value["value"]), are_values=True)
    word = _LAST_WORD.search(words)
    if word is None:
        return None
    proposals = [
        Proposal(name, "flag" if name in FLAGS else "", name if name in FLAGS else f"{name}=")
        for name in (*KNOWN, *(("ignore",) if inside.re is _COMMENT else ()))
    ]
    return Completions(proposals, len(word["word"]))


def _annotation_values(view: PageView, name: str) -> Iterator[Proposal]:
    if name == "capture":
        yield from (Proposal(written) for written in list_names(view.runbook).values() if " " not in written)
    elif name == "shell":
        yield from map(Proposal, SHELLS)
    elif name == "ignore":
        yield from (Proposal(rule.info.code, rule.info.name) for rule in RULES)
    elif name == "choose":
        labels = (label for block in view.runbook.blocks for label in block.alternatives)
        yield from (Proposal(str(number), label) for number, label in enumerate(labels, 1))


def complete_language(view: PageView, line: LineBefore) -> Completions | None:
    """Complete the language after an opening fence."""
    fence = _FENCE.match(line.before)
    if fence is None:
        return None
    return Completions(
        [Proposal(word, f"runs in {LANGUAGES[word]}") for word in LANGUAGES if " " not in word],
        len(fence["word"]),
        are_values=True,
    )


def complete_wikilink(view: PageView, line: LineBefore) -> Completions | None:
    """Complete the page of a wikilink, and after a `#` its heading."""
    link = _WIKILINK.search(line.before)
    if link is None:
        return None
    if link["heading"] is not None:
        titles = _list_titles(view, link["target"].strip())
        return Completions([Proposal(title) for title in titles], len(link["heading"]), are_values=True)
    here = view.find_workspace()
    if here is None:
        return Completions([], 0)
    after = 2 if line.after.startswith("]]") else 0
    names = here[0].names
    proposals = []
    for path in here[0].paths:
        name = strip_page_suffix(path)
        if name != path:
            short = name.rpartition("/")[2]
            unique = short if len(names.pages_for(short)) == 1 else name
            proposals.append(Proposal(unique, path, f"{unique}]]"))
    return Completions(sorted(proposals), len(link["target"]), after, are_values=True)


def _list_titles(view: PageView, target: str) -> list[str]:
    if not target:
        return [section.title for section in view.runbook.sections]
    here = view.find_workspace()
    pages = here[0].resolve_wikilink(target, here[1].rpartition("/")[0]) if here else None
    if here is None or not pages:
        return []
    path = here[0].base / pages[0]
    try:
        data = path.read_bytes() if path.stat().st_size <= _MOST else b""
    except OSError:
        return []
    return [section.title for section in parse_runbook(data, str(path)).sections]


def complete_anchor(view: PageView, line: LineBefore) -> Completions | None:
    """Complete the anchor of a link to the page itself."""
    anchor = _ANCHOR.search(line.before)
    if anchor is None:
        return None
    proposals = [Proposal(section.anchor, section.title) for section in view.runbook.sections]
    return Completions(proposals, len(anchor["anchor"]), are_values=True)


def complete_placeholder(view: PageView, line: LineBefore) -> Completions | None:
    """Complete the name of a placeholder after `<`."""
    opened = _PLACEHOLDER.search(line.before)
    if opened is None or line.before.endswith(" "):
        return None
    written = opened["name"]
    names = {name: text for name, text in list_names(view.runbook).items() if text != written}
    for name in view.runbook.settings.inputs:
        names.setdefault(name, name)
    rest = _REST_OF_NAME.match(line.after)
    after = rest.end() if rest else 0
    proposals = [Proposal(text, text=f"{text}>") for text in names.values()]
    return Completions(proposals, len(written), after, are_values=True)
