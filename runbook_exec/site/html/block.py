"""Renders a block as HTML: its numbered statements, byte for byte, or why it does not run."""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from html import escape as escape_exactly
from itertools import groupby
from operator import attrgetter

from ...document.model import Block, Statement
from ...document.placeholders import replace_placeholders
from ...light_classes import NamedTuple
from ...plan.alternatives import chosen_alternative
from ...plan.model import PlanItem
from ...shells.quoting import Context
from ...shells.registry import SHELLS
from ..fill_recipe import build_recipe, find_slots
from .escaping import escape, escape_code
from .lines import wrap_lines

_TITLE = re.compile(r'(?<![^\s{])title="([^"]*)"')


class BlockContext(NamedTuple):
    """The plan items of a page by the identity of their statements, and its secret names."""

    items: Mapping[int, PlanItem]
    secrets: frozenset[str]
    places: Mapping[int, str] = {}  # where statements run, if not in the shell of the procedure
    alone: frozenset[str] = frozenset()  # the anchors of steps with one statement, which needs no number


def render_block(block: Block, shell: str, context: BlockContext) -> str:
    """Return the HTML of a block; `shell` is the shell of its procedure."""
    if not block.runs:
        return render_not_run(block.code, block.info, block.language, block.why_not)
    console = block.script.text != block.code
    items = [context.items[id(s)] for s in block.statements if id(s) in context.items]
    step = items[0].step if items else None
    label = f"Step {escape(step.label)}" if step else "Runs"
    code = _render_console(block, shell, context) if console else _render_script(block, shell, context)
    digest = hashlib.sha256(block.script.text.encode("utf-8", "surrogatepass")).hexdigest()
    kinds = "rb-block rb-runs" + (" rb-session" if console else "")
    return (
        f'<div class="{kinds}" data-digest="{digest}" data-shell="{escape(shell)}">'
        f'<div class="rb-bar"><span class="rb-tag">{label}</span>'
        f'<span class="rb-language">{escape(shell)}</span>{_title(block.info)}'
        f"{_notes(block, items, context.places)}"
        f'<span class="rb-copies"></span></div>'
        f'<pre class="rb-code"><code class="highlight">{code}</code></pre></div>'
    )


def render_not_run(code: str, info: str, language: str, why: str) -> str:
    """Return the HTML of a block that does not run, with the reason; `info` is its info string."""
    painted = wrap_lines(_highlight_text(code, 0, len(code), _colours(code, language)), code, 0, len(code))
    return (
        '<div class="rb-block rb-shown"><div class="rb-bar">'
        f'<span class="rb-tag">Not run</span><span class="rb-language">{escape(language) or "text"}</span>'
        f'{_title(info)}<span class="rb-why">{escape(why)}</span></div>'
        f'<pre class="rb-code"><code class="highlight">{painted}</code></pre></div>'
    )


def _title(info: str) -> str:
    """Return the title in an info string as HTML; empty without one."""
    found = _TITLE.search(info)
    return f'<span class="rb-title">{escape(found[1])}</span>' if found and found[1] else ""


def _list_places(items: Sequence[PlanItem], places: Mapping[int, str]) -> Iterator[str]:
    """Yield which statements of a block run in another place, such as `1.2–1.4 on web1`.

    The place of a whole block is without numbers.
    """
    everywhere = {places.get(id(item.statement), "") for item in items}
    if len(everywhere) == 1:
        yield everywhere.pop()
        return
    for place, group in groupby(items, key=lambda item: places.get(id(item.statement), "")):
        first, *more = (item.label for item in group)
        if place:
            yield f"{first}–{more[-1]} {place}" if more else f"{first} {place}"


def _notes(block: Block, items: Sequence[PlanItem], places: Mapping[int, str]) -> str:
    """Return short notes about the block's annotation."""
    if not items:
        return ""
    annotation = items[0].annotation
    notes = [
        "asks first" if annotation.confirm is not None else "",
        f"prints the value of <{annotation.capture}>" if annotation.capture else "",
        "prints a secret" if annotation.secret and not annotation.capture else "",
        f"must print “{'”, “'.join(annotation.expect)}”" if annotation.expect else "",
        f"must not print “{'”, “'.join(annotation.expect_not)}”" if annotation.expect_not else "",
        "may fail" if annotation.allow_failure else "",
        f"only when {annotation.when}" if annotation.when else "",
        f"in {annotation.cwd}" if annotation.cwd else "",
        "one of these runs" if block.alternatives else "",
        *_list_places(items, places),
        *(f"only if “{each.labels[each.number - 1]}” is chosen" for each in block.branches),
    ]
    return "".join(f'<span class="rb-note">{escape(note)}</span>' for note in notes if note)


