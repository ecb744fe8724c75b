"""Lists what would run: procedures, steps and blocks, and the blocks that do not run with the reason."""

from __future__ import annotations

from lsprotocol import types

from ...document.model import Block, Procedure, Step
from ...text.ansi import escape_unprintable, escape_unprintable_code
from ...text.span import Span
from ..feature import Feature, PageView

_LONGEST = 80  # characters of a name


def answer(view: PageView, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    """Return the procedures of a page with their steps, and the blocks outside of them."""
    symbols: list[types.DocumentSymbol] = []
    listed: set[int] = set()
    chosen = view.runbook.chosen
    for procedure in sorted(view.runbook.procedures, key=lambda each: each.anchor != chosen):
        steps = [step for step in procedure.steps if step.span.start not in listed]
        listed |= {step.span.start for step in steps}
        listed |= {block.span.start for step in steps for block in step.blocks}
        if steps or not procedure.steps:
            symbols.append(_procedure_symbol(view, procedure, [_step_symbol(view, step) for step in steps]))
    symbols += [_block_symbol(view, block) for block in view.runbook.blocks if block.span.start not in listed]
    return sorted(symbols, key=lambda symbol: (symbol.range.start.line, symbol.range.start.character))


def _procedure_symbol(
    view: PageView, procedure: Procedure, steps: list[types.DocumentSymbol]
) -> types.DocumentSymbol:
    details = [procedure.shell] if procedure.shell else []
    if procedure.anchor == view.runbook.chosen:
        details.append("default")
    else:
        details.append("only if named")
    return _make_symbol(
        view, procedure.title, ", ".join(details), types.SymbolKind.Class, procedure.span, steps
    )


def _step_symbol(view: PageView, step: Step) -> types.DocumentSymbol:
    count = sum(len(block.statements) for block in step.blocks if block.runs)
    detail = "by hand" if step.manual else f"runs {count} statement{'s' * (count != 1)}"
    blocks = [_block_symbol(view, block) for block in step.blocks]
    name = f"{step.label}. {step.title}" if step.title else step.label
    return _make_symbol(view, name, detail, types.SymbolKind.Function, step.span, blocks)


def _block_symbol(view: PageView, block: Block) -> types.DocumentSymbol:
    first = block.statements[0].text if block.statements else block.code.lstrip()
    line = escape_unprintable_code(first.partition("\n")[0].strip()) or block.language or "block"
    detail = block.language if block.runs else f"{block.language or 'a block'}, not run: {block.why_not}"
    kind = types.SymbolKind.Event if block.runs else types.SymbolKind.String
    return _make_symbol(view, line, detail, kind, block.span, [])


def _make_symbol(
    view: PageView,
    name: str,
    detail: str,
    kind: types.SymbolKind,
    span: Span,
    children: list[types.DocumentSymbol],
) -> types.DocumentSymbol:
    own = view.span_range(span)
    places = [own, *(child.range for child in children)]
    start = min((each.start for each in places), key=_order)
    end = max((each.end for each in places), key=_order)
    shown = escape_unprintable(name)[:_LONGEST] or "(untitled)"
    return types.DocumentSymbol(
        shown, kind, types.Range(start, end), own, detail=escape_unprintable(detail), children=children
    )


def _order(position: types.Position) -> tuple[int, int]:
    return position.line, position.character


FEATURES = (Feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, answer, exact=False),)
