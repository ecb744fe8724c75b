"""D501–D504 and D508: where the links of a page lead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import lru_cache, partial
from urllib.parse import unquote

from ...diagnostics.finding import Finding, Fix
from ...diagnostics.problem import Severity
from ...diagnostics.rule import RuleInfo
from ...document.anchors import Headings, find_headings
from ...document.links import Link, find_links, find_page_links, has_links
from ...document.model import Wikilink
from ...document.page_names import fold_name, strip_page_suffix
from ...text.source import make_span
from ...text.span import Span
from ..facts.workspace import Workspace, find_workspace, link_candidates
from ..rule import Example, Page, Rule

# what is no place of a file: another scheme, a root of its own, a template, several files, a mail address
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.*|[/\\~#?].*|.*[{}<>$*|:@\\\x00].*|[.…]*", re.DOTALL)

_RANGE = re.compile(r",\d|:#")  # of an embedded text: `![[page#one,1:#two]]`

_BARE = re.compile(r"[^/.]*")  # a label of a site's own, or what code looks like: `handlers[i](event)`

_HOST = re.compile(r"(?:[\w-]+\.)+(?:com|org|net|io|dev|app|so|ai|info|edu|gov|de|fr|uk)(?:/.*)?", re.DOTALL)


def broken_wikilink(page: Page) -> Iterator[Finding]:
    """Wikilinks to pages and attachments that are not there."""
    here = find_workspace(page) if page.runbook.wikilinks else None
    if here is None or here[0].ask(Workspace.makes_pages):
        return
    site, source = here
    for link in find_page_links(page.runbook):
        target = link.target
        if not target or _is_known_link(page, target) or target.lower().startswith(("tags/", "tag/")):
            continue
        if link.label and site.ask(Workspace.allows_label_first):
            continue
        if (
            _resolve_wikilink(site, target, source) is None
            and _resolve_wikilink(site, unquote(target), source) is None
        ):
            near = _suggest_page(site, target)
            embedded = page.runbook.text.startswith("!", link.span.start - 1) and link.span.start > 0
            yield Finding(
                f"there is no {'file' if embedded else 'page'} `{target}`",
                link.span,
                f"did you mean `[[{near}]]`?" if near else "correct the name, or write it without brackets",
            )


def _resolve_wikilink(site: Workspace, target: str, source: str) -> list[str] | None:
    """The pages that a wikilink on the page `source` may mean; None where there is nothing of that name."""
    found: list[str] | None = site.ask(Workspace.resolve_wikilink, target, source.rpartition("/")[0])
    return found


def _has_unknown_link_rules(site: Workspace, source: str) -> bool:
    return bool(site.ask(Workspace.has_unknown_link_rules, source.rpartition("/")[0]))


def ambiguous_wikilink(page: Page) -> Iterator[Finding]:
    """Wikilinks that several pages could be meant by."""
    here = find_workspace(page) if page.runbook.wikilinks else None
    if here is None:
        return
    site, source = here
    for link in find_page_links(page.runbook):
        found = (_resolve_wikilink(site, link.target, source) if link.target else None) or ()
        if len(found) > 1:
            listed = ", ".join(f"`{path}`" for path in sorted(found)[:3])
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            yield Finding(
                f"`{link.target}` is the name of {len(found)} pages: {listed}{more}",
                link.span,
                f"name its folder: `[[{strip_page_suffix(sorted(found)[0])}]]`",
            )


def broken_anchor(page: Page) -> Iterator[Finding]:
    """Links to headings that their page does not have."""
    text = page.runbook.text
    if "#" not in text or not (page.runbook.wikilinks or has_links(text)):
        return
    site, source = find_workspace(page) or (None, "")
    for link in find_page_links(page.runbook):
        if (
            link.heading
            and not _RANGE.search(link.heading)
            and (there := _headings_of(page, site, source, link))
        ):
            path, known = there
            if not known.has_heading(link.heading):
                start = text.index("#", link.span.start)
                yield _no_heading(site, path, known, link.heading, make_span(text, start, link.span.end - 2))
    targets: dict[str, str | None] = {"": ""}
    for place in find_links(page.runbook):
        destination, _, anchor = place.destination.partition("#")
        if not anchor:
            continue
        if destination not in targets:
            asked = partial(site.ask, Workspace.exists) if site else None
            targets[destination] = page_at(source, destination, asked) if asked else None
        target = targets[destination]
        if target is None:
            continue
        known = site.headings(target) if site and target else find_headings(text)
        if not known.has_anchor(anchor) and not (
            site and _has_unknown_link_rules(site, source) and known.has_anchor(anchor, loose=True)
        ):
            start = text.find("#", place.start, place.end)
            span = make_span(text, max(start, place.start), place.end)
            yield _no_heading(site, target, known, unquote(anchor), span)


def _headings_of(
    page: Page, site: Workspace | None, source: str, link: Wikilink
) -> tuple[str, Headings] | None:
    """The page that a wikilink means and its headings; None where it means none or more than one."""
    if not link.target:
        return "", find_headings(page.runbook.text)
    found = (_resolve_wikilink(site, link.target, source) if site else None) or ()
    return (found[0], site.headings(found[0])) if site and len(found) == 1 else None


def _no_heading(site: Workspace | None, path: str, known: Headings, wanted: str, span: Span) -> Finding:
    near = difflib.get_close_matches(wanted, known.titles, 1) if site is None or _may_suggest(site) else []
    return Finding(
        f"{f'`{path}`' if path else 'this page'} has no heading `{wanted}`",
        span,
        f"did you mean the heading `{near[0]}`?" if near else "name a heading as it is now",
    )


def broken_link(page: Page) -> Iterator[Finding]:
    """Relative links and images that lead to no file."""
    here = find_workspace(page) if has_links(page.runbook.text) else None
    if here is None or here[0].ask(Workspace.makes_pages):
        return
    site, source = here
    missing: list[tuple[Link, str, list[str]]] = []
    for link in find_links(page.runbook):
        path = _path(link.destination)
        if path is None or _is_known_link(page, path):
            continue
        if strip_page_suffix(path) == path and (
            _BARE.fullmatch(path) or _has_unknown_link_rules(site, source)
        ):
            continue
        places = list(link_candidates(path, source))
        if places[0].startswith("..") or any(site.ask(Workspace.exists, place) for place in places):
            continue
        if _is_found_by_name(page, site, path, source):
            continue
        missing.append((link, path, places))
    ignored = site.ask(Workspace.find_ignored, *(places[0] for _, _, places in missing)) if missing else ()
    for link, path, places in missing:
        if places[0] not in ignored:
            yield Finding(
                f"there is no `{places[0]}`",
                make_span(page.runbook.text, link.start, link.end),
                _hint(site, path, source),
            )


@lru_cache(maxsize=1024)
def _path(destination: str) -> str | None:
    """The path of a relative link without its query and anchor; None for what is no place of a file."""
    path = re.split(r"[?#]", destination, maxsplit=1)[0]
    if _ELSEWHERE.fullmatch(path):
        return None
    path = unquote(path)
    return None if _ELSEWHERE.fullmatch(path) else path


def page_at(source: str, destination: str, there: Callable[[str], bool]) -> str | None:
    """The page that a relative link leads to; None where it leads to none, or to something else."""
    path = _path(destination)
    if path is None:
        return None
    for place in link_candidates(path, source):
        if not place.startswith("..") and there(place):
            return place if strip_page_suffix(place) != place else None
    return None


def _is_found_by_name(page: Page, site: Workspace, path: str, source: str) -> bool:
    """Whether Obsidian finds the file by its name, as it does for links in Markdown's form too."""
    if path.startswith(("./", "../")) or not (site.ask(Workspace.is_vault) or page.runbook.wikilinks):
        return False
    return _resolve_wikilink(site, path, source) is not None


