"""Which page a link means, where more than one page or the folders around it decide."""

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
    """Writes files by their names below a folder of the test's own, and gives that folder."""

    def into(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return into


def found(folder: Path, *names: str, codes: tuple[str, ...] = LINKS) -> list[tuple[str, int, int]]:
    """What is found on these pages: the code, the line and the column."""
    paths = [str(folder / name) for name in names]
    report = lint(paths, dict.fromkeys(paths, LintSettings(Selection(select=codes))), TODAY)
    return [(each.code, each.location.line, each.location.column) for each in report.diagnostics]


EVERY_KIND = "# A\n\n[[nowhere]] [a](nowhere.md) ![](no.png) [b](#nowhere) [[#nowhere]] [[nowhere#a]]\n"


def test_without_a_root_only_the_pages_own_headings_are_known(write: Write) -> None:
    """A page in a folder of its own may be part of anything: its links to others are left alone."""
    folder = write({"page.md": EVERY_KIND})
    assert found(folder, "page.md") == [("D503", 3, 45), ("D503", 3, 57)]
    write({"runbook-exec.toml": ""})
    assert [code for code, _, _ in found(folder, "page.md")] == [
        *("D501", "D504", "D504", "D503", "D503", "D501")
    ]


def test_a_page_on_standard_input_stands_nowhere(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it comes from is not known, so that its relative links are not followed."""
    monkeypatch.chdir(write({"mkdocs.yml": ""}))
    settings = {"-": LintSettings(Selection(select=LINKS))}
    report = lint(["-"], settings, TODAY, given={"-": EVERY_KIND.encode()})
    assert [(each.code, each.location.column) for each in report.diagnostics] == [("D503", 45), ("D503", 57)]


def test_a_wikilink_prefers_the_pages_near_it(write: Write) -> None:
    """The folder of the page comes before the rest, and the top before what is deep below."""
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


def test_names_are_compared_as_file_systems_and_quartz_do(write: Write) -> None:
    """Case, composed letters, and a blank for a hyphen make no difference; an alias is a name too."""
    decomposed = unicodedata.normalize("NFD", "Übersicht")
    files = {
        f"{decomposed}.md": "",
        "fly-io-proxy.md": "---\naliases:\n  - Proxy for fly\n---\n",
        "v1.2.md": "",
    }
    text = "[[übersicht]] [[Fly IO proxy]] [[proxy for fly]] [[v1.2]] [[v1.3]] [[how-to]] [[how-to/]]\n"
    folder = write({"mkdocs.yml": "", **files, "page.md": text, "how-to/a.md": ""})
    assert found(folder, "page.md") == [("D501", 1, text.index("[[v1.3") + 1)]


def test_markdown_links_go_by_name_in_a_vault_only(write: Write) -> None:
    """Obsidian writes `[a](page.md)` for a page in any folder; elsewhere that link is broken."""
    folder = write(
        {"mkdocs.yml": "", "a/deep/other.md": "# B\n", "page.md": "[a](other.md) [b](./other.md)\n"}
    )
    assert found(folder, "page.md") == [("D504", 1, 5), ("D504", 1, 19)]
    write({".obsidian/app.json": "{}"})
    assert found(folder, "page.md") == [("D504", 1, 19)]


def test_relative_links_start_at_the_page(write: Write) -> None:
    """Folders above and below, a page served as a folder, pages written as HTML; nothing above the root."""
    files = {"mkdocs.yml": "", "docs/a/b.md": "# B\n", "docs/img/x.png": "", "docs/c.md": "# C\n"}
    good = "[](../c.md#c) [](b.md) ![](../img/x.png) [](../../c/) [](../c.html) [](../../../../x.md) [](.)\n"
    bad = "[](../b.md) [](../c.md#b) [](../img/y.png)\n"
    folder = write({**files, "docs/a/page.md": good + bad})
    assert found(folder, "docs/a/page.md") == [("D504", 2, 4), ("D503", 2, 23), ("D504", 2, 30)]


def test_what_git_ignores_may_be_made_later(write: Write) -> None:
    """A page that git ignores is there or will be; one beside it that is not ignored is missing."""
    text = "[a](api/index.md) [b](api.md) [[kept-to-myself]]\n"
    files = {".gitignore": "api/\nprivate/\n", "private/kept-to-myself.md": ""}
    folder = write({**files, "page.md": text})
    subprocess.run(["git", "-C", str(folder), "init", "-q"], check=True)
    assert found(folder, "page.md") == [("D504", 1, 23)]


def test_a_site_that_makes_pages_is_believed(write: Write) -> None:
    """Where a plugin of MkDocs writes pages, a missing one says nothing."""
    folder = write(
        {"mkdocs.yml": "plugins:\n  - gen-files:\n      scripts: [a.py]\n", "page.md": "[a](b.md) [[c]]\n"}
    )
    assert found(folder, "page.md") == []
    write({"mkdocs.yml": "plugins:\n  - search\n"})
    assert found(folder, "page.md") == [("D504", 1, 5), ("D501", 1, 11)]


def test_pages_outside_the_inner_root_exist_all_the_same(write: Write) -> None:
    """A site in a folder of a repository may link to the repository's other pages, and to no others."""
    files = {".git/HEAD": "", "notes/other.md": "# O\n", "site/mkdocs.yml": ""}
    folder = write(
        {**files, "site/page.md": "[[other#O]] [a](../notes/other.md) [b](../notes/gone.md) [[gone]]\n"}
    )
    assert found(folder, "site/page.md") == [("D504", 1, 40), ("D501", 1, 58)]


def test_blanks_in_a_wikilink_are_taken_out(write: Write) -> None:
    """The change keeps the heading and the label as they are."""
    text = "[[ home ]] | [[home \\|a b]] [[home #A| b]]\n"
    path = str(write({"mkdocs.yml": "", "home.md": "# A\n", "page.md": text}) / "page.md")
    report = lint([path], {path: LintSettings(Selection(select=("D508",)))}, TODAY)
    for each in reversed(report.diagnostics):
        assert each.fix is not None
        text = text[: each.fix.location.start] + each.fix.replacement + text[each.fix.location.end :]
    assert text == "[[home]] | [[home\\|a b]] [[home#A| b]]\n"


def test_each_folder_has_an_index_once(write: Write) -> None:
    """Said on the first page of the folder; a page with the folder's name is an index."""
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
def test_hostile_pages_take_time_in_proportion(write: Write, text: str) -> None:
    """What would take hours if each link looked at the whole page ends in seconds."""
    folder = write({"mkdocs.yml": "", "page.md": text})
    assert isinstance(found(folder, "page.md", codes=("D",)), list)


def test_what_was_found_holds_while_all_around_is_the_same(write: Write, tmp_path: Path) -> None:
    """A page is not looked at again unless something that its links, dates or history rest on has changed."""
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
