"""Renames a placeholder wherever the page names it."""

from __future__ import annotations

import re

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from ...document.placeholders import normalise_name, parse_placeholder_name
from ..feature import Feature, PageView
from ..placeholder_uses import PlaceholderUse, UseKind, find_use_at, find_uses
from .code_actions import edit_page

_PLAIN_KEY = re.compile(r"[^\W\d_][\w ./-]*")

_PLAIN_WORD = re.compile(r"[\w./:-]+")


def prepare(view: PageView, params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
    """Return the name at a position; None if it is not that of a placeholder."""
    use = find_use_at(view.runbook, view.page.positions.offset(params.position))
    if use is None:
        return None
    written = view.page.text[use.start : use.end]
    return types.PrepareRenamePlaceholder(view.range(use.start, use.end), written)


def answer(view: PageView, params: types.RenameParams) -> types.WorkspaceEdit | None:
    """Return the edits that rename a placeholder. Raises JsonRpcInvalidParams if the name is not possible."""
    use = find_use_at(view.runbook, view.page.positions.offset(params.position))
    if use is None:
        return None
    uses = find_uses(view.runbook)
    new = params.new_name.strip().strip("<>").strip()
    try:
        name = parse_placeholder_name(new)
    except ValueError as error:
        raise JsonRpcInvalidParams(str(error)) from None
    if new[:1] in "[{$" or "\n" in new:
        raise JsonRpcInvalidParams(f"expected the name of a placeholder such as `new-token`; got `{new}`")
    if name != use.name and any(other.name == name for other in uses):
        message = f"the page has a placeholder `{name}` already: both would get the same value"
        raise JsonRpcInvalidParams(message)
    edits = [
        types.TextEdit(view.range(each.start, each.end), write_name(each, new))
        for each in uses
        if each.name == use.name
    ]
    return edit_page(view, edits)


def write_name(use: PlaceholderUse, new: str) -> str:
    """Return the new name as it is written at a place."""
    if use.kind is UseKind.EXPRESSION:
        return re.sub(r"\W", "_", normalise_name(new))
    if use.kind is UseKind.BARE:
        return f"<{new}>"  # most other names would be taken as written
    if use.quoted or use.kind is UseKind.BRACKETS:
        return new
    plain = _PLAIN_WORD if use.kind is UseKind.CAPTURE else _PLAIN_KEY
    return new if plain.fullmatch(new) else f'"{new}"'


FEATURES = (
    Feature(types.TEXT_DOCUMENT_PREPARE_RENAME, prepare),
    Feature(types.TEXT_DOCUMENT_RENAME, answer, types.RenameOptions(prepare_provider=True)),
)
