"""Pages that a reader follows line by line, on a real terminal, each in a new world."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from practice.forgejo import serving
from practice.world import create
from runbook_exec.cli.commands import COMMANDS
from runbook_exec.cli.completion.parsers import find_parser
from runbook_exec.cli.main import parse_arguments
from runbook_exec.document.front_matter.settings import INPUT_NAMES, SETTING_NAMES
from runbook_exec.document.parser import parse_runbook
from tests.support.guides import COLUMNS, ROWS, Command, Reader, parse_acts
from tests.support.paths import REPOSITORY
from tests.support.program import COMMAND, Program, prepare_program
from tests.support.screen import open_screen

DOCS = REPOSITORY / "docs"
OURS = "git+https://example.org/OWNER/runbook-exec@v0.2.0"
# commands in files for CI that cannot be tried here, because they download something
INSTALLING = (
    f'pip install "runbook-live @ {OURS}"',
    f'pip install "runbook-live[site] @ {OURS}" "mkdocs<2" mkdocs-material',
    "apt-get update && apt-get install --yes fish",
)
ACTIONS = ("actions/checkout@v4",)


def folder(there: Path) -> Reader:
    """Return a reader in an empty folder."""
    program = prepare_program(there)
    bin = there / "bin"
    bin.mkdir()
    executable(bin / "runbook-exec", f'#!/bin/sh\nexec "{sys.executable}" -P -m runbook_exec "$@"\n')
    environment = program.environment({"RUNBOOK_EXEC_TRUSTED": None})  # a reader has to trust the commands
    path = f"{bin}:{environment['PATH']}"
    return Reader(program.work, environment | {"PATH": path, "TMPDIR": str(there)})


def repository(there: Path) -> Reader:
    """Return a reader in an empty git repository."""
    reader = folder(there)
    subprocess.run(["git", "init", "--quiet"], cwd=reader.folder, env=reader.environment, check=True)
    return reader


def releasing(there: Path) -> Reader:
    """Return a reader in an empty git repository who can publish and commit.

    A stand-in replaces `gh`.
    """
    reader = repository(there)
    executable(there / "bin" / "gh", '#!/bin/sh\necho "https://example.org/shop/releases/tag/$3"\n')
    (there / "home" / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    return reader


def clone(there: Path) -> Reader:
    """Return a reader in a clone of this repository after `scripts/prepare`."""
    reader = folder(there)
    for name in ("docs", "practice", "runbook_exec", "runbooks", "pyproject.toml"):
        (reader.folder / name).symlink_to(REPOSITORY / name)
    for name in ("scripts", ".venv/bin"):
        (reader.folder / name).mkdir(parents=True)
    executable(reader.folder / "scripts" / "practice", (REPOSITORY / "scripts" / "practice").read_text())
    (reader.folder / "scripts" / "prepare").write_text('set -eu\ncd "$(dirname -- "$0")/.."\nvenv() { :; }\n')
    executable(reader.folder / ".venv/bin/python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    return reader


def site(there: Path) -> Reader:
    """Return a reader in a git repository whose site is published in another, with MkDocs."""
    reader = repository(there)
    executable(there / "bin" / "python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    executable(there / "bin" / "mkdocs", f'#!/bin/sh\nexec "{sys.executable}" -m mkdocs "$@"\n')
    published = str(there / "published.git")
    for command in (["init", "--quiet", "--bare", published], ["remote", "add", "origin", published]):
        subprocess.run(["git", *command], cwd=reader.folder, env=reader.environment, check=True)
    return reader


def executable(path: Path, text: str) -> None:
    """Write a program of this text."""
    path.write_text(text)
    path.chmod(0o755)


# commands of the README: begun and left; not run; with several exit statuses
BEGUN = ("scripts/practice", "runbook-exec runbooks/rotate-fly-token.md")
NOT_RUN = (
    "pipx install .",
    "scripts/test",
)  # tests/packaging installs with pipx and uv; the second runs this test
STATUSES = {"runbook-exec due": (0, 4)}  # the runbooks that are due depend on the day


OTHER_TOML = {"tasks", "language-server", "mcp_servers", "profile", "rule"}  # files of others, and of `hook`
TO_READ = [REPOSITORY / f"{name}.md" for name in ("README", "CONTRIBUTING")]
TO_READ += (page for page in sorted(DOCS.glob("**/*.md")) if not page.is_symlink())

# each page that is followed, and the beginning of its reader
PAGES: Mapping[str, Callable[[Path], Reader]] = {
    "tutorial.md": clone,
    "how-to/adopt-a-folder-of-notes.md": repository,
    "how-to/check-pages-in-ci.md": releasing,
    "how-to/put-several-procedures-on-a-page.md": folder,
    "how-to/take-secrets-from-1password.md": clone,
    "how-to/use-secrets-in-ci.md": releasing,
    "how-to/share-a-record.md": repository,
    "how-to/migrate-from-runme.md": folder,
    "site.md": site,
}


def assert_commands_run(path: Path, reader: Reader) -> None:
    """Try the commands in a file for CI, except those that download something."""
    for each in mappings(yaml.safe_load(path.read_text(encoding="utf-8"))):
        scripts = each.get("script", []) if "script" in each else [each["run"]] if "run" in each else []
        for line in (line for script in scripts for line in str(script).splitlines()):
            if line not in INSTALLING:
                known_to_us = line.startswith(("runbook-exec ", "mkdocs ", "git config "))
                assert known_to_us, f"{path.name}: `{line}` is neither ours nor known"
                environment = {**reader.environment, **each.get("env", {})}
                ran = subprocess.run(["sh", "-c", line], cwd=reader.folder, env=environment)
                assert ran.returncode == 0, f"{path.name}: `{line}` ended with {ran.returncode}"


def assert_known(each: Mapping[str, Any]) -> None:
    """Assert that a mapping for CI names only existing actions, inputs and hooks."""
    if str(each.get("uses", "")).startswith("OWNER/runbook-exec@"):
        inputs = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))["inputs"]
        assert each.get("with", {}).keys() <= inputs.keys()
    elif "uses" in each:
        assert each["uses"] in ACTIONS
    if "hooks" in each:
        hooks = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
        assert {hook["id"] for hook in each["hooks"]} <= {hook["id"] for hook in hooks}


def mappings(tree: object) -> Iterator[dict[str, Any]]:
    """Yield all mappings in the content of a YAML file."""
    if isinstance(tree, dict):
        yield tree
    for each in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from mappings(each)


@pytest.mark.parametrize("name", PAGES)
def test_a_reader_can_follow_the_page(name: str, tmp_path: Path) -> None:
    """Every command of the page runs, in order, with the documented output and exit status."""
    reader = PAGES[name](tmp_path)
    reader.follow((DOCS / name).read_text(encoding="utf-8"))
    for path in sorted([*reader.folder.glob("*.yml"), *reader.folder.glob(".*.y*ml")]):
        assert_commands_run(path, reader)
    for path in sorted(reader.folder.glob(".*/workflows/*.yml")):
        assert_commands_run(path, reader)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("```console\n$ echo one\ntwo\n```", "line 2: expected\ntwo\ngot\none"),
        ("```console\n$ echo one\none\n…\ntwo\n```", "line 2: expected"),
        ("```console\n$ false\n```", "line 2: `false` ended with 1"),
        ("```console\n$ true  # exit status 3\n```", "line 2: `true` ended with 0"),
        ("Press <kbd>enter</kbd>.", "line 1: expected a command that is running"),
        ("```text\none\n```", "line 1: expected a command that is running"),
        ('```toml title="a"\nb = 1\n```\n\n```diff title="a"\n-b = 2\n```', "line 5: expected once"),
    ],
)
def test_a_difference_from_the_page_is_reported_with_its_line(page: str, said: str, tmp_path: Path) -> None:
    """The reader stops at the first difference between the page and the result."""
    with pytest.raises(AssertionError) as stopped:
        folder(tmp_path).follow(page)
    assert str(stopped.value).startswith(said)


def test_the_commands_of_the_readme_run(tmp_path: Path) -> None:
    """All of them run, in order, in a clone that is a practice world too."""
    reader = clone(tmp_path)
    world = create(tmp_path / "world", browser=True)
    for name in ("mise-tasks", "fly"):
        (reader.folder / name).symlink_to(world.work / name)
    page = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    commands = [act for act in parse_acts(page) if isinstance(act, Command) and act.words not in NOT_RUN]
    assert len(commands) > len(BEGUN)
    with serving(str(world.folder)):
        environment = world.environment(reader.environment)
        for command in commands:
            words = command.words.replace("old-token-id=…", f"old-token-id={world.state()['old_token']}")
            with open_screen(["sh", "-c", words], reader.folder, environment, COLUMNS, ROWS) as shown:
                if command.words in BEGUN:
                    shown.wait_last("›")
                    shown.type("q")
                allowed = (130,) if command.words in BEGUN else STATUSES.get(command.words, (0,))
                status = shown.wait_status()
                assert status in allowed, f"`{words}` ended with {status}:\n{shown.text()}"


def calls(page: Path) -> Iterator[list[str]]:
    """Yield the arguments of each call of the program in a page, in console blocks and prose."""
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        lines = [line[2:] for line in token.content.split("\n") if line.startswith("$ ")]
        console = lines if token.type == "fence" and token.info == "console" else ()
        for call in (
            *console,
            *(child.content for child in token.children or () if child.type == "code_inline"),
        ):
            words = shlex.shlex(re.sub(r"\s{2,}# .*", "", call), posix=True, punctuation_chars="|<>")
            words.whitespace_split, words.commenters = True, ""
            if call.startswith("runbook-exec "):
                yield list(takewhile(lambda word: word[0] not in "|<>", words))[1:]


def is_valid(words: list[str]) -> bool:
    """Return whether the program knows the command and its options; they are not run."""
    try:
        parse_arguments(words)
    except SystemExit as end:  # 0 after `--version` and `--help`
        return end.code == 0
    return True


@pytest.mark.parametrize("page", TO_READ, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_commands_in_a_page_are_valid(page: Path) -> None:
    """The program knows every command and option that a page names."""
    assert [words for words in calls(page) if not is_valid(words)] == []


@pytest.mark.parametrize("page", TO_READ, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_settings_in_a_page_are_valid(page: Path, program: Program) -> None:
    """YAML and TOML of a page have only known front matter, settings and parts of CI."""
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        language = token.info.split(" ")[0]
        if language == "yaml":
            trees = [tree for tree in yaml.safe_load_all(token.content) if tree]
            for each in (each for tree in trees for each in mappings(tree)):
                assert_known(each)
            if any("runbook" in tree for tree in trees):
                matter = token.content.strip().strip("-\n")
                assert (
                    parse_runbook(
                        f"---\n{matter}\n---\n# Deploy\n\n```fish\ntrue\n```\n".encode(), "page.md"
                    ).problems
                    == ()
                )
        elif language == "toml" and OTHER_TOML.isdisjoint(tomllib.loads(token.content)):
            project = "tool" in tomllib.loads(token.content)
            program.write("pyproject.toml" if project else "runbook-exec.toml", token.content)
            program.write("page.md", "# Page\n")
            assert program.run("lint", "page.md", "--no-cache").stderr == ""


def test_the_reference_has_every_option_and_key() -> None:
    """It has a heading for each option of a run, and names the options of each command, and the settings."""
    text = (DOCS / "reference.md").read_text(encoding="utf-8")
    options, _ = find_parser(["run"])
    names = [name for each in options.list_actions() for name in each.option_strings if name != "-h"]
    headings = set(re.findall(r"^#### (--[\w-]+)$", text, re.MULTILINE))
    assert headings == {*names} - {"--help", "--version"}
    for command in COMMANDS:
        for action in find_parser([command])[0].list_actions():
            missing = [name for name in action.option_strings if name.startswith("--") and name not in text]
            known = {"--help", "--version", "--stdio", "--watch"}
            assert not set(missing) - known or command == "lint", f"{command}: {missing}"
    assert [name for name in (*SETTING_NAMES, *INPUT_NAMES) if f"{name}:" not in text] == []


def test_links_of_the_documentation_are_not_broken() -> None:
    """They lead to existing pages and headings."""
    pages = [str(page.relative_to(REPOSITORY)) for page in TO_READ]
    options = ["--no-cache", "--select", "broken-link,broken-anchor,broken-wikilink"]
    looked = subprocess.run(
        [*COMMAND, "lint", *options, *pages], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert (looked.returncode, looked.stdout) == (0, f"nothing found in {len(pages)} pages\n"), looked.stdout
