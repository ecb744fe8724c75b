"""`runbook-exec docs init`: its additions to a site, its output, and unchanged files."""

from __future__ import annotations

import pytest

from tests.support.program import Program
from tests.support.site_kit import BUILDERS, build_site

SETTINGS = """\
site_name: Ours
# what it looks like
theme:
  name: material
  font: false
markdown_extensions:
  - tables
  - toc: # contents
      permalink: true
extra_css:
nav:
- index.md
"""
PAGE = "# Restart it\n\n## Steps\n\n1. Restart.\n\n   ```bash\n   echo <unit>\n   ```\n"


@pytest.mark.parametrize("builder", BUILDERS)
def test_missing_settings_and_files_are_added(program: Program, builder: str) -> None:
    """Settings keep comments and order, changes are reported, and the site builds strictly."""
    program.write("mkdocs.yml", SETTINGS)
    (program.work / "docs").mkdir()
    program.write("docs/index.md", PAGE)
    ran = program.run("docs", "init")
    assert ran.status == 0, ran.output
    assert ran.stdout.splitlines()[:2] == [
        "mkdocs.yml: added `runbook_exec.site` to `markdown_extensions`",
        "mkdocs.yml: added `assets/runbook-exec/runbook.css` to `extra_css`",
    ]
    assert "wrote docs/assets/runbook-exec/fill.js" in ran.stdout
    text = (program.work / "mkdocs.yml").read_text(encoding="utf-8")
    expected = SETTINGS.replace("extra_css", "  - runbook_exec.site\nextra_css")
    expected = expected.replace("nav:", "  - assets/runbook-exec/runbook.css\nnav:")
    assert text.startswith(expected)
    assert build_site(program.work, builder, strict=True)[0] == 0
    site = program.work / "site" / "index.html"
    assert 'class="rb-block rb-runs"' in site.read_text(encoding="utf-8")
    assert program.run("docs", "init").stdout == "nothing to do: the site has all that it needs\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("extra_css: [a.css]", "extra_css: [a.css, assets/runbook-exec/runbook.css]"),
        ("extra_css: [] # none", "extra_css: [assets/runbook-exec/runbook.css] # none"),
        ('extra_css: [ "a.css" , ]', 'extra_css: [ "a.css", assets/runbook-exec/runbook.css , ]'),
        (
            "extra_css: [\n  a.css, # ours\n  b.css # theirs\n]",
            "extra_css: [\n  a.css, # ours\n  b.css, assets/runbook-exec/runbook.css # theirs\n]",
        ),
        ("markdown_extensions: [tables, toc: {a: b}]", "[tables, toc: {a: b}, runbook_exec.site]"),
        ("markdown_extensions: {tables: {}}", "markdown_extensions: {tables: {}, runbook_exec.site: {}}"),
        ("markdown_extensions: {}", "markdown_extensions: {runbook_exec.site: {}}"),
    ],
)
def test_a_list_in_brackets_stays_one(program: Program, before: str, after: str) -> None:
    """Missing items are added between the brackets, and nothing else changes."""
    program.write("mkdocs.yml", f"site_name: Ours\n{before}\n")
    (program.work / "docs").mkdir()
    program.write("docs/index.md", PAGE)
    ran = program.run("docs", "init")
    assert ran.status == 0, ran.output
    assert f"{after}\n" in (program.work / "mkdocs.yml").read_text(encoding="utf-8")
    assert program.run("docs", "init").stdout == "nothing to do: the site has all that it needs\n"


def test_outdated_assets_are_renewed(program: Program) -> None:
    """After an update, only files of another version are written."""
    program.write("mkdocs.yml", SETTINGS)
    (program.work / "docs").mkdir()
    program.write("docs/index.md", PAGE)
    program.run("docs", "init")
    program.write("docs/assets/runbook-exec/fill.js", "old")
    assert program.run("docs", "init").stdout == "renewed docs/assets/runbook-exec/fill.js\n"


def test_a_dry_run_changes_nothing(program: Program) -> None:
    """It reports what it would do."""
    program.write("mkdocs.yml", SETTINGS)
    (program.work / "docs").mkdir()
    program.write("docs/index.md", PAGE)
    ran = program.run("docs", "init", "--dry-run")
    assert "dry run: wrote docs/assets/runbook-exec/fill.js" in ran.stdout
    assert sorted(path.name for path in (program.work / "docs").iterdir()) == ["index.md"]
    assert (program.work / "mkdocs.yml").read_text(encoding="utf-8") == SETTINGS


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (None, "expected the settings of a site in `mkdocs.yml`, which is not there"),
        ("- a\n", "mkdocs.yml: expected a mapping of settings"),
        ("a: [\n", "mkdocs.yml:2: expected YAML"),
        ("a: b\nextra_css: a.css\n", "mkdocs.yml:2: expected `extra_css` to be a list with one item a line"),
        (
            "x: &x [a]\nextra_css: *x\n",
            "mkdocs.yml:2: expected `extra_css` to be a list with one item a line",
        ),
        ("docs_dir: pages\n", "expected the pages of the site in `pages`, which is no folder"),
    ],
)
def test_unsupported_settings_are_refused(program: Program, settings: str | None, told: str) -> None:
    """Missing, invalid or complicated settings are refused, and nothing is written."""
    (program.work / "docs").mkdir()
    program.write("docs/index.md", PAGE)
    if settings is not None:
        program.write("mkdocs.yml", settings)
    ran = program.run("docs", "init")
    assert (ran.status, ran.stdout) == (2, "")
    assert told in ran.stderr
    assert sorted(path.name for path in (program.work / "docs").iterdir()) == ["index.md"]
    if settings is not None:
        assert (program.work / "mkdocs.yml").read_text(encoding="utf-8") == settings
