"""The options of a run as words: how a journal stores them and a resumed run reads them."""

from __future__ import annotations

import pytest

from runbook_exec.document.assignments import Capture
from runbook_exec.errors import Refused
from runbook_exec.runner.given_values import read_given
from runbook_exec.runner.options import RunOptions, parse_captures, parse_timeout

ALL = (
    *(
        "--inputs",
        "more.yaml",
        "--from",
        "2",
        "--only",
        "3",
        "--shell",
        "sh",
        "--cwd",
        "-odd",
        "--timeout",
        "5m",
    ),
    *(
        "--capture",
        "New Token=2:a=(b)",
        "--capture",
        "id=1",
        "--done",
        "4",
        "--done",
        "5",
        "--confirmed",
        "6",
    ),
    *("--no-config", "--no-keep-secrets"),
)


def test_stored_words_are_read_back_unchanged() -> None:
    """Each option comes back with its own text, in the same order."""
    options = RunOptions.from_words(ALL)
    assert options.to_words() == ALL
    assert options.timeout is not None
    assert options.timeout.seconds == 300
    assert [each.capture for each in options.captures] == [
        Capture("new-token", "2", "a=(b)"),
        Capture("id", "1"),
    ]
    assert (options.cwd, options.done, options.keep_secrets) == ("-odd", ("4", "5"), False)


def test_a_run_without_options_stores_no_words() -> None:
    """Options for questions and for values are not stored either."""
    assert RunOptions.from_words(()) == RunOptions()
    given = RunOptions(given={"x": "1"}, yes=True, trust=True, json=True, record=True, keep_output=0)
    assert given.to_words() == ()


@pytest.mark.parametrize("words", [("--new-option", "1"), ("--from",), ("1",)])
def test_unknown_words_are_refused(words: tuple[str, ...]) -> None:
    """A journal of another version, or a damaged one, is not resumed with a part of its options."""
    with pytest.raises(Refused, match="does not know"):
        RunOptions.from_words(words)


def test_the_text_of_options_contains_no_value() -> None:
    """A traceback that shows the options shows no secret."""
    assert "kestrel" not in repr(RunOptions(given={"token": "kestrel"}))


def test_messages_name_the_option() -> None:
    """An option that cannot be parsed is refused by its name."""
    with pytest.raises(Refused, match=r"^`--set`: expected NAME=VALUE, got no `=`$"):
        read_given(["x"], [])
    with pytest.raises(Refused, match=r"^`--capture`: expected NAME=STEP"):
        parse_captures(["x"])
    with pytest.raises(Refused, match=r"^`--timeout`: "):
        parse_timeout("soon")
