"""The JSON Schema of the front matter, and the code that reads the front matter, agree."""

from __future__ import annotations

import json

import pytest
import yaml
from jsonschema import Draft202012Validator

from runbook_exec.document.front_matter.schema import format_schema
from runbook_exec.document.parser import parse_runbook
from runbook_exec.shells.registry import SHELLS
from tests.support.paths import REPOSITORY

FILE = REPOSITORY / "docs" / "front-matter.schema.json"
VALID = [
    "{}",
    "",
    "{cadence: 75d, timeout: 1h30m, cwd: ~/infra, host: web1, procedure: deploy}",
    "{cadence: 1.5h, timeout: 500ms}",
    *(f"{{shell: {shell}}}" for shell in SHELLS),
    "{literal: [in, EOF], choose: [Debian, 2]}",
    "{languages: {azurecli: bash, text: none, log: console}}",
    "{captures: {old-id: 6.1, token: '2:tok (.*)'}}",
    "{inputs: {region: eu, size: 3, later: , other: {}}}",
    "{inputs: {token: {help: Ask Ada, default: a, pattern: '[a-z]+', choices: [a, 1], secret: yes}}}",
    *(
        f"{{inputs: {{a: {{source: '{source}'}}}}}}"
        for source in ("env:A", "file:a", "op://v/i/f", "cmd:date")
    ),
    "{shell: , timeout: , inputs: }",
]
INVALID = [
    "[]",
    "fish",
    "{shel: fish}",
    "{shell: powershell}",
    "{timeout: 30}",
    "{timeout: soon}",
    "{literal: EOF}",
    "{choose: {a: b}}",
    "{languages: {a: ruby}}",
    "{languages: [a]}",
    "{inputs: [a]}",
    "{inputs: {a: [b]}}",
    "{inputs: {a: {sauce: b}}}",
    "{inputs: {a: {secret: perhaps}}}",
    "{inputs: {a: {source: 'http://x'}}}",
    "{inputs: {a: {choices: b}}}",
    "{captures: {a: [b]}}",
    "{cwd: [a]}",
]


def is_accepted(settings: str) -> bool:
    """Return whether a page with these settings has no problem in its front matter."""
    page = f"---\nrunbook: {settings}\n---\n# Page\n\n```sh\ntrue\n```\n"
    return not any(each.code == "front-matter" for each in parse_runbook(page.encode(), "page.md").problems)


@pytest.mark.parametrize(
    ("settings", "valid"), [*((each, True) for each in VALID), *((each, False) for each in INVALID)]
)
def test_the_schema_accepts_what_the_program_accepts(settings: str, valid: bool) -> None:
    """Both agree on settings that are valid, and on settings that are not."""
    schema = Draft202012Validator(json.loads(FILE.read_text(encoding="utf-8")))
    matter = yaml.safe_load(f"runbook: {settings}")
    assert (is_accepted(settings), schema.is_valid(matter)) == (valid, valid)


def test_the_schema_in_the_docs_is_up_to_date() -> None:
    """The file is what the code makes, and is itself a valid schema."""
    Draft202012Validator.check_schema(json.loads(format_schema()))
    command = "python -m runbook_exec.document.front_matter.schema docs/front-matter.schema.json"
    assert FILE.read_text(encoding="utf-8") == format_schema(), f"run {command}"


def test_other_keys_of_the_front_matter_are_free() -> None:
    """A site may have any keys of its own."""
    schema = Draft202012Validator(json.loads(format_schema()))
    assert schema.is_valid({"title": "A", "tags": ["b"]})
