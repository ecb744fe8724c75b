"""No page makes the linter fail or hang. `tests/support/fuzz_lint.py` tries more pages, and larger ones."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.support.fuzz_lint import lint_pages, long_lines, pages


@pytest.mark.parametrize("seed", range(4))
def test_any_page_can_be_looked_at(seed: int) -> None:
    """Pages that are cut off, spliced, nested and of wrong bytes are looked at by every rule."""
    contents = {f"{number}.md": page for number, page in enumerate(islice(pages(seed), 500))}
    report = lint_pages(contents, "P101", "P102")
    assert len(report.pages) == len(contents)


def test_any_block_can_be_given_to_its_shell() -> None:
    """The same, with the blocks given to their shells."""
    contents = {f"{number}.md": page for number, page in enumerate(islice(pages(99), 100))}
    assert len(lint_pages(contents).pages) == len(contents)


@pytest.mark.parametrize("name", long_lines(1))
def test_a_long_line_takes_no_longer_than_its_length(name: str) -> None:
    """What is looked at more than once for each character would take minutes here."""
    assert len(lint_pages({"long.md": long_lines(100_000)[name]}).pages) == 1
