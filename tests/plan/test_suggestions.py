"""Values that earlier output offers for a placeholder."""

from __future__ import annotations

import pytest

from runbook_exec.plan.suggestions import suggest_values


def offered(output: str) -> list[str]:
    """Return the values that an output offers for `<server-id>`."""
    return [each.value for each in suggest_values("server-id", None, [("step 1", output)])]


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1bP{}\x1b\\",
        "\x1b_{}\x1b\\",
        "\x1b^{}\x1b\\",
        "\x1bX{}\x1b\\",
        "\x1b]52;c;{}\x07",
        "\x90{}\x9c",
        "\x9f{}\x9c",
        "\x9e{}\x9c",
        "\x98{}\x9c",
        "\x9d{}\x9c",
        "\x1bP{}",
    ],
)
def test_the_inside_of_a_control_string_is_not_offered(sequence: str) -> None:
    """A terminal does not show it, and a person could not have seen such a value."""
    assert offered("server-0001\n" + sequence.format("hidden-0002")) == ["server-0001"]
    assert offered(sequence.format("hidden-0002")) == []


def test_coloured_values_are_offered() -> None:
    """Colours, of 7 or of 8 bits, are not part of a value."""
    assert offered("\x1b[32mserver-0001\x1b[0m\n\x9b32mserver-0002\x9b0m\n") == ["server-0001", "server-0002"]


def test_a_table_gives_its_headings_with_its_values() -> None:
    """The heading of the value, and those of the cells beside it, at their columns."""
    table = "ID │ NAME │ GONE AT\na-0001 │ web-1 │ \na-0002 │ web-22 │ 2026-11-30 10:00\n"
    offers = suggest_values("server-id", None, [("step 1", table)])
    assert [(each.value, each.beside) for each in offers] == [
        ("a-0001", "web-1"),
        ("a-0002", "web-22  gone 2026-11-30"),
    ]
    assert {each.headings for each in offers} == {("ID", "NAME    GONE AT")}
    assert suggest_values("server-id", None, [("step 1", "server-0001\n")])[0].headings == ("", "")


RULED = (
    "ID        Time                 Size\n---------------------------------------\n"
    "3a1b2c3d  2026-11-29 03:00:01  12.345 GiB\n9f8e7d6c  2026-11-30 03:00:02  12.401 GiB\n"
    "---------------------------------------\n2 snapshots\n",
    "  id  |  name\n------+--------\n 3a1b2c3d | orders\n 9f8e7d6c | users\n(2 rows)\n",
    "+----------+--------+\n| id       | name   |\n+----------+--------+\n| 3a1b2c3d | orders |\n"
    "| 9f8e7d6c | users  |\n+----------+--------+\n",
    "┌──────────┬────────┐\n│ Id       │ Name   │\n├──────────┼────────┤\n│ 3a1b2c3d │ orders │\n"
    "│ 9f8e7d6c │ users  │\n└──────────┴────────┘\n",
)


@pytest.mark.parametrize("table", RULED)
def test_headings_above_a_rule_are_not_offered(table: str) -> None:
    """They name the columns, in whatever case; the column of the placeholder is offered."""
    assert offered(table) == ["3a1b2c3d", "9f8e7d6c"]
