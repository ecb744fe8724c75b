"""Defines the outline of a procedure: ranges of elements with their labels, titles and anchors."""

from __future__ import annotations

from ...light_classes import NamedTuple
from ...text.span import Span
from ..sections import HeadingNode


class StepOutline(NamedTuple):
    """A step, which consists of the elements `first:last`."""

    label: str  # the number as rendered; "" before labels are assigned to steps without one
    title: str
    anchor: str
    span: Span
    first: int
    last: int
    heading: Span | None = None  # if it begins with a heading
    around: tuple[Span, ...] = ()  # the headings of the sections that it was joined from, outermost first


class ProcedureOutline(NamedTuple):
    """A procedure of the page: its steps, and the elements before them."""

    title: str
    anchor: str
    span: Span
    steps: tuple[StepOutline, ...]
    preface: tuple[int, int]
    dangerous: bool = False
    left_out: tuple[HeadingNode, ...] = ()  # sections in it that run only if named
    helping: bool = False  # whether it only helps when another procedure fails
    several: bool = False  # whether it joins several sections


class DefaultProcedure(NamedTuple):
    """The procedure that runs unless one is named, or why none does."""

    anchor: str | None
    reason: str = ""
