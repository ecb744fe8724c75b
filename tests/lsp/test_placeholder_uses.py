"""Where a page names a placeholder, in every spelling, and how a new name is written there."""

from __future__ import annotations

import time

import pytest

from runbook_exec.document.parser import parse_runbook
from runbook_exec.lsp.features.rename import write_name
from runbook_exec.lsp.placeholder_uses import find_use_at, find_uses


def rename(page: str, needle: str, name: str) -> str:
    """Return the page with the placeholder renamed that holds the needle."""
    runbook = parse_runbook(page.encode(), "page.md")
    use = find_use_at(runbook, page.index(needle) + 1)
    assert use is not None
    for each in reversed(find_uses(runbook)):
        if each.name == use.name:
            page = page[: each.start] + write_name(each, name) + page[each.end :]
    return page


CASES = [
    # spellings that compare as equal
    ("## Steps\n\n```bash\na <New_ID> <new id>\n```\n", "## Steps\n\n```bash\na <x> <x>\n```\n"),
    # a value that nobody filled in, without brackets
    (
        "## Steps\n\n```bash\na --id YOUR_ID\n```\n\n<YOUR_ID>\n",
        "## Steps\n\n```bash\na --id <x>\n```\n\n<x>\n",
    ),
    # an optional argument keeps its brackets
    ("## Steps\n\n```bash\na [<new-id>]\n```\n", "## Steps\n\n```bash\na [<x>]\n```\n"),
    # a title, a table, code in prose
    ("# On <new-id>\n\n`<new-id>`\n\n## Steps\n\n```bash\na <new-id>\n```\n", None),
    # a block that does not run, and output
    (
        "## Steps\n\n```bash\na <new-id>\n```\n\n```text\n<new-id>\n```\n\n> ```bash\n> b <new-id>\n> ```\n",
        None,
    ),
    # captures in comments, braces and JSON
    ('## Steps\n\n<!-- runbook: capture="new-id" -->\n```bash\na <new-id>\n```\n', None),
    ("## Steps\n\n<!-- runbook: capture=new-id=/id=(.*)/ secret -->\n```bash\na <new-id>\n```\n", None),
    ("## Steps\n\n```bash {capture=new-id}\na <new-id>\n```\n", None),
    ('## Steps\n\n```bash {"capture": "new-id"}\na <new-id>\n```\n', None),
    (
        "## Steps\n\n<!-- runbook: secret -->\n<!-- runbook: capture=new-id -->\n```bash\na <new-id>\n```\n",
        None,
    ),
    ("## Steps\n\n<!-- runbook: capture=new-id -->\n### 1. One\n\n```bash\na <new-id>\n```\n", None),
    # front matter with quotes, comments and templates; words in strings stay
    (
        "---\nrunbook:\n  inputs:\n    'new-id': # <new-id>\n      help: a\n    b:\n"
        "      default: \"{{ new_id }} {{ 'new_id' }}\"\n---\n\n## Steps\n\n```bash\na <new-id> <b>\n```\n",
        "---\nrunbook:\n  inputs:\n    'x': # <x>\n      help: a\n    b:\n"
        "      default: \"{{ x }} {{ 'new_id' }}\"\n---\n\n## Steps\n\n```bash\na <x> <b>\n```\n",
    ),
    (
        "---\nrunbook:\n  captures:\n    new-id: '1'\n---\n"
        "\n## Steps\n\n### 1. A\n\n```bash\na <new-id>\n```\n",
        None,
    ),
    # a condition
    (
        "## Steps\n\n<!-- runbook: when=\"new_id == 'new_id'\" -->\n```bash\na <new-id>\n```\n",
        "## Steps\n\n<!-- runbook: when=\"x == 'new_id'\" -->\n```bash\na <x>\n```\n",
    ),
    # tabs, wide characters, other line ends
    ("## 😀 Steps\r\n\r\n1. é\r\n\r\n\t```bash\r\n\t😀 <new-id>\r\n\t```\r\n", None),
]


@pytest.mark.parametrize(("page", "expected"), CASES)
def test_every_place_is_renamed(page: str, expected: str | None) -> None:
    """Each place that means the placeholder has the new name, and nothing else has changed."""
    needle = next(each for each in ("<new-id", "<New_ID", "YOUR_ID") if each in page)
    assert rename(page, needle, "x") == (page.replace("new-id", "x") if expected is None else expected)


def test_other_text_in_angle_brackets_stays() -> None:
    """A tag that is closed, a name listed as literal and a key of another program are no placeholders."""
    page = "---\nb: 1\nrunbook:\n  literal: [c]\n---\n\n<b>x</b> <c>\n\n## Steps\n\n```bash\na <b> <d>\n```\n"
    assert rename(page, "<d>", "x") == page.replace("<d>", "<x>")
    assert "<b>x</b>" in rename(page, "<b> <d>", "y")


def test_a_new_name_is_quoted_where_it_must_be() -> None:
    """A name with blanks or a colon is in quotes in annotations and keys."""
    page = "---\nrunbook:\n  inputs:\n    id:\n---\n\n## Steps\n\n```bash {capture=id}\na <id>\n```\n"
    renamed = rename(page, "<id>", "the id: it")
    assert '    "the id: it":\n' in renamed
    assert '{capture="the id: it"}' in renamed
    assert parse_runbook(renamed.encode(), "page.md").problems == ()


@pytest.mark.parametrize("odd", ["<new-id", "{{", 'when="', "capture=", "</a>", "<!-- runbook:", "[", " :"])
def test_a_hostile_page_takes_little_time(odd: str) -> None:
    """The time to find the places grows no faster than the page."""
    head = "---\nrunbook:\n  inputs:\n    new-id:\n---\n\n## Steps\n\n```bash\na <new-id>\n```\n\n"

    def cost(count: int) -> float:
        runbook = parse_runbook((head + odd * count).encode(), "page.md")
        started = time.process_time()
        find_uses(runbook)
        return time.process_time() - started

    assert cost(40_000) < 20 * max(cost(5_000), 0.005)
