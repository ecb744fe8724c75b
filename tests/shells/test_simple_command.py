"""Plain commands, which are read without a parser, and are read as the parsers read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis.strategies import lists, sampled_from

from runbook_exec.shells.registry import SHELLS
from runbook_exec.shells.simple_command import find_plain_words, read_plain_command

WORDS = (
    "ssh", "sudo", "echo", ".", "..", "2", "A=b", "=x", "-x", "--long=5", "/bin/ls", "%1", "@", "a,b", "é",
    "'a b'", '"c d"', "'a'b", 'a"b"c', "''", "[", "test", "export", "-", "--", "{", "!", "#x", "'#'", "~",
    "$x", "*", "a;", "if", "time", "command", "function", "set", "repeat",
)  # fmt: skip


def test_most_commands_are_plain() -> None:
    """Names, paths, options and quoted text are; expansions, operators and reserved words are not."""
    assert find_plain_words("ssh web1 'uptime; date'") == [(0, 3), (4, 8), (9, 23)]
    others = ("", "ls *", "ls; pwd", "echo $x", 'echo "$x"', "time ls", "A=b ls", "ls >x", "a\nb", "echo \\a")
    assert [text for text in others if find_plain_words(text)] == []


@pytest.mark.parametrize("shell", list(SHELLS))
@given(words=lists(sampled_from(WORDS), min_size=1, max_size=5), blank=sampled_from([" ", "  ", "\t"]))
def test_a_plain_command_is_read_as_by_the_parser(shell: str, words: list[str], blank: str) -> None:
    """A blank before it makes a command one that is parsed, and moves its start."""
    text = blank.join(words)
    plain = read_plain_command(text)
    if plain is not None:
        assert SHELLS[shell].find_commands(f" {text}") == (plain._replace(start=1),)
