"""The sources of values, their checks, and captures from output."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_exec.document.assignments import Capture, parse_capture, parse_set
from runbook_exec.document.model import Input
from runbook_exec.errors import ValueProblem
from runbook_exec.plan.captures import capture_value
from runbook_exec.plan.templates import evaluate_when, render_default
from runbook_exec.plan.values import check_value, find_variable_secret, is_secret
from runbook_exec.sources.base import SourceContext
from runbook_exec.sources.registry import resolve_source

NOW = datetime(2026, 4, 30, 13, 5, 0)
KNOWN = {"region": "eu", "app-name": "proxy", "a.b": "dotted"}
TOKEN = "FlyV1 fm2_lJPECAAAAAAAAqPfxBCfN0X,fm2_lJPETghd91kbP0Yvc"


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("plain $x {not} one", "plain $x {not} one"),
        ("deploy {{ today }}", "deploy 2026-04-30"),
        ("{{ app_name | upper }}-{{ region }}", "PROXY-eu"),
        ("{{ a_b }}", "dotted"),
        ("{{ now.strftime('%H:%M') }}{{ now.year + 1 }}", "13:052027"),
        ("{% if region == 'eu' %}Berlin{% else %}Ohio{% endif %}", "Berlin"),
        ("{{ region ~ '\n' }}\n", "eu\n\n"),
        ("{{ 6 * 7 }} <b>", "42 <b>"),
    ],
)
def test_defaults_are_rendered(template: str, value: str) -> None:
    """A default sees the date and the known values; text without braces stays unchanged."""
    assert render_default(template, KNOWN, NOW) == value


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            "{{ regoin }}",
            "'regoin' is undefined; the names that exist are `a_b`, `app_name`, `now`, `region`, `today`",
        ),
        ("{{ region", "cannot be read"),
        ("{{ ''.__class__.__mro__ }}", "unsafe|undefined"),
        ("{{ '{:1000000000}'.format(1) }}", "unsafe"),
        ("{{ now.__class__ }}", "unsafe|undefined"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ 'a' + 1 }}", "str"),
        ("{{ range(10**9) }}", "refused"),
        ("{{ range(9) }}", "undefined"),
        ("{{ lipsum() }}", "undefined"),
        ("{{ 'a' * 1000000000 }}", "refused"),
        ("{{ 9 ** 9 ** 9 }}", "refused"),
        ("{{ '%1000000000d' % 1 }}", "refused"),
        ("{{ 'a' | center(1000000000) }}", "cannot be read"),
        ("{{ region.ljust(1000000000) }}", "unsafe"),
        ("{% for a in region %}{% endfor %}", "got `{% for … %}`"),
        ("{% set a = 1 %}", "got `{% assign … %}`"),
        ("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "got `{% macro … %}`"),
        ("{% include 'x' %}", "got `{% include … %}`"),
        ("{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}", "nested too deeply|cannot be read"),
        ("{{ " + "1+" * 1500 + "1 }}", "nested too deeply"),
        ("{{ x }}" * 1000, "at most 4096 characters"),
    ],
)
def test_invalid_defaults_are_refused(template: str, message: str) -> None:
    """Undefined names, unsafe or boundless operations and statements are refused with a reason."""
    with pytest.raises(ValueProblem) as refused:
        render_default(template, KNOWN, NOW)
    assert any(part in str(refused.value) for part in message.split("|"))


@settings(max_examples=300)
@given(st.text(st.sampled_from("{}%#'\"()[]|.~+-*/ \n_axnow0159é")).map(lambda text: "{{" + text + "}}"))
def test_any_template_gives_a_value_or_a_problem(template: str) -> None:
    """Whatever a default says, it becomes text or a problem, and nothing else."""
    for evaluate in (render_default, evaluate_when):
        with contextlib.suppress(ValueProblem):
            assert isinstance(evaluate(template, KNOWN, NOW), str | bool)


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("region == 'eu'", True), ("region in ('us', 'ap')", False), ("app_name.startswith('pro')", True),
        ("not region", False), ("today > '2026-01-01' and now.hour < 12", False), ("region", True),
        ("'false'", False), ("'no'", False), ("''", False), ("0", False), ("missing is defined", False),
        ("missing | default('x') == 'x'", True),
    ],
)  # fmt: skip
def test_conditions_are_evaluated(expression: str, holds: bool) -> None:
    """A condition sees the same names as a default; a text such as `'no'` counts as false."""
    assert evaluate_when(expression, KNOWN, NOW) is holds


@pytest.mark.parametrize(
    "expression", ["missing", "missing == 1", "region ==", "", "1 }}{% for a in b %}", "range(3)"]
)
def test_conditions_without_a_result_are_problems(expression: str) -> None:
    """An undefined name and an invalid expression do not count as false."""
    with pytest.raises(ValueProblem):
        evaluate_when(expression, KNOWN, NOW)


def test_values_are_checked() -> None:
    """Patterns and choices refuse a value and show it, unless it is secret; NUL is refused too."""
    size = Input("size", pattern="[0-9]+")
    assert check_value(size, "12") is None
    assert check_value(size, "12a") == "expected a value that matches `[0-9]+` as a whole, got `12a`"
    assert check_value(Input("size", pattern="a|b"), "ab") is not None
    assert check_value(Input("size", choices=("s", "l")), "m") == "expected one of `s`, `l`, got `m`"
    assert (
        check_value(Input("token", pattern="x+"), "hunter2")
        == "expected a value that matches `x+` as a whole"
    )
    assert check_value(Input("size", secret=True, choices=("s",)), "hunter2") == "expected one of `s`"
    assert check_value(None, "any\nthing") is None
    assert "NUL" in str(check_value(None, "a\0b"))


def test_an_annotation_the_front_matter_or_a_name_makes_a_secret() -> None:
    """The annotation comes first, then the front matter, then the name."""
    assert is_secret("x", None, annotation_secret=True)
    assert is_secret("x", Input("x", secret=True))
    assert not is_secret("token", Input("token", secret=False))
    assert is_secret("token", Input("token"))
    assert not is_secret("x", None)


def test_values_on_the_command_line_are_parsed() -> None:
    """NAME=VALUE has the name of a placeholder and any value; an error does not show the value."""
    assert parse_set("New_Token=a=b ") == ("new-token", "a=b ")
    assert parse_set("<x>=") == ("x", "")
    with pytest.raises(ValueProblem, match="expected NAME=VALUE, got no `=`"):
        parse_set("hunter2")
    with pytest.raises(ValueProblem, match="expected the name of a placeholder"):
        parse_set("1=x")


def test_captures_on_the_command_line_are_parsed() -> None:
    """A capture names a step in any form; its pattern may have colons and equals signs."""
    assert parse_capture("new_token=2") == Capture("new-token", "2")
    assert parse_capture("a=#mint:k: (=.*)") == Capture("a", "mint", "k: (=.*)")
    assert parse_capture("a=6.1:x") == Capture("a", "6.1", "x")
    for text, message in (
        ("a", "expected NAME=STEP or NAME=STEP:REGEX"),
        ("a=", "expected NAME=STEP"),
        ("a=:x", "expected NAME=STEP"),
        ("a=1:", "expected a regular expression after the `:`"),
        ("a=1:(", "`\\(` is no regular expression: missing \\), unterminated subpattern"),
        ("?=1", "expected the name of a placeholder"),
    ):
        with pytest.raises(ValueProblem, match=message):
            parse_capture(text)


@pytest.mark.parametrize(
    ("output", "pattern", "value"),
    [
        ("one\n\n two \n\n", None, "two"),
        ("one\r\ntwo\r\n", None, "two"),
        ("", None, None),
        (" \n\x1b[0m\n", None, None),
        ("\x1b[32mgreen\x1b[0m\r\n", None, "green"),
        ("10 %\r50 %\r100 %\r\n", None, "100 %"),
        ("\x1b]0;title\x07value\n", None, "value"),
        (f"{TOKEN}\n", None, TOKEN),
        (f"{TOKEN}\nWarning: Metrics token unavailable: context canceled\nand more of it\n", None, TOKEN),
        (f"Creating …\nThe token is {TOKEN}.\nKeep it.\n", None, TOKEN),
        (f'{{"token": "{TOKEN}"}}\n', None, TOKEN),
        (f"{TOKEN}\n{TOKEN}\ndone\n", None, TOKEN),
        ("glpat-AbCdEfGhIjKlMnOpQrSt\nglpat-XbCdEfGhIjKlMnOpQrSt\nlast\n", None, "last"),
        ("value\nWarning: it is late\nnote: really\n", None, "value"),
        ("WARN: only this\n", None, "WARN: only this"),
        ("id: 7\nid: 8\n", r"^id: (\d+)$", "7"),
        ("\x1b[1mid\x1b[0m: 7\r\n", r"^id: \d$", "id: 7"),
        ("id: 7\n", r"key: (.*)", None),
        ("id: \n", r"id: (x)?", None),
    ],
)
def test_values_are_captured_from_output(output: str, pattern: str | None, value: str | None) -> None:
    """The value is the first match, the only token, or the last line that is no remark."""
    assert capture_value(output, pattern) == value


def run(command: Sequence[str]) -> str:
    """Run a command."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def resolve(source: str) -> str:
    """Resolve a source with the real environment, files and programs."""
    return resolve_source(source, SourceContext(os.environ, lambda path: Path(path).read_text(), run))


