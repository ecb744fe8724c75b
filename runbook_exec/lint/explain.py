"""Describes the rules: as a list, one in full, or all as a documentation page."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from ..light_classes import replace
from ..text.ansi import escape_unprintable
from .rule import Example, Rule

_WIDTH = 88

_ABOUT_SECRETS = ("S401", "S402")

_RANDOM = re.compile(r"(?<=[A-Za-z0-9]{6})[A-Za-z0-9]{9,}")


def format_rule_list(rules: Sequence[Rule]) -> Iterator[str]:
    """Yield a line for each rule: its code, its severity and its name.

    The line shows whether the rule must be selected.
    """
    width = max(len(rule.info.name) for rule in rules)
    for rule in sorted(rules, key=lambda rule: rule.info.code):
        selected = "" if rule.info.default else "not by default"
        yield f"{rule.info.code}  {rule.info.severity:<7}  {rule.info.name:<{width}}  {selected}".rstrip()


def explain_rule(rule: Rule) -> str:
    """Return a rule in full: why it exists, with a failing and a passing example."""
    when = "" if rule.info.default else "; looks only where it is selected"
    lines = [
        f"{rule.info.code} {rule.info.name} ({rule.info.severity}{when})",
        "",
        *textwrap.wrap(rule.info.why, _WIDTH),
    ]
    for title, examples in (("found in:", rule.bad[:1]), ("not in:", rule.good[:1])):
        for example in examples:
            lines += ["", title, "", *(f"    {line}".rstrip() for line in _example_lines(example))]
    return "\n".join(lines) + "\n"


def _example_lines(example: Example) -> Iterator[str]:
    for name, text in example.files.items():
        yield f"({name} beside it)"
        yield from text.rstrip("\n").split("\n")
        yield ""
    yield from example.text.rstrip("\n").split("\n")


def format_rules_page(rules: Sequence[Rule]) -> str:
    """Return the documentation page of the rules, in Markdown."""
    ordered = sorted(rules, key=lambda rule: rule.info.code)
    lines = [
        "# Rules",
        "",
        "What `runbook-exec lint` looks for. Every example here is a test. This page is made by",
        "`python -m runbook_exec.lint.rules_page`; change the rules and not the page.",
        "",
        "| code | name | severity | by default |",
        "| --- | --- | --- | --- |",
    ]
    for rule in ordered:
        anchor = f"{rule.info.code.lower()}-{rule.info.name}"
        lines.append(
            f"| [{rule.info.code}](#{anchor}) | {rule.info.name} | {rule.info.severity} "
            f"| {'yes' if rule.info.default else 'no'} |"
        )
    for rule in ordered:
        lines += ["", f"## {rule.info.code} {rule.info.name}", "", *textwrap.wrap(rule.info.why, 110)]
        for title, examples in (("Found in:", rule.bad), ("Not found in:", rule.good)):
            for number, example in enumerate(examples):
                shown = (
                    replace(example, text=_elide_secrets(example.text))
                    if rule.info.code in _ABOUT_SECRETS
                    else example
                )
                lines += _fence_example(shown, title if number == 0 else "")
    return "\n".join(lines) + "\n"


def _fence_example(example: Example, title: str) -> Iterator[str]:
    if title:
        yield from ("", title)
    for name, text in (*example.files.items(), ("", example.text)):
        longest = max((len(run) for run in re.findall(r"`{3,}|~{3,}", text)), default=2)
        fence = "`" * (longest + 1)
        yield ""
        if name:
            yield from (f"`{name}`, beside the next one:", "")
        yield f"{fence}markdown"
        yield from escape_unprintable(text).rstrip("\n").split("\n")
        yield fence
        if not name and example.options:
            options = ", ".join(f"`{key} = {_toml(key, value)}`" for key, value in example.options.items())
            yield from ("", f"(with {options} in the settings)")


def _elide_secrets(text: str) -> str:
    """Return the text without most of each secret: other scanners report pages that show one."""
    return _RANDOM.sub("…", text)


def _toml(key: str, value: object) -> str:
    """Return a setting as its file has it."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_toml(name, each)}" for name, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(key, each) for each in value) + "]"
    if isinstance(value, float) and key == "cadence":
        return f'"{value / 86400:g}d"'
    return f'"{value}"' if isinstance(value, str) else str(value)
