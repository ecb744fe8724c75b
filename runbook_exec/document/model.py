"""Defines the parts of a parsed runbook: frozen values, each with its exact place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..diagnostics.problem import Problem
from ..light_classes import NamedTuple, dataclass, field
from ..shells.quoting import Context
from ..text.source import MappedText
from ..text.span import Span

TRANSCRIPT = (
    ".rehearsal.md"  # suffix of pages with the expected calls of a runbook, which never run themselves
)


class Placeholder(NamedTuple):
    """`<paste-new-token>` in a statement; `start` and `end` are offsets in the statement's text."""

    name: str  # compared form: case folded, spaces and underscores as hyphens
    text: str  # as written, with the brackets
    start: int
    end: int
    context: Context
    span: Span
    suspected: bool = False  # whether it may be meant as written, as NAMESPACE


class Annotation(NamedTuple):
    """The fields of `<!-- runbook: … -->` or `{…}` after a fence's language; all are optional."""

    id: str | None = None
    capture: str | None = None  # the placeholder's name, in compared form
    capture_pattern: str | None = (
        None  # a regular expression; its first group, or the whole match, is the value
    )
    secret: bool = False
    expect: tuple[str, ...] = ()
    expect_not: tuple[str, ...] = ()
    expect_status: int | None = None
    allow_failure: bool = False
    timeout: float | None = None  # seconds
    retry: int = 0  # additional attempts
    every: float | None = None  # seconds between two attempts
    until: str | None = None  # text in the output of the attempt that succeeds
    confirm: str | None = None  # the question before it runs; "" for the default question
    manual: bool = False
    skip: bool = False
    choose: str | None = None  # an alternative: its number from 1, or a part of its label
    when: str | None = None  # a Jinja2 expression over the known public values
    cwd: str | None = None
    shell: str | None = None
    setup: bool = False  # run again when a run is resumed
    background: bool = False  # the run goes on while it runs
    host: str | None = None  # where it runs, as ssh knows it; `local` for this machine
    span: Span | None = None


NOTHING = Annotation()  # the annotation of a block or step without one


class Suspicion(NamedTuple):
    """Something in a statement that an operator must know before it runs.

    `asks` is whether a person must agree first; `advice` is what to do instead.
    """

    message: str
    span: Span
    advice: str = ""
    asks: bool = True


class Statement(NamedTuple):
    """One complete command of the shell's grammar: the unit that is started and finished."""

    text: str
    start: int  # offsets in the block's script
    end: int
    span: Span
    placeholders: tuple[Placeholder, ...] = ()
    alternative: int = 0  # the number of its alternative in the block, from 1; 0: none
    expected: str | None = None  # the output a console session shows below it
    fork: int = 0  # the index of its alternatives among those of the block
    suspicions: tuple[Suspicion, ...] = ()


ALL_OF_THEM = "all of them, in order"  # the label of the choice that runs every alternative


class Branch(NamedTuple):
    """The alternative that a block belongs to, of several of which one runs: tabs, or an "or" in the text."""

    group: int  # the number of the alternatives in their procedure, from 1
    number: int  # of this alternative among them, from 1
    labels: tuple[str, ...]  # of all; the last may be ALL_OF_THEM
    named: bool  # whether the labels are names, so that one choice holds for all alternatives with this label


class Block(NamedTuple):
    """A fenced code block of a step; `script` is the text for the shell, without prompts."""

    number: int  # from 1, within its step
    info: str  # as written after the fence
    language: str  # its first word in lower case, with aliases of a shell resolved; "" for none
    code: str  # as written on the page
    script: MappedText
    span: Span  # from the opening fence to the end of the closing one
    statements: tuple[Statement, ...] = ()
    alternatives: tuple[str, ...] = ()  # a label for each; the last may be ALL_OF_THEM
    runs: bool = False
    why_not: str = ""  # why it does not run
    annotation: Annotation = NOTHING
    branches: tuple[Branch, ...] = ()  # the alternatives that it belongs to, outer ones first
    forks: tuple[tuple[str, ...], ...] = ()  # the labels of further alternatives in it
    holds_commands: bool = True  # else output, data, a synopsis or a script to be saved
    prompt: str = ""  # the user and machine that its prompts name, such as `root@web#`; "" for none
    for_root: bool = False  # whether its prompts are root's