def _render_script(block: Block, shell: str, context: BlockContext) -> str:
    """Return the script with a span around each statement and placeholder.

    Its text is unchanged.
    """
    text = block.script.text
    out: list[str] = []
    position = 0
    colours = _colours(_blank_placeholders(block, text), shell)
    for statement in block.statements:
        between = _highlight_text(text, position, statement.start, colours)
        out.append(wrap_lines(between, text, position, statement.start))
        out.append(_render_statement(block, statement, shell, colours, context))
        position = statement.end
    out.append(wrap_lines(_highlight_text(text, position, len(text), colours), text, position, len(text)))
    return "".join(out)


def _render_console(block: Block, shell: str, context: BlockContext) -> str:
    """Return a console block: its commands, and the expected output below each."""
    text = block.script.text
    colours = _colours(_blank_placeholders(block, text), shell)
    out: list[str] = []
    for statement in block.statements:
        out.append(_render_statement(block, statement, shell, colours, context))
        out.append("\n")
        if statement.expected:
            out.append(f'<samp class="rb-output">{escape_code(statement.expected)}\n</samp>')
    return "".join(out).removesuffix("\n")


def _render_statement(
    block: Block, statement: Statement, shell: str, colours: Sequence[_Colour], context: BlockContext
) -> str:
    text = block.script.text
    painted = "".join(_with_slots(statement, statement.start, text, colours, context))
    opening = _opening_tag(block, statement, shell, context)
    return f"{opening}{wrap_lines(painted, text, statement.start, statement.end)}</span>"


def _blank_placeholders(block: Block, text: str) -> str:
    """Return the text with words in place of placeholders.

    Placeholders would be coloured as redirections.
    """
    for statement in block.statements:
        blanked = replace_placeholders(statement.text, statement.placeholders)
        text = text[: statement.start] + blanked + text[statement.end :]
    return text


def _opening_tag(block: Block, statement: Statement, shell: str, context: BlockContext) -> str:
    item = context.items.get(id(statement))
    more = ""
    if item is not None:
        more += f' id="rb-{escape(item.step.anchor)}-{item.where.statement}"'
        more += "" if item.step.anchor in context.alone else f' data-n="{escape(item.label)}"'
    if statement.start and block.script.text[statement.start - 1] != "\n":
        more += ' data-goes-on=""'
    if statement.alternative:
        labels = (block.alternatives, *block.forks)[statement.fork]
        label = labels[statement.alternative - 1]
        chosen = chosen_alternative(labels, item.annotation.choose) if item else None
        more += f' data-alternative="{statement.alternative}" data-label="{escape(label)}"'
        more += ' data-chosen=""' if chosen == statement.alternative else ""
    if found := build_recipe(statement, shell):
        more += f' data-rb="{escape_exactly(json.dumps(found))}"'
    return f'<span class="rb-st"{more}>'


def _with_slots(
    statement: Statement, base: int, text: str, colours: Sequence[_Colour], context: BlockContext
) -> Iterator[str]:
    position = statement.start
    writable = {id(found) for found in find_slots(statement)}
    for found in statement.placeholders:
        start, end = base + found.start, base + found.end
        yield _highlight_text(text, position, start, colours)
        kinds = "rb-slot" + (" rb-secret" if found.name in context.secrets else "")
        if id(found) in writable and found.context is not Context.COMMENT:
            name, shown = escape_exactly(found.name), escape_code(text[start:end])
            yield f'<span class="{kinds}" data-name="{name}">{shown}</span>'
        else:
            yield escape_code(text[start:end])
        position = end
    yield _highlight_text(text, position, statement.end, colours)


# colours ---------------------------------------------------------------------------------------------------


class _Colour(NamedTuple):
    """A range of a text with one colour; `kind` is the CSS class of themes."""

    start: int
    end: int
    kind: str


@lru_cache(maxsize=256)
def _colours(text: str, language: str) -> tuple[_Colour, ...]:
    """Return the coloured ranges of a text, in order; none if its language is unknown."""
    from pygments.lexers import get_lexer_by_name
    from pygments.token import STANDARD_TYPES
    from pygments.util import ClassNotFound

    name = SHELLS[language].highlight_as if language in SHELLS else language
    try:
        lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return ()
    found: list[_Colour] = []
    position = 0
    for kind, piece in lexer.get_tokens(text):
        found.append(_Colour(position, position + len(piece), STANDARD_TYPES.get(kind, "")))
        position += len(piece)
    # a lexer that changes the text gives wrong offsets
    return tuple(each for each in found if each.kind) if position == len(text) else ()


def _highlight_text(text: str, start: int, end: int, colours: Sequence[_Colour]) -> str:
    """Return `text[start:end]` as HTML with colours; its text is always exact."""
    out: list[str] = []
    position = start
    for colour in colours[bisect_right(colours, start, key=attrgetter("end")) :]:
        if colour.start >= end:
            break
        begin, stop = max(colour.start, position), min(colour.end, end)
        out.append(escape_code(text[position:begin]))
        out.append(f'<span class="{colour.kind}">{escape_code(text[begin:stop])}</span>')
        position = stop
    out.append(escape_code(text[position:end]))
    return "".join(out)
