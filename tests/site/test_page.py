"""The pages of a built site without a browser, and the errors of a strict build."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from runbook_exec.document.parser import parse_runbook
from runbook_exec.site.assets import BELOW, STATIC
from tests.support.paths import DATA, REPOSITORY
from tests.support.program import Program
from tests.support.site_cases import FILE, format_cases
from tests.support.site_kit import BUILDERS, build_site, make_project
from tests.support.site_notes import write_notes

PAGES = sorted((*(REPOSITORY / "runbooks").glob("*.md"), *(DATA / "documents").glob("*.md")))
RUNS = [
    page for page in PAGES if any(block.runs for block in parse_runbook(page.read_bytes(), page.name).blocks)
]


class BlockCollector(HTMLParser):
    """The blocks of a page: their attributes, whole text, and text of their statements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[dict[str, str | None], list[str], str, str]] = []
        self._depth = self._inside = self._code = 0
        self._statements: list[str] = []
        self._text = self._why = ""
        self._attributes: dict[str, str | None] = {}
        self._in_why = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        kinds = (given.get("class") or "").split()
        if "rb-block" in kinds:
            self._attributes, self._statements, self._text, self._why = given, [], "", ""
        if tag == "code" and "highlight" in kinds:
            self._code = 1
        elif self._code and tag == "span":
            self._depth += 1
            if "rb-st" in kinds:
                self._statements.append("")
                self._inside = self._depth
        self._in_why = self._in_why or "rb-why" in kinds

    def handle_endtag(self, tag: str) -> None:
        self._in_why = False
        if self._code and tag == "span":
            if self._depth == self._inside:
                self._inside = 0
            self._depth -= 1
        elif self._code and tag == "code":
            self._code = 0
            self.found.append((self._attributes, self._statements, self._text, self._why))

    def handle_data(self, data: str) -> None:
        if self._in_why:
            self._why += data
        if self._code:
            self._text += data
            if self._inside:
                self._statements[-1] += data


