"""Completes annotations, front matter, wikilinks, anchors, languages and placeholders."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lsprotocol import types

from ..completion_places import (
    complete_anchor,
    complete_annotation,
    complete_front_matter,
    complete_language,
    complete_placeholder,
    complete_wikilink,
)
from ..completion_texts import Completions, LineBefore, Proposal
from ..feature import Feature, PageView

_MOST = 500  # proposals

Completer = Callable[[PageView, LineBefore], Completions | None]

# the first that knows what is written at the cursor has the say
_COMPLETERS: tuple[Completer, ...] = (
    complete_front_matter,
    complete_annotation,
    complete_language,
    complete_wikilink,
    complete_anchor,
    complete_placeholder,
)


def answer(view: PageView, params: types.CompletionParams) -> types.CompletionList | None:
    """Return what may be written at a position; None if nothing is known about it."""
    positions = view.page.positions
    offset = positions.offset(params.position)
    start = positions.line_start(params.position.line)
    line = LineBefore(
        view.page.text[start:offset],
        view.page.text[offset : positions.line_end(params.position.line)],
        offset,
    )
    for complete in _COMPLETERS:
        found = complete(view, line)
        if found is not None:
            return _build_list(view, line, found)
    return None


def _build_list(view: PageView, line: LineBefore, found: Completions) -> types.CompletionList:
    written = view.page.positions.range(line.offset - found.replaced, line.offset + found.replaced_after)
    proposals = list(_first_of_each(found.proposals))
    items = [
        types.CompletionItem(
            proposal.label,
            kind=types.CompletionItemKind.Value if found.are_values else types.CompletionItemKind.Property,
            detail=proposal.detail or None,
            filter_text=proposal.label,
            sort_text=f"{number:04}",
            text_edit=types.TextEdit(written, proposal.text or proposal.label),
        )
        for number, proposal in enumerate(proposals[:_MOST])
    ]
    return types.CompletionList(is_incomplete=len(proposals) > _MOST, items=items)


def _first_of_each(proposals: Iterable[Proposal]) -> Iterable[Proposal]:
    found: dict[str, Proposal] = {}
    for proposal in proposals:
        found.setdefault(proposal.label, proposal)
    return found.values()


FEATURES = (
    Feature(
        types.TEXT_DOCUMENT_COMPLETION,
        answer,
        types.CompletionOptions(trigger_characters=["<", "[", "#", "=", ":", "{", " ", "`", ","]),
        exact=False,
    ),
)