def _hint(site: Workspace, path: str, source: str) -> str:
    if path.lower().startswith("www.") or _HOST.fullmatch(path):
        return "a link to the web begins with `https://`"
    name = path.rstrip("/").rpartition("/")[2]
    same = site.names.pages_for(name)
    if len(same) == 1:
        return f"there is a `{same[0]}`"
    return "correct the path: it is relative to this page"


def _is_known_link(page: Page, target: str) -> bool:
    """Whether the settings say that links to this are right."""
    known = page.options.get("known-links", ())
    return any(fnmatchcase(target.casefold(), str(pattern).casefold()) for pattern in known)


def _may_suggest(site: Workspace) -> bool:
    site.suggestions_left -= 1
    return site.suggestions_left >= 0


def _suggest_page(site: Workspace, target: str) -> str:
    """The name of a page that is much like it; empty where none is."""
    wanted = fold_name(strip_page_suffix(target)).rpartition("/")[2]
    near = difflib.get_close_matches(wanted, site.names.stems(), 1, 0.75) if _may_suggest(site) else []
    return strip_page_suffix(site.names.pages_for(near[0])[0]).rpartition("/")[2] if near else ""


def spaced_wikilink(page: Page) -> Iterator[Finding]:
    """Wikilinks with blanks beside the page's name."""
    text = page.runbook.text
    for link in find_page_links(page.runbook):
        written = text[link.span.start + 2 : link.span.end - 2]
        name = re.split(r"[|#]", written, maxsplit=1)[0].rstrip("\\")
        if link.target and name != link.target:
            start = link.span.start + 2
            yield Finding(
                f"blanks stand beside the name `{link.target}`",
                make_span(text, start, start + len(name)),
                "take them out: not every reader of wikilinks does",
                Fix(start, start + len(name), link.target),
            )


