"""Extends Markdown for a documentation site: a runbook's page shows exactly what runs.

In `mkdocs.yml`, for both MkDocs and zensical::

    markdown_extensions:
      - runbook_exec.site:
          runbooks: ["runbooks/*.md"]
    extra_css: [assets/runbook-exec/runbook.css]
    extra_javascript: [assets/runbook-exec/fill.js, assets/runbook-exec/runbook.js]

Needs the extra `site`. `runbook-exec docs init` installs the style sheet and the scripts.
"""

from __future__ import annotations

from typing import Any

TYPE_CHECKING = False  # as in typing
if TYPE_CHECKING:
    from .extension import SiteExtension


def makeExtension(**settings: Any) -> SiteExtension:
    """Make the extension; Python-Markdown calls this with its settings."""
    from .extension import SiteExtension

    return SiteExtension(**settings)
