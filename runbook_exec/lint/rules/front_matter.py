"""D510, D511 and D515: the keys of a page's front matter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from ...diagnostics.finding import Finding
from ...diagnostics.rule import RuleInfo
from ...document.front_matter.dates import DATE
from ...document.front_matter.keys import FrontMatterKey, find_keys, normalise_key
from ...text.lazy_pattern import LazyPattern
from ...text.source import make_span
from ...text.span import Span
from ..facts.site_kind import needs_lists
from ..facts.workspace_finder import find_workspace
from ..rule import Example, Page, Rule

_TEMPLATE = LazyPattern(r"\{\{|<%|\$\{|\A<.*>\Z", re.DOTALL)

_DATE = "a date such as `2026-04-30`"

_KINDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("text", lambda value: isinstance(value, str)),
    "date": (_DATE, lambda value: _is_date(value)),
    "list": ("a list", lambda value: isinstance(value, list)),
    "number": ("a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    "true-or-false": ("`true` or `false`", lambda value: isinstance(value, bool)),
    "any": ("anything", lambda _: True),
}

_LAST_REVIEWED = ("lastreviewed", "lastreview", "lastreviewedon")

_CHANGED = ("modified", "created", "updated", "lastmod")


def missing_key(page: Page) -> Iterator[Finding]:
    """Report keys that the settings require, but that the front matter does not have."""
    required = page.options.get("required-front-matter") or {}
    matter = page.runbook.front_matter
    if not required or (not matter and _is_refused(page)):
        return
    for key in required:
        if matter.get(key) is None:
            at = find_keys(page.runbook.text).get(key)
            yield Finding(
                f"`{key}` has no value" if at else f"expected `{key}` in the front matter",
                at.key if at else make_span(page.runbook.text, 0, min(3, len(page.runbook.text))),
                "write one after it"
                if at
                else f"add a line `{key}: …` between two lines of `---` at the top",
            )


def no_default_procedure(page: Page) -> Iterator[Finding]:
    """Report a page with several procedures of which none runs unless it is named."""
    runbook = page.runbook
    procedures = runbook.procedures
    if runbook.chosen is None and len(procedures) > 1 and not _is_refused(page):
        usual = f"runbook: {{procedure: {procedures[0].anchor}}}"
        yield Finding(
            f"the page has {len(procedures)} procedures, and none of them runs unless it is named",
            procedures[0].steps[0].span,
            f"write `{usual}` in the front matter if that is the usual one",
        )


def _is_refused(page: Page) -> bool:
    return any(problem.code == "front-matter" for problem in page.runbook.problems)


def wrong_type(page: Page) -> Iterator[Finding]:
    """Report values of another type than programs expect for a key."""
    required = page.options.get("required-front-matter") or {}
    found: list[tuple[str, str, int | None]] = []  # a key, the expected type, and the index of a list item
    for key, value in page.runbook.front_matter.items():
        if value is None or _is_template(value):
            continue
        if key in required:
            what, is_right = _KINDS[required[key]]
            if not is_right(value):
                found.append((key, what, None))
        else:
            found += ((key, what, item) for what, item in _well_known(page, key, value))
    places = find_keys(page.runbook.text) if found else {}
    for key, what, item in found:
        at = places.get(key)
        if at is not None and (item is None or item < len(at.items)):
            value = page.runbook.front_matter[key]
            span = at.value if item is None else at.items[item]
            yield _make_finding(page, key, what, value if item is None else value[item], span)


def _make_finding(page: Page, key: str, what: str, value: object, span: Span) -> Finding:
    written = page.runbook.text[span.start : span.end]
    if isinstance(value, list | dict):
        got, hint = "a list" if isinstance(value, list) else "a mapping", ""
    elif isinstance(value, str):
        got, hint = f"the text `{written}`", f"write `{key}: [{written}]`" if "list" in what else ""
    else:
        kind = _kind(value)
        got = f"`{written}`, which YAML reads as {kind}"
        hint = f'put it in quotes: `"{written}"`' if "text" in what else ""
    return Finding(f"`{key}`: expected {what}, got {got}", span, hint or f"write {what} there")


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return "a date" if isinstance(value, date) else "a number"


def _well_known(page: Page, key: str, value: Any) -> Iterator[tuple[str, int | None]]:
    """Yield the expected type of a key that many programs read, if the value has another."""
    name = normalise_key(key)
    if name in ("tags", "aliases"):
        if isinstance(value, list):
            for index, item in enumerate(value):
                number = isinstance(item, int | float | date) and not isinstance(item, bool)
                if item is None or isinstance(item, str) or (number and not _needs_list(page)):
                    continue
                yield "a list of texts", index
        elif not isinstance(value, str) or (name == "tags" and _needs_list(page)):
            yield "a list of texts", None
    elif name == "title":
        if not isinstance(value, str | date) and not _is_number_as_written(page, key, value):
            yield "text", None
    elif name in _LAST_REVIEWED:
        if not _is_date(value):
            yield _DATE, None
    elif name in _CHANGED and isinstance(value, bool | list):
        yield _DATE, None


def _needs_list(page: Page) -> bool:
    """Return whether the site's program does not read text with commas as a list."""
    here = find_workspace(page)
    return here is not None and bool(here[0].ask(needs_lists))