_HOME = {"home.md": "# Home\n\n## Before you start\n"}

_TWICE = {"a/setup.md": "# A\n", "b/setup.md": "# B\n"}

_SECTIONS = "# Page\n\n## Install & run\n\n## 2. Verify\n\n"


RULES = (
    Rule(
        RuleInfo(
            "D501",
            "broken-wikilink",
            "A wikilink to a page that was renamed leads nowhere, and the reader is left alone in the middle "
            "of a procedure. Names are looked up as Obsidian and Quartz do it, below the folder that holds "
            "`.git`, `mkdocs.yml`, `.obsidian` or `quartz.config.ts`; where none does, nothing is said. "
            '`known-links = ["name", "folder/*"]` in the settings names pages that are elsewhere.',
            severity=Severity.ERROR,
        ),
        broken_wikilink,
        bad=(
            Example("See [[hme]].\n", at=(1, 5), files=_HOME),
            Example("- a\n- ![[diagram.png|300]] and [[home|the start]]\n", at=(2, 4), files=_HOME),
            Example("See [[folder/home]].\n", at=(1, 5), files=_HOME),
        ),
        good=(
            Example("See [[Home|start]], [[home.md]], [[home#^abc]] and [[./home]].\n", files=_HOME),
            Example(
                "![[diagram.png|300]] [[old-name]]\n",
                files={"a/diagram.png": "", "b.md": "---\naliases: [Old name]\n---\n"},
            ),
            Example(
                "`[[home2]]`, [[1]](https://example.org), [[:space:]], [[TOC]], \\[[x]] <!-- [[y]] -->\n"
            ),
            Example("See [[elsewhere/page]].\n", options={"known-links": ["elsewhere/*"]}),
        ),
    ),
    Rule(
        RuleInfo(
            "D502",
            "ambiguous-wikilink",
            "Where two pages have one name, each program chooses by its own rule which of them a wikilink "
            "means. Obsidian takes the one below the page's own folder, then the one with the shortest path; "
            "where neither decides, name the folder.",
        ),
        ambiguous_wikilink,
        bad=(
            Example("See [[setup]].\n", at=(1, 5), files=_TWICE),
            Example("See [[Setup#A|how]].\n", at=(1, 5), files={"x/a/setup.md": "", "x/b/setup.md": ""}),
        ),
        good=(
            Example("See [[a/setup]] and [[b/setup]].\n", files=_TWICE),
            Example("See [[setup]].\n", files={**_TWICE, "setup.md": "# Here\n"}),
            Example("See [[setup]].\n", files={"a/setup.md": "", "a/b/setup.md": ""}),
        ),
    ),
    Rule(
        RuleInfo(
            "D503",
            "broken-anchor",
            "A link to a heading that was reworded opens the page at its top, and the reader looks for the "
            "rest. The anchors that MkDocs and GitHub make are both accepted, and `id=` and `{#id}`; a "
            "wikilink may have the heading's own words.",
            severity=Severity.ERROR,
        ),
        broken_anchor,
        bad=(
            Example(_SECTIONS + "See [[#Instal]].\n", at=(7, 7)),
            Example(_SECTIONS + "See [it](#verify).\n", at=(7, 10)),
            Example("See [[home#Start]].\n", at=(1, 11), files=_HOME),
            Example("See [it](home.md#before_you_start).\n", at=(1, 17), files=_HOME),
        ),
        good=(
            Example(
                _SECTIONS + "See [[#Install & run]], [a](#install-run), [b](#install--run), [c](#2-verify).\n"
            ),
            Example(
                "See [[home#before you start]], [[home#^block]], [a](home.md#before-you-start).\n",
                files=_HOME,
            ),
            Example('## A {#own}\n\n<a id="b"></a>\n\n[a](#own) [b](#b) [c](#top) [[nowhere#B]] `[d](#d)`\n'),
            Example("[a](home.md#c)\n", files={"home.md": '# Home\n\n--8<-- "c.md"\n'}),
        ),
    ),
    Rule(
        RuleInfo(
            "D504",
            "broken-link",
            "A link to a file that was moved or renamed is dead in the repository and on the site. Nothing "
            "is said of URLs, of paths that begin with `/` or leave the repository, and of files that git "
            "ignores, since they may be made when the site is built.",
            severity=Severity.ERROR,
        ),
        broken_link,
        bad=(
            Example("See [it](hme.md).\n", at=(1, 10), files=_HOME),
            Example('![a diagram](<img/a b.png> "A")\n', at=(1, 15)),
            Example("See [it][1].\n\n[1]: docs/start.md#a\n", at=(3, 6)),
        ),
        good=(
            Example('[a](home.md) [b](./home.md#x) [c](home.md "Home") [d](home) [e](home/)\n', files=_HOME),
            Example(
                "`[a](b.md)` [b](https://x.org/c.md) [c](/d.md) [d](../e.md) [e](mailto:a@b.c) f[i](x)\n"
            ),
            Example("![a](<a b.png>) ![b](a%20b.png)\n\n[1]: unused.md\n", files={"a b.png": ""}),
            Example("[a]({{ url }}/a.md) <!-- [b](b.md) -->\n\n    [c](c.md)\n"),
        ),
    ),
    Rule(
        RuleInfo(
            "D508",
            "spaced-wikilink",
            "`[[ page ]]` is a link to `page` for some programs, and to nothing for those that take the name "
            "as it is written.",
        ),
        spaced_wikilink,
        bad=(
            Example("See [[ home ]].\n", at=(1, 7), files=_HOME),
            Example("See [[home |the start]].\n", at=(1, 7), files=_HOME),
        ),
        good=(
            Example("See [[home| the start]] and [[home#before you start]].\n", files=_HOME),
            Example("`[[ home ]]` and if [[ -f home ]]\n", files=_HOME),
        ),
    ),
)
