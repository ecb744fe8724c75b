"""Which page a link means, in cases where several pages or the folders around it decide."""

from __future__ import annotations

import subprocess
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from runbook_exec.lint.cache import Cache
from runbook_exec.lint.linter import lint
from runbook_exec.lint.selection import LintSettings, Selection

TODAY = date(2026, 11, 25)
LINKS = ("D501", "D502", "D503", "D504")
Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files by their names below the test's folder, and returns that folder."""

    def into(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return into


def found(folder: Path, *names: str, codes: tuple[str, ...] = LINKS) -> list[tuple[str, int, int]]:
    """The findings on these pages: code, line and column."""
    paths = [str(folder / name) for name in names]
    report = lint(paths, dict.fromkeys(paths, LintSettings(Selection(select=codes))), TODAY)
    return [(each.code, each.location.line, each.location.column) for each in report.diagnostics]


EVERY_KIND = "# A\n\n[[nowhere]] [a](nowhere.md) ![](no.png) [b](#nowhere) [[#nowhere]] [[nowhere#a]]\n"


def test_without_a_root_only_own_headings_are_checked(write: Write) -> None:
    """A page in a folder of its own may be part of any site.

    Its links to other pages are not checked.
    """
    folder = write({"page.md": EVERY_KIND})
    assert found(folder, "page.md") == [("D503", 3, 45), ("D503", 3, 57)]
    write({"runbook-exec.toml": ""})
    assert [code for code, _, _ in found(folder, "page.md")] == [
        *("D501", "D504", "D504", "D503", "D503", "D501")
    ]


def test_relative_links_on_standard_input_are_not_checked(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of a page on standard input is unknown."""
    monkeypatch.chdir(write({"mkdocs.yml": ""}))
    settings = {"-": LintSettings(Selection(select=LINKS))}
    report = lint(["-"], settings, TODAY, given={"-": EVERY_KIND.encode()})
    assert [(each.code, each.location.column) for each in report.diagnostics] == [("D503", 45), ("D503", 57)]


def test_a_wikilink_prefers_near_pages(write: Write) -> None:
    """Pages in the folder of the page come first, and pages near the top before deeper ones."""
    files = {"a/setup.md": "", "b/setup.md": "", "b/c/setup.md": "", "x/y/z.md": "", "q/z.md": ""}
    folder = write(
        {".obsidian/app.json": "{}", **files, "a/one.md": "[[setup]]\n", "two.md": "[[setup]] [[z]]\n"}
    )
    write(
        {
            "top.md": "# Top\n",
            "a/top.md": "# Near\n",
            "a/four.md": "[[top#Top]] [[./top#Near]] [[top#Near]]\n",
        }
    )
    assert found(folder, "a/four.md") == [("D503", 1, 33)]
    write({"b/c/d/three.md": "[[setup]] [[c/setup]] [[../setup]] [[/b/setup]]\n"})
    assert found(folder, "a/one.md", "two.md") == [("D502", 1, 1)]
    assert found(folder, "b/c/d/three.md") == [("D502", 1, 1)]


def test_outside_a_vault_the_same_top_folder_is_preferred(write: Write) -> None:
    """In a repository, folders beside the documentation may hold pages of the same name."""
    files = {"docs/a/setup.md": "", "templates/a/setup.md": "", "docs/b/page.md": "[[setup]]\n"}
    folder = write({".git/HEAD": "", **files})
    assert found(folder, "docs/b/page.md") == []
    write({"docs/c/setup.md": ""})
    assert found(folder, "docs/b/page.md") == [("D502", 1, 1)]


def test_names_are_compared_like_file_systems_and_quartz(write: Write) -> None:
    """Case, composed letters, and a blank for a hyphen do not matter; an alias is a name too."""
    decomposed = unicodedata.normalize("NFD", "Übersicht")
    files = {
        f"{decomposed}.md": "",
        "fly-io-proxy.md": "---\naliases:\n  - Proxy for fly\n---\n",
        "v1.2.md": "",
    }
    text = "[[übersicht]] [[Fly IO proxy]] [[proxy for fly]] [[v1.2]] [[v1.3]] [[how-to]] [[how-to/]]\n"
    folder = write({"mkdocs.yml": "", **files, "page.md": text, "how-to/a.md": ""})
    assert found(folder, "page.md") == [("D501", 1, text.index("[[v1.3") + 1)]


def test_markdown_links_go_by_name_only_in_a_vault(write: Write) -> None:
    """Obsidian writes `[a](page.md)` for a page in any folder; elsewhere that link is broken."""
    folder = write(
        {"mkdocs.yml": "", "a/deep/other.md": "# B\n", "page.md": "[a](other.md) [b](./other.md)\n"}
    )
    assert found(folder, "page.md") == [("D504", 1, 5), ("D504", 1, 19)]
    write({".obsidian/app.json": "{}"})
    assert found(folder, "page.md") == [("D504", 1, 19)]


def test_relative_links_start_at_the_page(write: Write) -> None:
    """Folders, pages served as folders, and HTML pages are found.

    Paths above the root are not checked.
    """
    files = {"mkdocs.yml": "", "docs/a/b.md": "# B\n", "docs/img/x.png": "", "docs/c.md": "# C\n"}
    good = "[](../c.md#c) [](b.md) ![](../img/x.png) [](../../c/) [](../c.html) [](../../../../x.md) [](.)\n"
    bad = "[](../b.md) [](../c.md#b) [](../img/y.png)\n"
    folder = write({**files, "docs/a/page.md": good + bad})
    assert found(folder, "docs/a/page.md") == [("D504", 2, 4), ("D503", 2, 23), ("D504", 2, 30)]


def test_files_ignored_by_git_are_not_missing(write: Write) -> None:
    """A page that git ignores may be made later; any other page that does not exist is missing."""
    text = "[a](api/index.md) [b](api.md) [[kept-to-myself]]\n"
    files = {".gitignore": "api/\nprivate/\n", "private/kept-to-myself.md": ""}
    folder = write({**files, "page.md": text})
    subprocess.run(["git", "-C", str(folder), "init", "-q"], check=True)
    assert found(folder, "page.md") == [("D504", 1, 23)]


def test_missing_pages_of_a_generated_site_have_no_finding(write: Write) -> None:
    """If a plugin of MkDocs writes pages, a missing page is no finding."""
    folder = write(
        {"mkdocs.yml": "plugins:\n  - gen-files:\n      scripts: [a.py]\n", "page.md": "[a](b.md) [[c]]\n"}
    )
    assert found(folder, "page.md") == []
    write({"mkdocs.yml": "plugins:\n  - search\n"})
    assert found(folder, "page.md") == [("D504", 1, 5), ("D501", 1, 11)]


def test_pages_outside_the_inner_root_exist(write: Write) -> None:
    """A site in a folder of a repository may link to existing pages elsewhere in it."""
    files = {".git/HEAD": "", "notes/other.md": "# O\n", "site/mkdocs.yml": ""}
    folder = write(
        {**files, "site/page.md": "[[other#O]] [a](../notes/other.md) [b](../notes/gone.md) [[gone]]\n"}
    )
    assert found(folder, "site/page.md") == [("D504", 1, 40), ("D501", 1, 58)]


def test_the_fix_removes_blanks_in_a_wikilink(write: Write) -> None:
    """The fix keeps the heading and the label as they are."""
    text = "[[ home ]] | [[home \\|a b]] [[home #A| b]]\n"
    path = str(write({"mkdocs.yml": "", "home.md": "# A\n", "page.md": text}) / "page.md")
    report = lint([path], {path: LintSettings(Selection(select=("D508",)))}, TODAY)
    for each in reversed(report.diagnostics):
        assert each.fix is not None
        text = text[: each.fix.location.start] + each.fix.replacement + text[each.fix.location.end :]
    assert text == "[[home]] | [[home\\|a b]] [[home#A| b]]\n"


def test_a_missing_index_is_reported_once(write: Write) -> None:
    """The finding is on the first page of the folder.

    A page with the name of the folder is an index.
    """
    names = (
        "a/b.md",
        "a/c.md",
        "how-to/x.md",
        "guide/guide.md",
        "guide/y.md",
        "index.md",
        "how-to.md",
        "d/README.md",
    )
    folder = write({"mkdocs.yml": "", **dict.fromkeys(names, "# A\n")})
    paths = [str(folder / name) for name in names]
    report = lint(paths, dict.fromkeys(paths, LintSettings(Selection(select=("D507",)))), TODAY)
    assert [each.path for each in report.diagnostics] == [str(folder / "a/b.md")]


@pytest.mark.parametrize(
    "text",
    [
        "[[" * 100_000,
        "[[x]] " * 20_000,
        "[a](" * 100_000,
        '[a](b.md "' * 20_000,
        "[a](#b) " * 20_000 + "# b\n" * 20_000,
        "[[x]] <!-- %% <code> " * 20_000,
        "## Steps\n\n1. a\n2. b\n\n" + "`a` see step 9 " * 20_000,
        "[[a " + "x" * 5_000_000,
        "[a]: b.md\n" * 20_000 + "[a]\n" * 20_000,
    ],
    ids=lambda text: text[:10],
)
@pytest.mark.timeout(60)
def test_time_is_linear_in_the_number_of_links(write: Write, text: str) -> None:
    """A check of the whole page for each link would take hours here."""
    folder = write({"mkdocs.yml": "", "page.md": text})
    assert isinstance(found(folder, "page.md", codes=("D",)), list)


def test_a_result_is_valid_while_its_surroundings_are_the_same(write: Write, tmp_path: Path) -> None:
    """A page is checked again only if its links, dates or history may have another result."""
    text = "---\nlast-reviewed: 2026-11-01\nmodified: 2026-11-20\n---\n\n[a](b.md#b) [[c]] [[d#D]]\n"
    folder = write({"mkdocs.yml": "", "page.md": text, "d.md": "# E\n"})
    path = str(folder / "page.md")
    kept = tmp_path / "kept"

    def codes(today: date = TODAY) -> list[str]:
        settings = {path: LintSettings(Selection(select=("D",), ignore=("D505", "D507")))}
        report = lint([path], settings, today, cache=Cache(kept))
        again = lint([path], settings, today)
        assert report == again
        return [each.code for each in report.diagnostics]

    assert codes(date(2026, 11, 18)) == ["D520", "D504", "D501", "D503"]
    assert codes() == ["D504", "D501", "D503"]
    write({"b.md": "# B\n"})
    assert codes() == ["D501", "D503"]
    write({"x/c.md": ""})
    assert codes() == ["D503"]
    write({"y/c.md": ""})
    assert codes() == ["D502", "D503"]
    write({"d.md": "# D\n", "c.md": ""})
    assert codes() == []
    write({"b.md": "# C\n"})
    assert codes() == ["D503"]
    assert codes(date(2027, 5, 1)) == ["D522", "D503"]
    (folder / "mkdocs.yml").unlink()
    assert codes(date(2027, 5, 1)) == ["D522"]
