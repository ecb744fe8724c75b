"""Defines what a feature of the server is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsprotocol.types import Range

from ..diagnostics.report import Diagnostic
from ..document.model import Runbook
from ..light_classes import NamedTuple, dataclass
from ..lint.facts.workspace import Workspace
from ..lint.facts.workspace_finder import find_root, get_workspace
from ..lint.inputs import STANDARD_INPUT
from ..lint.rule import LintContext
from ..text.span import Span
from .edits import TextChange
from .pages import OpenPage

_AS_IS = TextChange(0, 0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class PageView:
    """An open page as a feature sees it.

    `runbook` may be of an earlier text of the page; `change` is what has changed since.
    """

    page: OpenPage
    runbook: Runbook
    found: tuple[Diagnostic, ...]  # the latest findings, at their places in the page
    context: LintContext
    versioned_edits: bool = True  # whether the client checks the version of the page that edits are for
    change: TextChange = _AS_IS

    def range(self, start: int, end: int) -> Range:
        """Return the range of a part of the parsed text in the page as it is now."""
        return self.page.positions.range(self.change.move(start), self.change.move(end))

    def span_range(self, span: Span) -> Range:
        """Return the range of a span of the runbook."""
        return self.range(span.start, span.end)

    def find_workspace(self) -> tuple[Workspace, str] | None:
        """Return the workspace of the page, and the page's path in it; None without one."""
        if self.page.path == STANDARD_INPUT:
            return None
        root = find_root(self.context, Path(self.page.path).parent)
        if root is None:
            return None
        workspace = get_workspace(self.context, root)
        return workspace, workspace.relative_path(self.page.path)


class Feature(NamedTuple):
    """A request of the protocol, and the function that answers it for an open page.

    `exact` is whether it needs the page parsed as it is now; the others get the latest page that was parsed,
    if parsing takes long.
    """

    method: str
    answer: Callable[[PageView, Any], Any]
    options: object | None = None
    exact: bool = True