@pytest.fixture(scope="session", params=BUILDERS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site under test, built by each of the builders."""
    folder = make_project(tmp_path_factory.mktemp("site"))
    status, told = build_site(folder, request.param)
    assert status == 0, told
    return folder / "site"


@pytest.mark.parametrize("page", RUNS, ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_a_page_shows_exactly_what_runs(built: Path, page: Path) -> None:
    """Every block is on the page byte for byte, in order, with the digest of the shell's script."""
    runbook = parse_runbook(page.read_bytes(), page.name)
    shown = BlockCollector(
        (built / page.parent.name / page.stem / "index.html").read_text(encoding="utf-8")
    ).found
    assert len(shown) == len(runbook.blocks)
    for block, (attributes, statements, code, why) in zip(runbook.blocks, shown, strict=True):
        if not block.runs:
            assert (code, why) == (block.code.removesuffix("\n"), block.why_not)
            continue
        assert statements == [statement.text for statement in block.statements]
        assert attributes["data-digest"] == hashlib.sha256(block.script.text.encode()).hexdigest()
        if block.script.text == block.code:
            assert code == block.script.text


def test_tabs_and_admonitions_are_rendered_by_the_theme(built: Path) -> None:
    """Also in a numbered step with any indentation; the blocks in them are those of the runbook."""
    page = (built / "runbooks" / "insets" / "index.html").read_text(encoding="utf-8")
    article = page[page.index("<article") : page.index("</article>")]
    assert [syntax for syntax in ("===", "!!!", "???", "```", "rbinset") if syntax in article] == []
    assert page.count('<div class="tabbed-block">') == 3
    assert '<p class="admonition-title">Take <em>care</em></p>' in page
    assert re.search(r'<details class="tip">\s*<summary>Tip</summary>\s*<p>It helps', page)
    assert [(code, why) for _, _, code, why in BlockCollector(page).found] == [
        ("apt install x", ""),
        ("dnf install x", ""),
        ("x --version", ""),
        ("slow: true", "not a shell"),
        ("sleep 60", "in a folded section"),
        ("x --start", ""),
    ]
    assert page.count('<span class="rb-note">only if “Debian” is chosen</span>') == 1


def test_a_block_says_where_its_statements_run(built: Path) -> None:
    """The card has the host of the page; a block has other hosts, and shells that a statement opens."""
    page = (built / "runbooks" / "other-machine" / "index.html").read_text("utf-8")
    notes = re.findall(r'<span class="rb-note">(.*?)</span>', page)
    assert notes == ["1.2–1.4 on web1", "on web2", "on this machine"]
    assert "<dt>Runs on</dt><dd>db1</dd>" in page
    assert re.findall(r'data-n="(.*?)"', page) == ["1.1", "1.2", "1.3", "1.4", "1.5", "2.1", "2.2"]
    assert '<span class="rb-elsewhere" title="a file that is not on this site">the script</span>' in page
    assert '<a href="../values/">the values</a>' in page


def test_the_title_of_a_fence_is_a_caption(built: Path) -> None:
    """Both for a block that runs and for one that does not."""
    page = (built / "runbooks" / "insets" / "index.html").read_text(encoding="utf-8")
    titles = re.findall(r'<span class="rb-title">(.*?)</span>', page)
    assert titles == ["slow &lt;b&gt;.yml", "start.sh"]


def test_wikilinks_lead_to_the_same_pages_as_in_obsidian(built: Path) -> None:
    """Links to a page, to a heading, in a table and to other sites; none in code."""
    home = (built / "index.html").read_text(encoding="utf-8")
    assert '<a href="runbooks/values/">the values</a>' in home
    assert '<a href="runbooks/values/#1-say-it-in-fish">values › 1. Say it in fish</a>' in home
    assert '<a href="runbooks/hostile/">in a table</a>' in home
    assert '<span class="rb-elsewhere" title="a page that is not on this site">elsewhere</span>' in home
    assert "<code>[[not a link]]</code>" in home


def test_the_default_of_a_secret_is_on_no_page(built: Path) -> None:
    """Neither its default nor its choices, nor in the search index."""
    texts = [path for path in built.rglob("*") if path.is_file() and path.suffix in (".html", ".json")]
    assert any("It opens everything." in path.read_text(encoding="utf-8") for path in texts)
    assert [path for path in texts if "told-to-nobody" in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("page", ["index.html", "runbooks/index.html"])
def test_the_table_replaces_its_comment(built: Path, page: str) -> None:
    """On a page that could be a runbook, too."""
    html = (built / page).read_text(encoding="utf-8")
    assert html.count('class="rb-table"') == 1
    assert "Rotate the Fly.io API Token</a>" in html


def test_a_page_without_a_title_gets_that_of_its_heading(built: Path) -> None:
    """Our element before the text does not hide the heading from a builder."""
    html = (built / "documents" / "deploy-with-help" / "index.html").read_text(encoding="utf-8")
    heading = re.search(r"<h1[^>]*>([^<]+)", html)
    assert heading is not None
    assert heading[1] != "Deploy with help"
    assert f"<title>{heading[1]} - Runbooks under test</title>" in html


def test_search_finds_commands(built: Path) -> None:
    """The words of a block are in the search index."""
    indices = [path for path in built.rglob("*.json") if "search" in path.name]
    assert any("tar --create --gzip" in path.read_text(encoding="utf-8") for path in indices)


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_broken_wikilink_fails_a_strict_build(builder: str, tmp_path: Path) -> None:
    """The build ends with the problem and its place; without --strict it only warns, at each place."""
    folder = make_project(tmp_path)
    shutil.rmtree(folder / "docs" / "documents")
    home = folder / "docs" / "index.md"
    assert build_site(folder, builder, strict=True)[0] == 1  # a runbook links to what its test invents
    (folder / "docs" / "runbooks" / "hostile.md").unlink()
    home.write_text("# Home\n\n<!-- runbooks -->\n", encoding="utf-8")
    assert build_site(folder, builder, strict=True)[0] == 0
    home.write_text("# Home\n\nSee [[vallues]], `[[none]]` and [[none]].\n\n[[none]]\n", encoding="utf-8")
    status, told = build_site(folder, builder, strict=True)
    assert status == 1
    assert "index.md:3: the wikilink `[[vallues]]` leads to no page of this site\n" in told
    assert "Traceback" not in told
    status, told = build_site(folder, builder)
    assert (status, "[[vallues]]" in told) == (0, True)
    lines = re.findall(r"index\.md:(\d+): the wikilink `\[\[none]]` leads to no page", told)
    assert lines == ["3", "5"]


@pytest.mark.parametrize("attributes", [True, False])
def test_a_heading_has_the_id_that_it_is_written_with(attributes: bool, tmp_path: Path) -> None:
    """With the extension `attr_list` and without it, and wikilinks and the run's command lead to it."""
    docs = tmp_path / "docs"
    docs.mkdir()
    shutil.copy(DATA / "cases" / "selection" / "heading-id.md", docs / "index.md")
    (docs / "other.md").write_text("# Other\n\nSee [[index#From source]].\n", encoding="utf-8")
    extensions = f"markdown_extensions: [runbook_exec.site, toc{', attr_list' * attributes}]\n"
    (tmp_path / "mkdocs.yml").write_text(f"site_name: x\n{extensions}", encoding="utf-8")
    shutil.copytree(STATIC, docs / BELOW)
    status, told = build_site(tmp_path, "mkdocs")
    assert status == 0, told
    page = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert re.search(r'<h2[^>]* id="manual"[^>]*>From source', page)
    assert "index.md#manual" in page
    assert "{#manual}" not in page
    assert '#manual">' in (tmp_path / "site" / "other" / "index.html").read_text(encoding="utf-8")


def test_assets_of_another_version_fail_a_strict_build(tmp_path: Path) -> None:
    """The message explains how to renew a script of another version."""
    folder = make_project(tmp_path)
    (folder / "docs" / "assets" / "runbook-exec" / "fill.js").write_text("old", encoding="utf-8")
    status, told = build_site(folder, "mkdocs", strict=True)
    assert status == 1
    assert "run `runbook-exec docs init`" in told


def test_the_cases_equal_the_results_of_the_shells_modules() -> None:
    """`python -m tests.support.site_cases` writes them."""
    assert FILE.read_text(encoding="utf-8") == format_cases()


def _sample() -> Iterator[tuple[dict[str, str], str, str, str]]:
    wanted = [case for case in json.loads(FILE.read_text(encoding="utf-8")) if case["expected"] is not None]
    for case in wanted[:: len(wanted) // 12]:
        yield case["values"], case["recipe"]["shell"], case["recipe"]["text"], case["expected"]


@pytest.mark.parametrize(("values", "shell", "statement", "expected"), [*_sample()])
def test_a_dry_run_prints_the_same(
    program: Program, values: dict[str, str], shell: str, statement: str, expected: str
) -> None:
    """The expected text of a case is the output of `--dry-run`."""
    given = [f"--set={name}={value}" for name, value in values.items() if f"<{name}>" in statement]
    ran = program.run_page(
        f"# T\n\n## Steps\n\n### 1. A\n\n````{shell}\n{statement}\n````\n", "--dry-run", *given
    )
    assert "".join(f"   {line}\n" for line in expected.split("\n")) in ran.stdout, ran.output


def test_every_runbook_of_the_project_is_on_its_site() -> None:
    """`docs/runbooks` links to each page, freshness file and recording.

    The assets are the package's.
    """
    for own, below in (
        (REPOSITORY / "runbooks", REPOSITORY / "docs" / "runbooks"),
        (REPOSITORY / "runbook_exec" / "site" / "static", REPOSITORY / "docs" / "assets" / "runbook-exec"),
    ):
        # what belongs to rehearsals, and what is trusted, is no page
        files = [path.name for path in own.iterdir() if path.is_file()]
        names = sorted(name for name in files if not name.endswith((".rehearsal.md", ".lock")))
        assert names == sorted(path.name for path in below.iterdir())
        assert all((below / name).resolve() == own / name for name in names)


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_folder_of_notes_builds_without_warnings(builder: str, tmp_path: Path) -> None:
    """120 notes with links, nested lists, fences, tables and callouts; the how-tos are runbooks."""
    folder = write_notes(tmp_path, extended=True)
    status, told = build_site(folder, builder, strict=True)
    assert (status, "WARNING" in told) == (0, False), told
    pages = [path.read_text(encoding="utf-8") for path in (folder / "site").rglob("index.html")]
    assert len(pages) == 121
    assert sum('class="rb-card"' in page for page in pages) == 40
    assert sum('<div class="admonition note">' in page for page in pages) == 120
    assert not any("rbblock" in page or "rbstep" in page for page in pages)


@pytest.mark.parametrize("builder", BUILDERS)
def test_the_project_builds_its_own_site(builder: str, tmp_path: Path) -> None:
    """From a clean clone, strictly, with its guide, reference, rules, architecture and runbooks."""
    for name in ("docs", "runbooks", "runbook_exec/site/static"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, symlinks=True)
    shutil.copy(REPOSITORY / "mkdocs.yml", tmp_path)
    status, told = build_site(tmp_path, builder, strict=True)
    assert status == 0, told
    for page in ("reference", "rules", "architecture", "runbooks/rotate-fly-token"):
        assert (tmp_path / "site" / page / "index.html").exists()
