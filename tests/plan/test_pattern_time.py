"""Regular expressions of a page that would search for years."""

from __future__ import annotations

import pytest

from runbook_exec.document.model import Input
from runbook_exec.plan.captures import capture_value
from runbook_exec.plan.suggestions import suggest_values
from runbook_exec.plan.values import check_value
from runbook_exec.text.regex import PatternTimeout

SLOW = [
    ("(a+)+b?c?[de]", "a" * 60),
    ("(?:a|aa)+$", "a" * 90 + "b"),
    ("(?:a*[bc]|a)*[de]", "a" * 1_000_000),
    ("(?=(a+)+[bc])", "a" * 60),
    (r"(.*)\1\1\1[xy]", "a" * 200_000),
    ("(?:(?:(?:a{1,999}){1,999}){1,999})[xy]", "a" * 10_000),
]


@pytest.mark.parametrize(("pattern", "text"), SLOW)
def test_a_capture_that_backtracks_for_years_is_ended(pattern: str, text: str) -> None:
    """Each pattern is refused after its time, and the next one works."""
    with pytest.raises(PatternTimeout, match="needs more than 1 s"):
        capture_value(text, pattern)
    assert capture_value("id: 7\n", r"id: (\d+)") == "7"


def test_a_value_that_cannot_be_checked_in_time_is_refused() -> None:
    """The message names the pattern, and what to change."""
    message = check_value(Input("x", pattern="(?:a|aa)+[bc]"), "a" * 90)
    assert message == (
        "cannot check it against `(?:a|aa)+[bc]`: the regular expression needs more than 1 s for this text; "
        "write a simpler `pattern`"
    )


def test_all_words_of_the_output_share_one_limit() -> None:
    """Ten thousand words that each take long are not offered, and the question appears."""
    known = Input("x", pattern="(?:a|aa)+[bc]")
    words = "\n".join(f"{'a' * 60}-{n}" for n in range(10_000))
    assert suggest_values("x", known, [("step 1", words)]) == ()


@pytest.mark.parametrize(
    ("pattern", "text", "value"),
    [
        (r"(?<=id: )\w+", "id: abc", "abc"),
        (r"(\w)\1(\w+)", "aab", "a"),
        (r"(?P<x>\d+)(?=ms)", "12ms", "12"),
        (r"^b$", "a\nb\n", "b"),
        (r"(?i)TOKEN=(\S+)", "token=x", "x"),
        (r"a++b", "aab", "aab"),
    ],
)
def test_patterns_mean_what_they_meant(pattern: str, text: str, value: str) -> None:
    """Lookarounds, back references, flags and possessive groups are those of Python."""
    assert capture_value(text, pattern) == value