@pytest.fixture
def op(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program `op` that prints its arguments on the PATH."""
    program = tmp_path / "op"
    program.write_text('#!/bin/sh\n[ "$#" = 2 ] || exit 6\nprintf "%s\\n\\n" "$*"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


@pytest.mark.usefixtures("op")
def test_sources_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment, a file, a command and 1Password, each without one final newline."""
    monkeypatch.setenv("SOME_VALUE", "from env\n")
    (tmp_path / "file").write_bytes(b"from file\n\r\n")
    assert resolve("env:SOME_VALUE") == "from env\n"
    assert resolve(f"file:{tmp_path}/file") == "from file\n"
    assert resolve("cmd:printf 'a b'; echo; echo") == "a b\n"
    assert resolve("op://v/fly.io admin/add more/token") == "read op://v/fly.io admin/add more/token\n"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "env:NO_SUCH_VARIABLE",
            "`env:NO_SUCH_VARIABLE`: the environment has no variable `NO_SUCH_VARIABLE`",
        ),
        ("file:/no/such", "`file:/no/such`: cannot read the file: no such file or directory"),
        ("cmd:echo hunter2; exit 3", "`cmd:echo hunter2; exit 3`: `sh` exited with 3"),
        ("op://no/such/thing", "`op://no/such/thing`: cannot start `op`: no such file or directory"),
        ("vault:x", "expected `env:NAME`, `file:PATH`, `op://vault/item/field` or `cmd:…`, got `vault:x`"),
        ("op://vault/item", "expected `env:NAME`"),
        ("cmd: ", "expected `env:NAME`"),
    ],
)
def test_a_source_without_a_value_is_reported(
    source: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the source and the reason."""
    if source.startswith("op:"):
        monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ValueProblem, match=f"^{re.escape(message)}"):
        resolve(source)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "SSHPASS",
            "RSYNC_PASSWORD",
            "BORG_PASSPHRASE",
            "RESTIC_PASSWORD",
            "SUDO_PASS",
            "DBPASS",
            "db_pass",
        ),
        *("REDISCLI_AUTH", "OS_PASSWORD", "TF_TOKEN_app_terraform_io", "CLOUDFLARE_API_KEY", "VAULT_TOKEN"),
        *("HCLOUD_TOKEN", "ANSIBLE_VAULT_PASSWORD", "PGPASSWORD", "MYSQL_PWD", "SMTPPASS"),
    ],
)
def test_standard_variables_of_programs_are_secrets(name: str) -> None:
    """Their values are masked, without a declaration."""
    assert find_variable_secret(name, f"{name}=abc123xyz") == "abc123xyz"


@pytest.mark.parametrize(
    "name",
    [
        *("COMPASS", "BYPASS", "CACHE_BYPASS", "TRESPASS", "DB_PASS_FILE", "PGPASSFILE", "SSH_ASKPASS"),
        *("GIT_ASKPASS", "RESTIC_PASSWORD_FILE", "RESTIC_PASSWORD_COMMAND", "BORG_PASSCOMMAND", "PATH"),
    ],
)
def test_variables_whose_names_only_look_secret_are_public(name: str) -> None:
    """A word that ends like a password, and the place of one, are no secrets."""
    assert find_variable_secret(name, f"{name}=abc123xyz") == ""
