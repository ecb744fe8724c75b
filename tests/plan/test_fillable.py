"""Exactly the placeholders where no value can be written are found before anything runs."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from runbook_exec.document.model import Statement
from runbook_exec.document.parser import parse_runbook
from runbook_exec.plan.fillable import find_unwritable

# The value that the linter tries if it does not see at once that a value can be written.
LIKELY = "1" * 17
WORDS = (
    "<x>", "e<x>", "<x>c", "e<x>ec", "n<x>ot", "<x>:", "http://<x>:80/a", "a,<x>", "A<x>=1", "$<x>", "$v<x>",
    "~<x>", "~/<x>", "$v[<x>", "]", "a[<x>]", "\\<x>", "\\ <x>", "(echo <x>)", '"<x>"', "'<x>'",
    '"$(a <x>)"', "{<x>,b}", "<x><x>", "<x>/<x>", "%<x>", "!<x>", "@<x>",
    "and", "or", "not", "if", "for", "in", "end", "command", "=", "#",
)  # fmt: skip
BETWEEN = st.sampled_from(
    (" ", " ", " ", " ", "  ", "\t", "", "\n", "\n    ", " \\\n  ", ";", " | ", " > ", " && ")
)


def statements(script: str) -> tuple[Statement, ...]:
    """Return the statements of a fish block."""
    page = parse_runbook(f"# A\n\n## Steps\n\n```fish\n{script}\n```\n".encode(), "page.md")
    return tuple(statement for block in page.blocks for statement in block.statements)


@given(st.lists(st.tuples(st.sampled_from(WORDS), BETWEEN), min_size=1, max_size=8))
@example([("command", " "), ("e<x>ec", " ")])
@example([("and", " "), ("<x>/<x>", "\n"), ("A<x>=1", " "), ("<x>:", "")])
def test_what_is_seen_at_once_is_what_trying_shows(words: list[tuple[str, str]]) -> None:
    """Every statement in which a value can stand at first sight is one in which it can be written."""
    for statement in statements("".join(word + between for word, between in words)):
        assert list(find_unwritable(statement, "fish")) == list(
            find_unwritable(statement, "fish", {"x": LIKELY})
        )
