"""Pages that are deep, repeated or broken: the site renders each of them quickly, or as it is."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from types import SimpleNamespace
from xml.etree.ElementTree import Element

import pytest
from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

from runbook_exec.site.assets import BELOW, STATIC
from runbook_exec.site.extension import SiteExtension
from tests.support.hostile_pages import CONTENTS, make_neighbours

SIZE = 3_000  # bytes: Python-Markdown itself takes the cube of what some of these pages have
SECONDS = 20.0  # of the processor, for a page; the slowest take a tenth of it


class Located(Treeprocessor):
    """What MkDocs registers for a page, by which the extension knows its path."""

    class Config(dict[str, object]):
        """The settings of a site, with the path of their file."""

        config_file_path = ""

    def __init__(self, md: Markdown, docs: Path, page: str) -> None:
        super().__init__(md)
        self.file = SimpleNamespace(src_uri=page)
        self.config = self.Config(docs_dir=str(docs), strict=False)
        self.config.config_file_path = str(docs.parent / "mkdocs.yml")

    def run(self, root: Element) -> None:
        """Change nothing."""


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of a site, with the files that they need."""
    folder = tmp_path_factory.mktemp("hostile") / "docs"
    shutil.copytree(STATIC, folder / BELOW)
    make_neighbours(folder)
    return folder


@pytest.mark.parametrize("kind", sorted({name.partition("-")[0] for name in CONTENTS}))
def test_a_hostile_page_is_rendered(kind: str, docs: Path) -> None:
    """Nothing on a page ends the build of the site."""
    for name in (name for name in CONTENTS if name.partition("-")[0] == kind):
        data = CONTENTS[name]()[:SIZE]
        (docs / f"{name}.md").write_bytes(data)
        md = Markdown(extensions=["tables", "toc", "fenced_code", SiteExtension()])
        md.treeprocessors.register(Located(md, docs, f"{name}.md"), "relpath", 0)
        before = time.process_time()
        assert isinstance(md.convert(data.decode("utf-8-sig", "replace")), str)
        assert time.process_time() - before < SECONDS, name


def test_a_long_runbook_is_rendered_in_time(docs: Path) -> None:
    """A page with 3,000 steps takes time in proportion to them."""
    data = CONTENTS["numbered-headings"]()
    (docs / "long.md").write_bytes(data)
    md = Markdown(extensions=["fenced_code", SiteExtension()])
    md.treeprocessors.register(Located(md, docs, "long.md"), "relpath", 0)
    before = time.process_time()
    assert md.convert(data.decode()).count("rb-block") >= 3000
    assert time.process_time() - before < SECONDS
