"""Offers the safe changes of the linter: one at a time, or all of a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lsprotocol import types

from ...diagnostics.report import Diagnostic, TextEdit
from ...lint.fixes import select_edits
from ..feature import Feature, PageView
from ..published import build_diagnostic

FIX_ALL = "source.fixAll.runbook-exec"


def answer(view: PageView, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Return the fixes of the findings in a range, and one action that applies all fixes of the page."""
    start, end = view.page.positions.offsets(params.range)
    fixable = [found for found in view.found if found.fix is not None]
    actions = list(_quick_fixes(view, fixable, start, end)) if _wants(params, "quickfix") else []
    if fixable and _wants(params, FIX_ALL):
        edits = select_edits(found.fix for found in fixable if found.fix is not None)
        count = sum(fixed for _, fixed in edits)
        actions.append(
            types.CodeAction(
                f"Fix {count} problem{'s' * (count != 1)} of this page (runbook-exec)",
                FIX_ALL,
                edit=make_edit(view, [edit for edit, _ in edits]),
            )
        )
    return actions


def _quick_fixes(
    view: PageView, fixable: Sequence[Diagnostic], start: int, end: int
) -> Iterator[types.CodeAction]:
    for found in fixable:
        if found.fix is not None and found.location.start <= end and start <= found.location.end:
            yield types.CodeAction(
                f"Fix {found.code}: {found.hint or found.message}",
                types.CodeActionKind.QuickFix,
                diagnostics=[build_diagnostic(view.page, found)],
                is_preferred=True,
                edit=make_edit(view, [found.fix]),
            )


def _wants(params: types.CodeActionParams, kind: str) -> bool:
    """Return whether the client asks for actions of a kind; a kind includes those that begin with it."""
    only = params.context.only
    return not only or any(kind == each or kind.startswith(f"{each}.") or each == "" for each in only)


def make_edit(view: PageView, changes: Iterable[TextEdit]) -> types.WorkspaceEdit:
    """Return the changes of one page as an edit of the protocol."""
    positions = view.page.positions
    edits = [
        types.TextEdit(positions.range(change.location.start, change.location.end), change.replacement)
        for change in changes
    ]
    return edit_page(view, edits)


def edit_page(view: PageView, edits: list[types.TextEdit]) -> types.WorkspaceEdit:
    """Return edits of the page; a client that checks versions refuses them if the page has changed."""
    if not view.versioned_edits:
        return types.WorkspaceEdit(changes={view.page.uri: edits})
    page = types.OptionalVersionedTextDocumentIdentifier(view.page.uri, view.page.version)
    changes: list[types.AnnotatedTextEdit | types.TextEdit | types.SnippetTextEdit] = [*edits]
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(page, changes)])


FEATURES = (
    Feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        answer,
        types.CodeActionOptions([types.CodeActionKind.QuickFix, FIX_ALL]),
        exact=False,
    ),
)
