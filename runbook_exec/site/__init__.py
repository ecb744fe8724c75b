"""The Markdown extension for a documentation site: a runbook's page shows exactly what runs.

In `mkdocs.yml`, for MkDocs and for zensical alike::

    markdown_extensions:
      - runbook_exec.site:
          runbooks: ["runbooks/*.md"]
    extra_css: [assets/runbook-exec/runbook.css]
    extra_javascript: [assets/runbook-exec/fill.js, assets/runbook-exec/runbook.js]

Needs the extra `site`. The two files of styles and scripts are put in place by `runbook-exec docs init`.
"""

from __future__ import annotations

from typing import Any

TYPE_CHECKING = False  # as in typing
if TYPE_CHECKING:
    from .extension import SiteExtension


def makeExtension(**settings: Any) -> SiteExtension:
    """The extension, with its settings."""
    from .extension import SiteExtension

    return SiteExtension(**settings)
