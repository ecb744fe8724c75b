"""No page makes the linter fail or hang.

`tests/support/fuzz_lint.py` tries more and larger pages.
"""

from __future__ import annotations

from itertools import islice

import pytest

from tests.support.fuzz_lint import lint_pages, long_lines, pages


@pytest.mark.parametrize("seed", range(4))
def test_any_page_can_be_checked(seed: int) -> None:
    """Every rule checks pages that are cut off, spliced, nested or have wrong bytes."""
    contents = {f"{number}.md": page for number, page in enumerate(islice(pages(seed), 500))}
    report = lint_pages(contents, "P101", "P102")
    assert len(report.pages) == len(contents)


def test_any_block_can_be_checked_by_its_shell() -> None:
    """The shells check the blocks of such pages."""
    contents = {f"{number}.md": page for number, page in enumerate(islice(pages(99), 100))}
    assert len(lint_pages(contents).pages) == len(contents)


@pytest.mark.parametrize("name", long_lines(1))
def test_time_is_linear_in_the_length_of_a_line(name: str) -> None:
    """A rule that is quadratic in the length of a line would take minutes here."""
    assert len(lint_pages({"long.md": long_lines(100_000)[name]}).pages) == 1
