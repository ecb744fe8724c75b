"""Front matter and files for `--inputs`: their settings, and the problems of invalid ones."""

from __future__ import annotations

from datetime import date

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_exec.diagnostics.problem import Problem
from runbook_exec.document.front_matter.overlay import overlay_settings
from runbook_exec.document.front_matter.reader import read_front_matter, read_inputs_file
from runbook_exec.document.model import Input, RunbookSettings
from runbook_exec.document.parser import parse_runbook
from runbook_exec.shells.registry import SHELLS
from runbook_exec.text import yaml as yaml_text

NAMES = ", ".join(f"`{shell}`" for shell in SHELLS)

PAGE = """---
title: Rotate
last-reviewed: 2026-04-30
tags: [how-to, 'x']
runbook:
  inputs:
    region: eu
    Paste_New token: {help: From step 2, secret: true, source: "op://fly/admin/add more/deploy-token"}
    size:
      default: 010
      pattern: "[0-9]+"
      choices: [010, 2026-01-01, no]
      source: env:SIZE
    later:
  captures:
    old-id: 6.1
    new-token: "2:tok: (.*)"
  literal: [EOF, <stdin>]
  procedure: "#procedure"
  shell: fish
  cwd: ../..
  timeout: 5m
  cadence: 75d
---
# Rotate
"""


@pytest.fixture(params=[yaml.CSafeLoader, yaml.SafeLoader])
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both YAML parsers: PyYAML has the fast one only if it was built with libyaml."""
    monkeypatch.setattr(yaml_text, "_Loader", request.param)


def problem_places(problems: tuple[Problem, ...], text: str) -> list[tuple[str, str, int]]:
    """Each problem's message, text and line; asserts that span and line are the same place."""
    result = []
    for problem in problems:
        span = problem.span
        assert span is not None
        mark = 1 if text.startswith("\ufeff") and span.line == 1 else 0
        assert (
            len("".join(text.splitlines(keepends=True)[: span.line - 1])) + span.column - 1 + mark
            == span.start
        )
        result.append((problem.message, text[span.start : span.end], span.line))
    return result


@pytest.mark.parametrize(
    "change", [("", ""), ("\n", "\r\n"), ("---\ntitle", "\ufeff---\ntitle"), ("\n---\n", "\n...\n")]
)
def test_settings_are_typed(change: tuple[str, str]) -> None:
    """Every key of `runbook:` has its type, dates stay dates, and numbers in it stay as written."""
    text = PAGE.replace(*change) if change[0] else PAGE
    matter = read_front_matter(text)
    assert matter.problems == ()
    assert text[matter.end :].startswith("# Rotate")
    assert matter.data["last-reviewed"] == date(2026, 4, 30)
    assert matter.data["tags"] == ["how-to", "x"]
    settings = matter.settings
    spans = {
        name: text[given.span.start : given.span.end] for name, given in settings.inputs.items() if given.span
    }
    assert spans == {
        "region": "region",
        "paste-new-token": "Paste_New token",
        "size": "size",
        "later": "later",
    }
    reference = "op://fly/admin/add more/deploy-token"
    choices = ("010", "2026-01-01", "no")
    assert [
        Input(**{f: getattr(given, f) for f in Input.__slots__ if f != "span"})
        for given in settings.inputs.values()
    ] == [
        Input("region", default="eu"),
        Input("paste-new-token", help="From step 2", secret=True, source=reference),
        Input("size", default="010", pattern="[0-9]+", choices=choices, source="env:SIZE"),
        Input("later"),
    ]
    assert settings.captures == {"old-id": "6.1", "new-token": "2:tok: (.*)"}
    assert settings.literal == ("eof", "stdin")
    assert (settings.procedure, settings.shell, settings.cwd) == ("procedure", "fish", "../..")
    assert (settings.timeout, settings.cadence) == (300.0, 75 * 86400.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# Page\n",
        "---\na: 1\n",
        "\n---\na: 1\n---\n",
        "---\n\nProse\n\n---\n",
        " ---\na: 1\n---\n",
        "----\na\n----\n",
    ],
)
def test_lookalikes_are_no_front_matter(text: str) -> None:
    """Front matter begins on the first line, has an end, and is not a horizontal rule."""
    matter = read_front_matter(text)
    assert (matter.data, matter.settings, matter.end, matter.problems) == ({}, RunbookSettings(), 0, ())


