"""Any page is read: each fence has its exact place, and what is hidden or in a tab is known by it."""

# ruff: noqa: E501 - the lines are a list of words

from __future__ import annotations

import random

import pytest

from runbook_exec.document.flow.regions import read_flow
from runbook_exec.document.markdown.elements import Fence
from runbook_exec.document.parser import parse_runbook
from runbook_exec.text.source import parse_source

LINES = [
    "```bash", "```", "~~~", "````{tab-item} A", "````", "```{note}", "echo a", "# or:", "text", "", "", "", "    x",
    '=== "A"', '===! "B"', "!!! note", "??? tip", "<Tabs>", '<TabItem value="a">', "</TabItem>", "</Tabs>", "<details>",
    "<summary>x</summary>", "</details>", "::: tabs", ":::tip", ":::", "== A", "@tab B", "{% tabs %}", '{% tab "a" %}',
    "{% endtab %}", "{% endtabs %}", '{{< tab "a" >}}', "{{< /tab >}}", "# [A](#tab/a)", "---", "%%", "%% x %%", "{/*",
    "*/}", "{% comment %}", "{% endcomment %}", "{#", "#}", "<!--", "-->", "# H", "## macOS", "## Linux", "1. one",
    "- two", "> quote", "/// tab | A", "///", "<div hidden>", "</div>", "or", "\t```bash", "Or with x:",
]  # fmt: skip

INDENTS = ["", "", "", "", "  ", "    ", "        ", "> ", "- ", "1. ", "\t"]


def document(seed: int) -> str:
    """Return lines of all kinds, indented in all ways, which often stays the same for a few lines."""
    chance = random.Random(seed)  # noqa: S311
    indent = ""
    lines = []
    for _ in range(chance.randint(1, 24)):
        if chance.random() < 0.3:
            indent = chance.choice(INDENTS)
        lines.append(indent + chance.choice(LINES))
    end = chance.choice(["\n", "\n", "\r\n"])
    return end.join(lines) + end


@pytest.mark.parametrize("part", range(4))
def test_any_page_is_read(part: int) -> None:
    """In 6,000 pages each line of a fence's code is the end of the line that it comes from."""
    fences = 0
    for seed in range(part * 1500, part * 1500 + 1500):
        text = document(seed)
        page = parse_source(text)
        flow = read_flow(page, 0)
        parse_runbook(text.encode(), "page.md")
        for element in flow.elements:
            if not isinstance(element, Fence):
                continue
            fences += 1
            for number, line in enumerate(element.code.text.split("\n") if element.code.origins else ()):
                assert page.lines[element.span.line + number].endswith(line.lstrip()), seed
        assert all(isinstance(flow.elements[index], Fence) for index in (*flow.reasons, *flow.tabs)), seed
    assert fences > 1000
