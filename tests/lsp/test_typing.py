"""What typing costs, and that findings stay right while it goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from runbook_exec.lsp.findings import PageChecker
from runbook_exec.lsp.local_check import SectionTooLong, StructureChanged, check_change
from runbook_exec.lsp.pages import OpenPages
from tests.support.editor import UTF16, codes, position_in, start_editor
from tests.support.program import Program

STEP = """\
### {0}. Step {0}

Some prose about `<app>`, with a [link](#procedure).

```bash
echo hello <app> {0}
ls -la /tmp/{0} | grep one
```

Then check the page.

"""


def long_page(lines: int) -> str:
    """Return a page of at least so many lines."""
    count = lines // STEP.count("\n") + 1
    steps = "".join(STEP.format(number) for number in range(1, count + 1))
    return f"---\nrunbook:\n  inputs:\n    app: web\n---\n\n# Long\n\n## Procedure\n\n{steps}"


ITEM = """\
{0}. Do part {0} for `<app>`:

   ```bash
   echo hello <app> {0}
   ls -la /tmp/{0} | grep one
   ```

   Then check the page.

"""


def list_page(lines: int) -> str:
    """Return a page of at least so many lines whose steps are the items of one list."""
    items = "".join(ITEM.format(number) for number in range(1, lines // ITEM.count("\n") + 2))
    return f"---\nrunbook:\n  inputs:\n    app: web\n---\n\n# Long\n\n## Steps\n\n{items}"


@pytest.mark.asyncio
@pytest.mark.parametrize(("make", "pause"), [(long_page, 0.0), (long_page, 0.3), (list_page, 0.3)])
async def test_a_key_on_a_long_page_costs_little(
    program: Program, make: Callable[[int], str], pause: float
) -> None:
    """On 5,000 lines a key takes less than 50 ms of CPU, with and without a pause after each."""
    text = make(5000)
    at = position_in(text, "Then check", text.index("Then check", len(text) // 2) - text.index("Then check"))
    keys = 30
    async with start_editor(program) as editor:
        await editor.open("page.md", text)
        await asyncio.sleep(1)
        before = editor.cpu()
        for number in range(keys):
            place = types.Position(at.line, at.character + number)
            editor.change("page.md", types.Range(place, place), "x")
            if pause:
                await editor.wait_for_findings("page.md")
                await asyncio.sleep(pause)
        await editor.wait_for_findings("page.md") if not pause else None
        assert (editor.cpu() - before) / keys < 0.05


@pytest.mark.asyncio
async def test_a_mistake_on_a_long_page_is_found_at_its_place(program: Program) -> None:
    """The findings after the edited section move with it, and the one in it comes at once."""
    text = long_page(5000)
    end = text.replace("### 9. ", "### 8. ").replace("/tmp/400 |", "/tmp/400 | tee x |")
    async with start_editor(program) as editor:
        first = await editor.open("page.md", end)
        assert "D513" in codes(first)
        at = position_in(end, "echo hello <app> 200", 0)
        started = time.monotonic()
        editor.change("page.md", types.Range(at, at), "if\n")
        found = await editor.wait_for_findings("page.md")
        assert time.monotonic() - started < 30
        syntax = [each for each in found if each.code == "P101"]
        assert [at.line <= each.range.start.line <= at.line + 4 for each in syntax] == [True]
        later = {each.range.start.line for each in first if each.range.start.line > at.line}
        assert {line + 1 for line in later} <= {each.range.start.line for each in found}


TYPED = st.sampled_from(
    ["x", " ", "\n", "`", "<", ">", "<app>", "'", '"', "|", "| tee x", "#", "-", "é😀", "rm -rf /", "if"]
)

DELETED = st.integers(0, 3)

PAGES = [
    page(60).replace("/tmp/2", "/tmp/2 | tee x").replace("art 3", "art 😀\t3")
    for page in (long_page, list_page)
]


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(PAGES),
    st.lists(st.tuples(st.integers(0, 1500), DELETED, TYPED), min_size=1, max_size=3),
    st.booleans(),
)
def test_the_edited_section_has_the_findings_of_the_page(
    text: str, edits: list[tuple[int, int, str]], has_carriage_returns: bool
) -> None:
    """If only the section is checked, the findings of its rules are those of a check of the whole page."""
    text = text.replace("\n", "\r\n") if has_carriage_returns else text
    pages = OpenPages()
    checker = PageChecker(pages, lambda message: None)
    base = checker.check(pages.put("file:///nowhere/page.md", 1, text), with_history=False)
    at = edits[0][0]
    for offset, length, new in edits:
        start = min(at + offset % 40, len(text))
        text = text[:start] + new + text[start + length :]
    page = pages.put("file:///nowhere/page.md", 2, text)
    try:
        found = check_change(checker, base, page)
    except (StructureChanged, SectionTooLong):
        return
    whole = checker.check(page, with_history=False).found
    local = {"P101", "P102", "M303", "M308", "S401", "V208"}

    def listed(findings: object) -> list[tuple[str, int, int]]:
        assert isinstance(findings, tuple)
        return sorted((f.code, f.location.start, f.location.end) for f in findings if f.code in local)

    assert listed(found) == listed(whole)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "encoding", [None, UTF16, types.PositionEncodingKind.Utf8, types.PositionEncodingKind.Utf32]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
async def test_places_are_right(
    program: Program, encoding: types.PositionEncodingKind | None, end: str
) -> None:
    """Findings and edits are right after wide characters and tabs, with each line end and encoding."""
    lines = [
        "# Über 😀",
        "",
        "## Steps",
        "",
        "1. 漢字 😀\there",
        "",
        "\t```bash",
        "\tmake '😀é' | tee x",
        "\t```",
        "",
    ]
    text = end.join(lines)
    async with start_editor(program, [encoding] if encoding else None) as editor:
        (found,) = await editor.open("page.md", text)
        before = "\tmake '😀é' | "
        unit = {None: 2, UTF16: 2, types.PositionEncodingKind.Utf8: 1, types.PositionEncodingKind.Utf32: 4}
        codec = {1: "utf-8", 2: "utf-16-le", 4: "utf-32-le"}[unit[encoding]]
        column = len(before.encode(codec)) // unit[encoding]
        assert found.code == "M303"
        assert (found.range.start, found.range.end) == (
            types.Position(7, column),
            types.Position(7, column + 3),
        )
        # what is typed at that place is where the finding then is
        editor.change("page.md", types.Range(found.range.start, found.range.start), "cat | ")
        (moved,) = await editor.wait_for_findings("page.md")
        assert moved.range.start == types.Position(7, column + 6)
        editor.change("page.md", types.Range(types.Position(4, 0), types.Position(7, column)), "x")
        assert codes(await editor.wait_for_findings("page.md")) != ["M303"]