def test_empty_front_matter_has_no_data() -> None:
    """No text, or only a comment, is front matter without data."""
    assert [read_front_matter(text).end for text in ("---\n---\nx", "---\n# none\n---\nx")] == [8, 15]


@pytest.mark.usefixtures("_loader")
@pytest.mark.parametrize(
    ("yaml_lines", "message", "at", "line"),
    [
        ("a: 1\nb: 2\na: 3", "`a` is there twice, the other one is 2 lines above", "a", 4),
        ("x: {b: 1, b: 2}", "`b` is there twice, the other one is just before", "b", 2),
        ("a:\n\tb: 1", "not valid YAML: ", "\t", 3),
        ("a: [1", "not valid YAML: ", "", 3),
        ("title: Foo: bar", "not valid YAML: mapping values are not allowed", ":", 2),
        ("just text", "expected front matter of `key: value` lines", "just text", 2),
        ("- a\n- b", "expected front matter of `key: value` lines", "- a", 2),
        ("2020: 1", "expected a name as the key", "2020", 2),
        ("a: 1\n2020: 2", "expected a name as the key", "2020", 3),
        ("? [a]\n: 1", "not valid YAML: ", "[", 2),
        ("a: {{ x }}", "not valid YAML: ", "{", 2),
        ("a: 2026-02-30", "not valid YAML: cannot read `2026-02-30`", "2", 2),
        ("a: " + "9" * 5000, "not valid YAML: cannot read this", "9", 2),
        ("a: *b", "not valid YAML: found undefined alias", "*", 2),
        ("a: &b [*b]", "a collection that contains itself", "&b [*b]", 2),
        ("a: !!python/object:os.system x", "not valid YAML: could not determine a constructor", "!", 2),
        ("a: b\x00", "not valid YAML: ", "\x00", 2),
        ("a: \ud800", "not valid", "\ud800", 2),
        ("a: " + "[" * 100_000, "deeper nesting than anybody would write by hand", "[", 2),
        ("a: " + "- " * 100_000, "not valid YAML: ", "-", 2),
        ("a:\n " + "- " * 100_000, "deeper nesting than anybody would write by hand", "-", 3),
        ("a: &a x\nb: [" + "*a, " * 200 + "]", "more aliases than anybody would write by hand", "*", 3),
    ],
)
def test_broken_yaml_is_reported_at_its_place(yaml_lines: str, message: str, at: str, line: int) -> None:
    """Any broken, deep or strange YAML is one error with its exact place."""
    text = f"---\n{yaml_lines}\n---\n# Page\n"
    matter = read_front_matter(text)
    ((said, pointed_at, where),) = problem_places(matter.problems, text)
    assert said.startswith(message)
    assert pointed_at[:1] == at[:1]
    assert where == line
    assert text[matter.end :] == "# Page\n"


def test_an_alias_bomb_is_refused() -> None:
    """Aliases that multiply are refused at the alias that exceeds the limit."""
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 10)]
    text = "---\n" + "\n".join(lines) + "\n---\n"
    ((message, _, line),) = problem_places(read_front_matter(text).problems, text)
    assert (message, line) == ("more data than anybody would write by hand", 6)


