"""Characters that hide or turn text, and such that XML forbids, on pages of a site."""

from __future__ import annotations

import html
import re
from pathlib import Path

from runbook_exec.site.html.escaping import escape, escape_code
from tests.support.planted import PLANT, RAW, broken_page, planted_page
from tests.support.site_kit import build_site

_MARK = re.compile(r'<span class="rb-hidden" dir="ltr" data-code="([^"]*)">(.)</span>', re.DOTALL)


def test_code_shows_each_hidden_character_and_keeps_its_text() -> None:
    """A mark before the character shows it; without the marks the text is exact."""
    marked = escape_code(f"echo '{PLANT}' <a> & 👩\u200d💻")
    assert RAW.findall(_MARK.sub("", marked)) == []
    assert html.unescape(_MARK.sub(r"\2", marked)) == f"echo '{PLANT}' <a> & 👩\u200d💻"
    assert 'data-code="\\u202e"' in marked


def test_other_text_has_them_written_out() -> None:
    """Titles, notes and defaults have no active character, so they are valid in XML, too."""
    assert RAW.findall(escape(PLANT)) == []
    assert escape("<a> \x1b[8m\u202e") == "&lt;a&gt; \\x1b[8m\\u202e"


def test_a_site_with_planted_pages_is_built(tmp_path: Path) -> None:
    """Every field of a page, and its title in the table of runbooks, is rendered without an error."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text("# Runbooks\n\n<!-- runbooks -->\n")
    (docs / "code.md").write_text(planted_page())
    (docs / "plain.md").write_text(planted_page(in_code=False))
    (docs / "broken.md").write_text(broken_page())
    (tmp_path / "theme").mkdir()
    (tmp_path / "theme" / "main.html").write_text("{{ page.content }}")
    (tmp_path / "mkdocs.yml").write_text(
        "site_name: x\ntheme: {name: null, custom_dir: theme}\nmarkdown_extensions: [runbook_exec.site]\n"
    )
    status, output = build_site(tmp_path, "mkdocs")
    assert status == 0, output
    assert "Traceback" not in output
    table = (tmp_path / "site" / "index.html").read_text()
    assert "Title a\\x1b[8mb" in table
    assert RAW.findall(table) == []
    assert 'data-code="\\u202e"' in (tmp_path / "site" / "code" / "index.html").read_text()
