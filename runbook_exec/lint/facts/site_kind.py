"""Answers questions about the program that builds a site.

Each answer follows from the files of its workspace.
"""

from __future__ import annotations

from ...text.lazy_pattern import LazyPattern
from .workspace import Workspace

_VAULT = (".obsidian", "quartz.config.ts")

_LABEL_FIRST = ("dendron.yml", "dendron.code-workspace", "_Sidebar.md", ".gollum")

# sites whose links mean more than files, and whose anchors are made in their own ways
_OTHER_RULES = (
    "_config.yml", "hugo.toml", "hugo.yaml", "config.toml", "docusaurus.config.js", "docusaurus.config.ts",
    "conf.py", "gatsby-config.js", "astro.config.mjs", ".vitepress", ".vuepress", "antora.yml", "_quarto.yml",
    "myst.yml", "book.toml", "config.rb",
)  # fmt: skip

_MAKES_PAGES = LazyPattern(r"\b(?:gen-files|monorepo|multirepo|autoapi|api-autonav|mkdoxy)\b")

_OWN_ANCHORS = LazyPattern(r"\b(?:slugify|separator)\b")


def has_unknown_link_rules(workspace: Workspace, folder: str) -> bool:
    """Return whether a folder belongs to a site with unknown rules for links and anchors."""
    known = workspace.unknown_link_rules.get(folder)
    if known is None:
        known = any(workspace.exists(f"{folder}/{name}".lstrip("/")) for name in _OTHER_RULES)
        known = known or (
            has_unknown_link_rules(workspace, folder.rpartition("/")[0])
            if folder
            else _OWN_ANCHORS.search(workspace.mkdocs) is not None
        )
        workspace.unknown_link_rules[folder] = known
    return known


def is_vault(workspace: Workspace) -> bool:
    """Return whether the root is a vault of Obsidian or Quartz."""
    return any((workspace.root / name).exists() for name in _VAULT)


def needs_lists(workspace: Workspace) -> bool:
    """Return whether the site's program does not read text with commas as a list."""
    return any((workspace.root / name).exists() for name in ("mkdocs.yml", ".obsidian"))


def allows_label_first(workspace: Workspace) -> bool:
    """Return whether wikilinks may be written `[[label|page]]`, as in Dendron and in wikis."""
    return workspace.base.name.endswith(".wiki") or any(map(workspace.exists, _LABEL_FIRST))


def makes_pages(workspace: Workspace) -> bool:
    """Return whether the build of the site makes pages that are not among the files."""
    return _MAKES_PAGES.search(workspace.mkdocs) is not None


QUERIES = (has_unknown_link_rules, is_vault, needs_lists, allows_label_first, makes_pages)