@pytest.mark.usefixtures("_loader")
@pytest.mark.parametrize(
    ("lines", "message", "at"),
    [
        ("procedur: x", "unknown key `procedur`; did you mean `procedure`?", "procedur"),
        ("zzz: x", "unknown key `zzz`", "zzz"),
        ("inputs: [a]", "expected a mapping, got a list", "[a]"),
        ("inputs: {a: [1]}", "expected text, got a list", "[1]"),
        ("inputs: {a: {defualt: 1}}", "unknown key `defualt`; did you mean `default`?", "defualt"),
        ("inputs: {a: {secret: maybe}}", "expected `true` or `false`, got `maybe`", "maybe"),
        ("inputs: {a: {source: vault}}", "expected `env:NAME`, `file:PATH`", "vault"),
        ("inputs: {a: {source: 'env:1 2'}}", "expected `env:NAME`, `file:PATH`", "'env:1 2'"),
        ("inputs: {a: {choices: x}}", "expected a list, got `x`", "x"),
        (
            "inputs: {a: {pattern: x(y}}",
            "`x(y` is no regular expression: missing ), unterminated subpattern at character 2",
            "(y",
        ),
        ("inputs: {a-b: 1, A_B: 2}", "`A_B` is there twice", "A_B"),
        ("inputs: {1x: 1}", "expected the name of a placeholder", "1x"),
        ("inputs: {1: 1}", "expected a name, got `1`", "1"),
        ("captures: {a: ''}", "expected NAME=STEP or NAME=STEP:REGEX", "''"),
        ("captures: {a: '2:['}", "`[` is no regular expression: unterminated character set", "'2:['"),
        ("literal: EOF", "expected a list, got `EOF`", "EOF"),
        ("literal: [1]", "expected the name of a placeholder", "1"),
        ("shell: fsh", f"expected one of {NAMES}, got `fsh`", "fsh"),
        ("timeout: 30", "expected a duration such as `30s`", "30"),
        ("cadence: [75d]", "expected text, got a list", "[75d]"),
        ("cwd: {}", "expected text, got a mapping", "{}"),
        ("yes: 1", "expected a name, got `yes`", "yes"),
    ],
)
def test_invalid_settings_are_reported_at_their_place(lines: str, message: str, at: str) -> None:
    """An unknown name or a wrong type is an error at its place, and other keys still count."""
    text = f"---\nrunbook:\n  {lines}\n  procedure: x\n---\n"
    matter = read_front_matter(text)
    assert [
        (said[: len(message)], where, line) for said, where, line in problem_places(matter.problems, text)
    ] == [(message, at, 3)]
    assert matter.settings.procedure == "x"


def test_a_file_of_inputs_has_the_same_keys() -> None:
    """It has them at the top or under `runbook:`, and its problems have its name."""
    for text in ("inputs:\n  a: x\n", "\ufeffrunbook:\n  inputs:\n    a: x\n", "---\ninputs: {a: x}\n"):
        settings, problems = read_inputs_file(text, "in.yml")
        assert (settings.inputs["a"].default, problems) == ("x", ())
    assert read_inputs_file("", "in.yml") == (RunbookSettings(), ())
    for text, message in (
        ("a: x\n", "unknown key `a`"),
        ("[", "not valid YAML: did not find expected node content"),
        ("x\n", "expected a mapping of `inputs`"),
        ("inputs: {}\n---\ninputs: {}\n", "not valid YAML: expected a single document"),
    ):
        _, (problem,) = read_inputs_file(text, "in.yml")
        assert problem.message.startswith(message)
        assert problem.path == "in.yml"


def test_an_overlay_replaces_single_details() -> None:
    """Details of an input in the overlay join those of the page, as do lists and mappings."""
    known = {"a": Input("a", help="h", default="1"), "b": Input("b")}
    base = RunbookSettings(inputs=known, captures={"x": "1"}, literal=("p",), cwd="/", timeout=1.0)
    added = {"a": Input("a", default="2"), "c": Input("c")}
    over = RunbookSettings(inputs=added, captures={"x": "2"}, literal=("p", "q"), timeout=5.0)
    assert overlay_settings(base, over) == RunbookSettings(
        inputs={"a": Input("a", help="h", default="2"), "b": Input("b"), "c": Input("c")},
        captures={"x": "2"},
        literal=("p", "q"),
        cwd="/",
        timeout=5.0,
    )


