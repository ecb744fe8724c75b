"""The examples of every rule: bad ones have a finding at its place, good ones have none."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from runbook_exec.lint.explain import format_rules_page
from runbook_exec.lint.linter import lint
from runbook_exec.lint.registry import RULES
from runbook_exec.lint.rule import Example, Rule
from runbook_exec.lint.selection import LintSettings, Selection
from tests.support.paths import REPOSITORY

TODAY = date(2026, 11, 24)


def found(rule: Rule, example: Example, folder: Path) -> list[tuple[int, int]]:
    """The places of the findings of a rule on the example's page."""
    (folder / "mkdocs.yml").touch()
    for name, text in example.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    page = folder / "page.md"
    page.write_text(example.text, encoding="utf-8")
    settings = LintSettings(Selection(select=(rule.info.code,)), example.options)
    report = lint([str(page)], {str(page): settings}, TODAY)
    return [(each.location.line, each.location.column) for each in report.diagnostics]


CASES = [(rule, number) for rule in RULES for number in range(len(rule.bad))]
LOOK_ALIKES = [(rule, number) for rule in RULES for number in range(len(rule.good))]


@pytest.mark.parametrize(("rule", "number"), CASES, ids=lambda value: getattr(value, "code", value))
def test_a_bad_example_has_one_finding(rule: Rule, number: int, tmp_path: Path) -> None:
    """The rule finds its bad example at the stated line and column, and nothing else."""
    example = rule.bad[number]
    assert found(rule, example, tmp_path) == [example.at]


@pytest.mark.parametrize(("rule", "number"), LOOK_ALIKES, ids=lambda value: getattr(value, "code", value))
def test_a_good_example_has_no_finding(rule: Rule, number: int, tmp_path: Path) -> None:
    """The rule finds nothing in a page that only looks like its bad example."""
    assert found(rule, rule.good[number], tmp_path) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.info.code)
def test_a_rule_has_examples(rule: Rule) -> None:
    """Each rule is described, and has two bad and two good examples unless no text can show it."""
    cannot_be_written_as_text = {"P102", "P108", "D521", "C602", "C603"}
    if rule.info.code not in cannot_be_written_as_text:
        assert len(rule.bad) >= 2
        assert len(rule.good) >= 2
    assert rule.info.why.endswith(".")
    assert rule.info.does.endswith(".")


def test_the_page_of_the_rules_is_up_to_date() -> None:
    """`docs/rules.md` is what `python -m runbook_exec.lint.rules_page docs/rules.md` writes."""
    written = REPOSITORY / "docs" / "rules.md"
    assert written.read_text(encoding="utf-8") == format_rules_page(RULES)


def test_a_code_is_used_once() -> None:
    """No two rules share a code or a name, and every code begins with its kind."""
    assert (
        len({rule.info.code for rule in RULES}) == len({rule.info.name for rule in RULES}) == len(RULES) >= 30
    )
    assert all(rule.info.code[0] in "CDMPSV" and rule.info.code[1:].isdigit() for rule in RULES)