class Prose(NamedTuple):
    """The text between blocks, as Markdown without the markers of its list or quote."""

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
        """Return the step's blocks in order, including those that do not run."""
        return tuple(part for part in self.parts if isinstance(part, Block))

    @property
    def manual(self) -> bool:
        """Return whether a person does this step: no block of it runs, or it is annotated `manual`."""
        return self.annotation.manual or not any(block.runs for block in self.blocks)


class LeftOut(NamedTuple):
    """A section in a procedure that runs only if it is named."""

    title: str
    anchor: str
    span: Span


class Procedure(NamedTuple):
    """The part of a runbook that is run: an ordered list of steps."""

    title: str
    anchor: str
    span: Span
    shell: str  # the shell that runs it; "" if no block is for a shell
    steps: tuple[Step, ...]
    dangerous: bool = False  # debugging, rollback, emergency …: runs only if named
    prose: tuple[Prose, ...] = ()  # before its first step
    left_out: tuple[LeftOut, ...] = ()
    ranges: tuple[tuple[int, int], ...] = ()  # offsets of its text, with the annotations above its headings

    def has_problem(self, problem: Problem) -> bool:
        """Return whether a problem is in the text of the procedure, or has no place on the page."""
        span = problem.span
        return span is None or any(first <= span.start < last for first, last in self.ranges)


class Section(NamedTuple):
    """A heading and the text below it, up to the next heading of its level or above."""

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
    """The description of a placeholder in the front matter."""

    name: str
    help: str = ""
    default: str | None = None  # a Jinja2 template
    pattern: str | None = None  # the whole value must match
    choices: tuple[str, ...] = ()
    secret: bool | None = None  # None: decided by the name
    source: str | None = None  # env:NAME, file:PATH, op://…, cmd:COMMAND
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class RunbookSettings:
    """The front matter's `runbook:` key, or the file given with `--inputs`."""

    inputs: Mapping[str, Input] = field(default_factory=dict)
    captures: Mapping[str, str] = field(default_factory=dict)  # NAME: STEP[:REGEX], as with --capture
    literal: tuple[str, ...] = ()  # names in angle brackets that are not placeholders
    languages: Mapping[str, str] = field(default_factory=dict)  # to a shell, `console` or `none`
    procedure: str | None = None  # the anchor of the procedure to run
    shell: str | None = None
    cwd: str | None = None
    timeout: float | None = None  # seconds, for each statement
    cadence: float | None = None  # seconds
    choose: tuple[str, ...] = ()  # labels of tabs and other alternatives that run
    host: str | None = None  # where it runs, as ssh knows it


class Runbook(NamedTuple):
    """A parsed Markdown file: its content and its problems."""

    path: str
    text: str
    digest: str  # sha256 of the file's bytes, in hexadecimal
    title: str
    front_matter: Mapping[str, Any]
    settings: RunbookSettings
    procedures: tuple[Procedure, ...]
    chosen: str | None  # the anchor of the default procedure
    anchor: str  # of the whole page as one procedure
    sections: tuple[Section, ...]
    wikilinks: tuple[Wikilink, ...]
    blocks: tuple[Block, ...]  # every fenced block of the page, in order, in a procedure or not
    problems: tuple[Problem, ...] = ()
    paragraphs: tuple[Span, ...] = ()  # every heading, paragraph and table of the page, in order
    named: str | None = None  # the anchor of the procedure that the caller has named; None for an unknown one
    why_none: str = ""  # why the only procedure does not run unless it is named
    is_sequence: bool = False  # whether none of several procedures runs by itself, and none is dangerous