PLAIN = [
    *"[]{}:,-?!&*#|>'\"%@`~<=\\ \t\n",
    "a",
    "é",
    "\r\n",
    "\n  ",
    "- ",
    ": ",
    "runbook:",
    "inputs:",
    "<<: ",
    "&x ",
]
ODD = [
    "*x",
    "2026-01-01",
    "!!int ",
    "!!binary ",
    "\x85",
    "\u2028",
    "\x07",
    "...\n",
    "yes",
    "0x",
    "1:2",
    ".inf",
    "😀",
]


@pytest.mark.parametrize("parser", [yaml.CSafeLoader, yaml.SafeLoader])
def test_any_text_gives_problems_and_no_exception(parser: type) -> None:
    """Both parsers read any front matter, or report a problem inside it."""

    @settings(max_examples=400)
    @given(st.lists(st.sampled_from(PLAIN + ODD), max_size=30).map("".join))
    def check(content: str) -> None:
        text = f"---\n{content}\n---\n"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(yaml_text, "_Loader", parser)
            for problem in (*read_front_matter(text).problems, *read_inputs_file(content, "x")[1]):
                assert problem.span is not None
                assert 0 <= problem.span.start <= problem.span.end <= len(text)

    check()


TOML = """+++
title = 'Clients'
tags = ['a', 'b']
last-reviewed = 2026-01-02

[[cascade]]
noindex = true
+++
"""


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_toml_is_read_as_front_matter(mark: str, end: str) -> None:
    """Title, tags and dates between `+++` lines are read, and `[[cascade]]` is no wikilink."""
    text = mark + (TOML + "\n## Steps\n").replace("\n", end)
    matter = read_front_matter(text)
    assert matter.problems == ()
    assert matter.data["title"] == "Clients"
    assert matter.data["tags"] == ["a", "b"]
    assert text[matter.end :].strip() == "## Steps"
    runbook = parse_runbook(text.encode(), "page.md")
    assert (runbook.title, runbook.wikilinks) == ("Clients", ())


@pytest.mark.parametrize(
    ("toml", "place"),
    [
        ("[runbook]\nshell = 'bash'", "[runbook]"),
        ("title = 'x'\n[runbook.inputs.a]\nsecret = true", "[runbook.inputs.a]"),
        ("runbook.shell = 'bash'", "runbook.shell = 'bash'"),
        ("runbook = {shell = 'bash'}", "runbook = {shell = 'bash'}"),
    ],
)
def test_settings_in_toml_are_refused(toml: str, place: str) -> None:
    """They would be passed over otherwise: a secret would be shown."""
    text = f"+++\n{toml}\n+++\n"
    (problem,) = read_front_matter(text).problems
    assert problem.message == "expected the settings `runbook` in YAML, found them in TOML"
    assert "YAML between two lines `---`" in problem.hint
    assert problem.span is not None
    assert text[problem.span.start : problem.span.end] == place


def test_broken_toml_is_reported_at_its_line() -> None:
    """The line is named, and the page below is read."""
    matter = read_front_matter("+++\na = 1\nb = = 2\n+++\n# T\n")
    (problem,) = matter.problems
    assert problem.message.startswith("not valid TOML: ")
    assert problem.span is not None
    assert problem.span.line == 3


@pytest.mark.parametrize(
    "text", ["+++\n", "+++ a\nb = 1\n+++\n", "++++\na = 1\n++++\n", "x\n+++\na = 1\n+++\n"]
)
def test_plus_signs_alone_are_no_front_matter(text: str) -> None:
    """Both lines must be there, the first one at the beginning of the page."""
    assert read_front_matter(text).end == 0


@pytest.mark.parametrize(
    "text",
    [
        '---\ntitle: "{{ replace .Name "-" " " | title }}"\ndate: {{ .Date }}\n---\n',
        '+++\ntitle = "{{ replace .Name "-" " " | title }}"\ndate = {{ .Date }}\n+++\n',
        "---\non:\n  issues:\n    types: [opened]\n---\n",
    ],
)
def test_front_matter_of_other_programs_has_no_mistakes(text: str) -> None:
    """An archetype of Hugo is no YAML until a page is made of it; a workflow of GitHub has the key `on`."""
    matter = read_front_matter(text)
    assert matter.problems == ()
    assert matter.end == len(text)
