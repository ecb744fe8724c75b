"""What a runbook is, once read: plain frozen values, each with its exact place in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..diagnostics.problem import Problem
from ..shells.quoting import Context
from ..text.source import MappedText
from ..text.span import Span

TRANSCRIPT = ".rehearsal.md"  # how the name of a page ends that says what a runbook calls: none of it runs


class Placeholder(NamedTuple):
    """`<paste-new-token>` in a statement; `start` and `end` are offsets in the statement's text."""

    name: str  # compared form: case folded, spaces and underscores as hyphens
    text: str  # as written, with the angle brackets
    start: int
    end: int
    context: Context
    span: Span


class Annotation(NamedTuple):
    """What `<!-- runbook: … -->` or `{…}` after a fence's language says; nothing is required."""

    id: str | None = None
    capture: str | None = None  # the placeholder's name, in compared form
    capture_pattern: str | None = None  # a regular expression; its first group, or all of it, is the value
    secret: bool = False
    expect: tuple[str, ...] = ()
    expect_not: tuple[str, ...] = ()
    expect_status: int | None = None
    allow_failure: bool = False
    timeout: float | None = None  # seconds
    retry: int = 0  # how many times more
    confirm: str | None = None  # the question asked before it runs; "" asks a plain one
    manual: bool = False
    skip: bool = False
    choose: str | None = None  # the alternative: its number from 1, or a part of its label
    when: str | None = None  # a Jinja2 expression over the known values that are not secret
    cwd: str | None = None
    shell: str | None = None
    setup: bool = False  # run again when a run is resumed
    span: Span | None = None


NOTHING = Annotation()  # what is annotated where nothing is


class Statement(NamedTuple):
    """One complete command, as the shell's grammar sees it: the unit that is started and finished."""

    text: str
    start: int  # offsets in the block's script
    end: int
    span: Span
    placeholders: tuple[Placeholder, ...] = ()
    alternative: int = 0  # which alternative of its block it belongs to, from 1; 0: to none
    expected: str | None = None  # the output a console session shows below it


class Block(NamedTuple):
    """A fenced code block of a step; `script` is what a shell gets (prompts of a session unwrapped)."""

    number: int  # from 1, within its step
    info: str  # as written after the fence
    language: str  # its first word in lower case, with the aliases of a shell made one; "" for none
    code: str  # as it stands on the page
    script: MappedText
    span: Span  # from the opening fence to the end of the closing one
    statements: tuple[Statement, ...] = ()
    alternatives: tuple[str, ...] = ()  # a label for each
    runs: bool = False
    why_not: str = ""  # why it does not run
    annotation: Annotation = NOTHING


class Prose(NamedTuple):
    """What stands between blocks, as Markdown without the markers of the list or quote it is in."""

    text: str
    span: Span


class Step(NamedTuple):
    """One heading, or one item of a numbered list, of a procedure."""

    number: int  # its position in the procedure, from 1
    label: str  # the number as written in the document ("3" of "### 3. Update"), or the position
    title: str  # plain text, without that number
    anchor: str
    span: Span  # of the heading or of the item's first line
    parts: tuple[Prose | Block, ...] = ()
    annotation: Annotation = NOTHING

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The step's blocks in order, those that do not run too."""
        return tuple(part for part in self.parts if isinstance(part, Block))

    @property
    def manual(self) -> bool:
        """Whether a person does this step: nothing in it runs, or its annotation says so."""
        return self.annotation.manual or not any(block.runs for block in self.blocks)


class Procedure(NamedTuple):
    """The part of a runbook that is run: an ordered list of steps."""

    title: str
    anchor: str
    span: Span
    shell: str  # the shell that runs it; "" when nothing in it is for a shell
    steps: tuple[Step, ...]
    dangerous: bool = False  # debugging, rollback, emergency …: never chosen unless named
    prose: tuple[Prose, ...] = ()  # before its first step


class Section(NamedTuple):
    """A heading of the page and the text below it, down to the next heading of its level or above."""

    title: str
    anchor: str
    level: int
    span: Span  # of the heading
    end: int  # offset where the section ends


class Wikilink(NamedTuple):
    """`[[target#heading|label]]` outside code."""

    target: str
    heading: str
    label: str
    span: Span


@dataclass(frozen=True, slots=True)
class Input:
    """What the front matter says of a placeholder."""

    name: str
    help: str = ""
    default: str | None = None  # a Jinja2 template
    pattern: str | None = None  # the whole value must match
    choices: tuple[str, ...] = ()
    secret: bool | None = None  # None: the name tells
    source: str | None = None  # env:NAME, file:PATH, op://…, cmd:COMMAND
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class RunbookSettings:
    """The front matter's `runbook:` key, or the file given with `--inputs`."""

    inputs: Mapping[str, Input] = field(default_factory=dict)
    captures: Mapping[str, str] = field(default_factory=dict)  # NAME: STEP[:REGEX], as with --capture
    literal: tuple[str, ...] = ()  # names in angle brackets that are not placeholders
    procedure: str | None = None  # the anchor of the procedure to run
    shell: str | None = None
    cwd: str | None = None
    timeout: float | None = None  # seconds, for each statement
    cadence: float | None = None  # seconds


class Runbook(NamedTuple):
    """A Markdown file, read: what it holds and what is wrong with it."""

    path: str
    text: str
    digest: str  # sha256 of the file's bytes, in hexadecimal
    title: str
    front_matter: Mapping[str, Any]
    settings: RunbookSettings
    procedures: tuple[Procedure, ...]
    chosen: str | None  # the anchor of the one procedure that runs unless another is named
    sections: tuple[Section, ...]
    wikilinks: tuple[Wikilink, ...]
    blocks: tuple[Block, ...]  # every fenced block of the page, in order, in a procedure or not
    problems: tuple[Problem, ...] = ()
    paragraphs: tuple[Span, ...] = ()  # every heading, paragraph and table of the page, in order
