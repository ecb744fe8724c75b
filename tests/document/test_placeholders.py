"""Placeholders in scripts, and names of secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_exec.document.placeholders import (
    find_placeholders,
    is_secret_name,
    normalise_name,
    replace_placeholders,
)


def find_names(script: str, *literal: str) -> list[str]:
    """The names of the placeholders in a script."""
    return [found.name for found in find_placeholders(script, literal)]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("op item edit 'add more.deploy-token=<paste-new-token>'", ["paste-new-token"]),
        ("kubectl -n <namespace> logs <POD_NAME>", ["namespace", "pod-name"]),
        ("x <value of namespace label from alert>", ["value-of-namespace-label-from-alert"]),
        ("x --url=http://<host>:<port>/<path/to.file>", ["host", "port", "path/to.file"]),
        ("x <größe> <名前>", ["grösse", "名前"]),
        ("x pre<a>post<b>", ["a", "b"]),
        ("cat <<EOF\n<name>\nEOF", ["name"]),
        ("cat <<EOF>file\nEOF", []),
        ("cat <<<word>out", []),
        ("sort <in >out", []),
        ("diff <(a) <(b)", []),
        ("echo <1> <-x> <_y> < x>", []),
        ("echo <https://example.com>", []),
        ("echo '<br/> <hr />'", []),
        ("echo <two\nlines>", []),
        ("echo '<b>bold</b> <B>x</b>'", []),
        ("sed 's|<version>.*</version>|<version><new version></version>|'", ["new-version"]),
        ("echo <version> '<version>1</version>'", ["version"]),
        ("echo '<a href=\"x\">y</a>' <a>", ["a"]),
        ("echo '{{ .Values.x }}' <y>", ["y"]),
    ],
)
def test_placeholders_are_found(script: str, expected: list[str]) -> None:
    """Names in angle brackets count; redirections, here-documents, URLs and markup do not."""
    assert find_names(script) == expected


def test_literal_names_are_no_placeholders() -> None:
    """A name in the front matter's list is no placeholder, in any spelling."""
    assert find_names("a <stdin> <My_Name> <x>", "stdin", "<my-name>") == ["x"]


def test_names_compare_without_case_and_separators() -> None:
    """Case, blanks, underscores and hyphens make no difference, in any number."""
    assert (
        normalise_name(" New_ -Token")
        == normalise_name("new token")
        == normalise_name("NEW-TOKEN")
        == "new-token"
    )


pieces = st.sampled_from(
    ["<", ">", "<<", "</", "a", "b c", "-", "/", "://", "\n", " ", "<x>", "</x>", "é", "<ab>"]
)


@given(st.lists(pieces, max_size=30).map("".join))
def test_places_are_exact_and_replacing_keeps_them(script: str) -> None:
    """Each placeholder is at its place, and is replaced by letters of the same length."""
    found = find_placeholders(script)
    assert all(script[item.start : item.end] == item.text for item in found)
    blanked = replace_placeholders(script, found)
    assert len(blanked) == len(script)
    assert all(blanked[item.start : item.end].isalpha() for item in found)


@pytest.mark.parametrize(
    ("unit", "count"),
    [
        ("<a", 0),
        ("<a ", 0),
        ("<ab>", 250_000),
        ("</a>", 0),
        ("<a></a>", 0),
        ("<a-", 0),
        ("a>", 0),
        ("<é:/", 0),
    ],
)
def test_a_hostile_script_is_read_in_linear_time(unit: str, count: int) -> None:
    """A megabyte in which a placeholder could begin everywhere is read quickly."""
    assert len(find_placeholders(unit * (1_000_000 // len(unit)))) == count


@pytest.mark.parametrize(
    "name",
    [
        "token", "paste-new-token", "New Token", "API_KEY", "db.password", "client-secret", "github-pat",
        "aws-credentials", "passphrase", "authtoken", "key", "api-keys", "ssh-key", "secret-value", "apikey",
    ],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    """A word of the name marks the value as a secret."""
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "old-token-id", "key-file", "secret name", "TOKEN_PATH", "password-length", "token-url", "max-tokens",
        "number-of-keys", "public-key", "ssh-pub-key", "monkey", "keyboard", "path", "pattern", "tokenizer",
        "passport", "host", "",
    ],
)  # fmt: skip
def test_names_of_no_secrets(name: str) -> None:
    """An id, a file name, a number and a public key are no secrets, nor are lookalikes."""
    assert not is_secret_name(name)