def _is_number_as_written(page: Page, key: str, value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    at: FrontMatterKey | None = find_keys(page.runbook.text).get(key) if number else None
    return at is not None and at.written == str(value)


def _is_date(value: object) -> bool:
    """Return whether a value is a date, or text in the form of one.

    D520 checks whether the day exists.
    """
    return isinstance(value, date | datetime) or (
        isinstance(value, str) and DATE.fullmatch(value.strip()) is not None
    )


def _is_template(value: object) -> bool:
    return isinstance(value, str) and _TEMPLATE.search(value) is not None


_OWNER = {"required-front-matter": {"owner": "text", "last-reviewed": "date"}}

_TWO = "# A\n\n## Deploy\n\n```bash\necho a\n```\n\n## Check\n\n```bash\necho b\n```\n"


RULES = (
    Rule(
        RuleInfo(
            "D510",
            "missing-front-matter-key",
            does="Reports a page without a key that your settings require: `required-front-matter = { "
            'owner = "text", last-reviewed = "date" }`. The types are `text`, `date`, `list`, '
            "`number`, `true-or-false` and `any`. Without the setting nothing is required.",
            why="What every page has to state, such as its owner, is missing exactly on the page where "
            "you need it.",
        ),
        missing_key,
        bad=(
            Example("---\nlast-reviewed: 2026-04-30\n---\n\n# A\n", at=(1, 1), options=_OWNER),
            Example("---\nowner:\nlast-reviewed: 2026-04-30\n---\n", at=(2, 1), options=_OWNER),
            Example("# A\n", at=(1, 1), options={"required-front-matter": {"owner": "any"}}),
        ),
        good=(
            Example("---\nowner: me\nlast-reviewed: 2026-04-30\n---\n", options=_OWNER),
            Example("# A\n"),
            Example("---\nowner: [\n---\n", options=_OWNER),
        ),
    ),
    Rule(
        RuleInfo(
            "D511",
            "wrong-front-matter-type",
            does="Reports values of the front matter that YAML reads as another type: `tags`, `aliases`, "
            "`title`, dates, and the keys of `required-front-matter`. Text in place of a list of "
            "tags is reported for MkDocs and Obsidian, which do not split it.",
            why="YAML reads `no` as false, `1.10` as a number and `2026-04-30` as a date. A site then "
            "leaves out the tag, shows another title, or stops.",
        ),
        wrong_type,
        bad=(
            Example("---\ntags:\n  - how-to\n  - no\n---\n", at=(4, 5)),
            Example("---\ntitle: 1.10\n---\n", at=(2, 8)),
            Example("---\ntags: how-to, fly\n---\n", at=(2, 7)),
            Example("---\nlast-reviewed: last spring\n---\n", at=(2, 16)),
            Example("---\nowner: [me]\nlast-reviewed: 2026-04-30\n---\n", at=(2, 8), options=_OWNER),
        ),
        good=(
            Example('---\ntags:\n  - how-to\n  - "no"\n---\n'),
            Example('---\ntags: [how-to, "no", 2026-a]\naliases: other\ntitle: 0.94\n---\n'),
            Example("---\nlast-reviewed: 2026-04-30T10:00:00\nmodified: April 30, 2026\ntitle:\n---\n"),
            Example('---\nlast-reviewed: "{{date}}"\nreviewed: true\ntitle: "1.10"\n---\n'),
            Example("---\nowner: me\nlast-reviewed: '2026-04-30'\n---\n", options=_OWNER),
        ),
    ),
    Rule(
        RuleInfo(
            "D515",
            "no-default-procedure",
            default=False,
            does="Reports a page with several procedures of which none runs by default.",
            why="`runbook-exec page.md` asks which one, and without a terminal it exits with 2. Select this "
            "rule if your runbooks run unattended, and name the usual procedure in the front matter.",
        ),
        no_default_procedure,
        bad=(
            Example(_TWO, at=(3, 1)),
            Example("---\ntitle: A\n---\n\n" + _TWO, at=(7, 1)),
        ),
        good=(
            Example("---\nrunbook:\n  procedure: deploy\n---\n\n" + _TWO),
            Example("## Steps\n\n### Deploy\n\n```bash\necho a\n```\n"),
        ),
    ),
)
