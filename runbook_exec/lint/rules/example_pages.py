"""Pages that the examples of several rules share."""

from __future__ import annotations

HOME_PAGE = {"home.md": "# Home\n\n## Before you start\n"}


def fish_page(*lines: str) -> str:
    """Return a page with one step, whose fish block has these lines, from line 6 on."""
    return _page("fish", lines)


def bash_page(*lines: str) -> str:
    """Return a page with one step, whose bash block has these lines, from line 6 on."""
    return _page("bash", lines)


def _page(language: str, lines: tuple[str, ...]) -> str:
    return f"## Steps\n\n### 1. One\n\n```{language}\n" + "\n".join(lines) + "\n```\n"
