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
    """Return a rule in full: what it reports, why, with a failing and a passing example."""
    when = "on by default" if rule.info.default else "only if selected"
    lines = [f"{rule.info.code} {rule.info.name} ({rule.info.severity}, {when})"]
    for title, text in (("What it does", rule.info.does), ("Why this is bad", rule.info.why)):
        lines += ["", title, "", *(f"  {line}" for line in textwrap.wrap(text, _WIDTH))]
    for title, examples in (("Example", rule.bad[:1]), ("Use instead", rule.good[:1])):
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
    """Return the documentation page of the rules, in Markdown; those on by default come first."""
    ordered = sorted(rules, key=lambda rule: (not rule.info.default, rule.info.code))
    lines = [
        "# Rules",
        "",
        "`runbook-exec lint` checks pages with these rules. `runbook-exec lint --explain M301` prints one of",
        "them. The tests run every example. The page is written from the rules, by",
        "`python -m runbook_exec.lint.rules_page docs/rules.md`: change the rules and not the page.",
    ]
    default = [rule for rule in ordered if rule.info.default]
    lines += ["", "## On by default", "", *_tabulate(default)]
    lines += [
        "",
        "## Only if selected",
        "",
        "`--select C601`, `--commands` or `select` in the settings turn them on.",
    ]
    lines += ["", *_tabulate(ordered[len(default) :])]
    for rule in ordered:
        lines += _describe(rule)
    return "\n".join(lines) + "\n"


def _tabulate(rules: Sequence[Rule]) -> Iterator[str]:
    """Yield the lines of a table of rules."""
    yield "| code | name | severity | what it does |"
    yield "| --- | --- | --- | --- |"
    for rule in rules:
        info = rule.info
        first = re.split(r"(?<=[.:]) ", info.does)[0].rstrip(".:").replace("|", r"\|")
        yield f"| [{info.code}](#{info.code.lower()}-{info.name}) | {info.name} | {info.severity} | {first} |"


def _describe(rule: Rule) -> Iterator[str]:
    """Yield the lines of a rule's section."""
    info = rule.info
    yield from ("", f"## {info.code} {info.name}", "")
    yield f"*{str(info.severity).capitalize()}, {'on by default' if info.default else 'only if selected'}*"
    for title, text in (("What it does", info.does), ("Why this is bad", info.why)):
        yield from ("", f"**{title}**", "", *textwrap.wrap(text, 110))
    for title, examples in (("Example", rule.bad[:1]), ("Use instead", rule.good[:1])):
        for example in examples:
            if info.code in _ABOUT_SECRETS:
                example = replace(example, text=_elide_secrets(example.text))
            yield from ("", f"**{title}**", *_fence_example(example))


def _fence_example(example: Example) -> Iterator[str]:
    for name, text in (*example.files.items(), ("", example.text)):
        longest = max((len(run) for run in re.findall(r"`{3,}|~{3,}", text)), default=2)
        fence = "`" * (longest + 1)
        yield ""
        if name:
            yield from (f"With `{name}` beside the page:", "")
        elif example.files:
            yield from ("The page:", "")
        yield f"{fence}markdown"
        yield from escape_unprintable(text).rstrip("\n").split("\n")
        yield fence
        if not name and example.options:
            options = ", ".join(f"`{key} = {_toml(key, value)}`" for key, value in example.options.items())
            yield from ("", f"The settings have {options}.")


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
