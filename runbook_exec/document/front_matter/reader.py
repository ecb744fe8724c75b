"""Reads front matter: its data, the settings below `runbook:`, and its problems."""

from __future__ import annotations

from ...diagnostics.problem import Problem
from ...text.lazy_pattern import LazyPattern
from ...text.source import Source, parse_source
from ...text.yaml import MappingNode, Node, ScalarNode, YamlError, load_yaml
from ..model import RunbookSettings
from .bounds import FrontMatter, find_bounds, is_toml
from .settings import SettingsReader, is_name, read_settings
from .toml import read_toml

# `{{ .Name }}` and `{{ replace .Name "-" " " }}`, which a program fills in when it makes a page of this one
_TEMPLATE = LazyPattern(r"\{\{-?[ \t]*(?:\.[A-Z]|[a-z]\w*[ \t]+[.\"'])")


def read_front_matter(text: str, bounds: tuple[int, int, int] | None = None) -> FrontMatter:
    """Return the front matter of a page; `bounds` are those that `find_bounds` found, if it has been asked.

    It is the YAML from a first line `---` to the next `---` or `...`, or the TOML between two lines `+++`.
    Without the second line there is no
    front matter. A first `---` before a blank line and text that is no mapping is a horizontal rule. Mistakes
    are in `problems`.
    """
    found = bounds or find_bounds(text)
    if found is None:
        return FrontMatter()
    start, end, body = found
    if is_toml(text):
        return FrontMatter(end=body) if _is_template(text, start, end) else read_toml(text, start, end, body)
    mistakes: list[YamlError] = []
    page = parse_source(text)
    try:
        document = load_yaml(text, start, end)
        if document.root is None:
            return FrontMatter(end=body)
        if not isinstance(document.root, MappingNode):
            raise document.make_error(document.root, "expected front matter of `key: value` lines")
    except YamlError as mistake:
        if not text[start:end].partition("\n")[0].strip():
            return FrontMatter()
        if _is_template(text, start, end):
            return FrontMatter(end=body)
        return FrontMatter(end=body, problems=(_problem(mistake, page, "front-matter"),))
    settings = RunbookSettings()
    for key, value in document.root.value:
        if _is_switch(key):
            continue
        if not is_name(key):
            mistakes.append(document.make_error(key, "expected a name as the key", "put it in quotes"))
        elif key.value == "runbook":
            try:
                settings = read_settings(SettingsReader(document, mistakes.append, page.span), value)
            except YamlError as mistake:
                mistakes.append(mistake)
    data = {key: value for key, value in document.data.items() if isinstance(key, str)}
    problems = tuple(_problem(mistake, page, "front-matter") for mistake in mistakes)
    return FrontMatter(data, settings, body, problems)


def _is_template(text: str, start: int, end: int) -> bool:
    """Return whether it is the front matter of a template of pages, such as an archetype of Hugo."""
    return _TEMPLATE.search(text, start, end) is not None and "runbook" not in text[start:end]


def _is_switch(key: Node) -> bool:
    """Return whether a key is the word `on`, `off`, `yes` or `no`, which YAML reads as true or false.

    Front matter of other programs has such keys.
    """
    return isinstance(key, ScalarNode) and key.tag == "tag:yaml.org,2002:bool" and not key.style


def read_inputs_file(text: str, path: str) -> tuple[RunbookSettings, tuple[Problem, ...]]:
    """Return the settings in a file for `--inputs`, and the problems in it.

    The file has the members of `runbook:`, or that key itself. `path` is the name of the file, for its
    problems.
    """
    mistakes: list[YamlError] = []
    settings = RunbookSettings()
    page = parse_source(text)
    try:
        document = load_yaml(text, 1 if text.startswith("\ufeff") else 0, len(text))
        root = document.root
        if isinstance(root, MappingNode):
            root = next((value for key, value in root.value if key.value == "runbook"), root)
        if root is not None:
            settings = read_settings(SettingsReader(document, mistakes.append, page.span), root)
    except YamlError as mistake:
        mistakes.append(mistake)
    return settings, tuple(_problem(mistake, page, "inputs", path) for mistake in mistakes)


def _problem(mistake: YamlError, page: Source, code: str, path: str = "") -> Problem:
    """Return the mistake as a problem; the span of a mistake of several lines is its first line."""
    line_end = page.text.find("\n", mistake.start)
    end = mistake.end if line_end <= mistake.start else min(mistake.end, line_end)
    return Problem(code, str(mistake), page.span(mistake.start, end), mistake.hint, path=path)
