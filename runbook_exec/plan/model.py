"""Defines a plan: a runbook, one of its procedures, and the values known so far."""

from __future__ import annotations

from collections.abc import Mapping

from ..document.assignments import Capture
from ..document.model import Annotation, Block, Input, Placeholder, Procedure, Runbook, Statement, Step
from ..light_classes import NamedTuple, dataclass, field
from ..shells.secret_commands import SecretUse
from ..system.memo import cache_latest
from .values import is_secret

LOCAL = "local"  # the name of this machine where a host is named


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a placeholder, and where it came from."""

    text: str
    secret: bool
    origin: str

    def __repr__(self) -> str:
        """Return the value unless it is secret: a traceback could show it."""
        return f"Value({'secret' if self.secret else repr(self.text)}, {self.origin})"


class ItemId(NamedTuple):
    """The identity of an item: the numbers of its step, of its block, and of the item itself.

    The last number counts within the step. A manual step has its step's number and two zeros.
    """

    step: int
    block: int = 0
    statement: int = 0

    def __str__(self) -> str:
        return f"{self.step}.{self.statement}" if self.statement else str(self.step)


class StatementWarning(NamedTuple):
    """Something an operator must know before a statement runs.

    With a `question`, a person must answer it before the statement runs; `advice` is what to do instead.
    """

    message: str
    question: str = ""
    advice: str = ""


class PlanItem(NamedTuple):
    """One thing to do: a statement to run, or without one a step that a person does."""

    where: ItemId
    step: Step
    annotation: Annotation
    block: Block | None = None
    statement: Statement | None = None
    first: bool = True  # of its block
    last: bool = True

    @property
    def line(self) -> int:
        """Return its line in the document."""
        return (self.statement or self.step).span.line

    @property
    def label(self) -> str:
        """Return its name in messages: `6.1` for the first statement of step 6, or a step's label."""
        return f"{self.step.label}.{self.where.statement}" if self.statement else self.step.label

    @property
    def names(self) -> frozenset[str]:
        """Return its names on the command line: its step's label, anchor or id, or its block's id."""
        step = self.step
        ids = (self.annotation.id, step.annotation.id)
        return frozenset((step.label, step.anchor, *(name for name in ids if name)))

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """Return the placeholders that need a value."""
        if self.statement is None or not self.statement.placeholders:
            return ()
        return tuple(p for p in self.statement.placeholders if p.context != "comment")


class Opener(NamedTuple):
    """A statement that opens a shell or prompt for others, and where that is, such as `on web1`."""

    item: PlanItem
    place: str
    program: str


class Places(NamedTuple):
    """Where the statements run that do not run in the shell of the procedure."""

    inside: Mapping[ItemId, tuple[ItemId, ...]] = {}  # by item, what opens its shells, outermost first
    openers: Mapping[ItemId, Opener] = {}
    leaves: frozenset[ItemId] = frozenset()  # statements that leave the innermost shell
    typed: Mapping[ItemId, ItemId] = {}  # those that a person types into a program, by what opens it
    warnings: Mapping[ItemId, StatementWarning] = {}

    def is_here(self, where: ItemId) -> bool:
        """Return whether a statement runs in the shell of the procedure."""
        return where not in self.inside and where not in self.typed

    def is_followed(self, where: ItemId) -> bool:
        """Return whether other statements run in the shell that a statement opens."""
        return where in self.openers and any(where in path for path in self.inside.values())

    def describe(self, where: ItemId, names: Mapping[ItemId, str] = {}) -> str:
        """Return where a statement runs, as `as root on web1`; "" for the shell of the procedure.

        `names` are those of shells that a run has opened, with values in place of placeholders.
        """
        if not (self.openers or self.typed):
            return ""
        if where in self.typed:
            return f"typed in {self.openers[self.typed[where]].program}"
        path = reversed(self.inside.get(where, ()))
        return " ".join(names.get(each) or self.openers[each].place for each in path)


@dataclass(frozen=True, slots=True)
class Plan:
    """A runbook, the procedure to run, the known values, and the options of the run."""

    runbook: Runbook
    procedure: Procedure
    items: tuple[PlanItem, ...]
    inputs: Mapping[str, Input] = field(default_factory=dict)
    given: Mapping[str, Value] = field(default_factory=dict)  # with --set
    captures: tuple[tuple[ItemId, Capture], ...] = ()  # of --capture, the front matter and annotations
    done: frozenset[int] = frozenset()  # manual steps that are done according to --done
    choose: tuple[str, ...] = ()  # labels of alternatives, of --choose and the front matter
    timeout: float | None = None  # seconds, for statements without a timeout in their annotation
    cwd: str | None = None
    on: str | None = None  # the host of --on; LOCAL for this machine, whatever the page says
    warnings: Mapping[ItemId, tuple[StatementWarning, ...]] = field(default_factory=dict)
    secret_uses: Mapping[ItemId, SecretUse] = field(default_factory=dict)  # of statements that have one
    endless: Mapping[ItemId, str] = field(default_factory=dict)  # commands that run until they are ended
    places: Places = field(default_factory=Places)

    def find_host(self, item: PlanItem) -> str:
        """Return the host that an item runs on; "" for this machine."""
        host = item.annotation.host or self.runbook.settings.host or self.on
        return "" if self.on == LOCAL or host in (None, LOCAL) else str(host)

    def list_hosts(self) -> tuple[str, ...]:
        """Return the hosts that statements run on, in the order of the plan; "" is this machine."""
        return tuple(dict.fromkeys(self.find_host(item) for item in self.items if item.statement))

    def is_secret(self, name: str) -> bool:
        """Return whether the placeholder's value must never be shown."""
        annotated = name in _list_secret_captures(self.items)
        known = self.inputs.get(name)
        if not annotated and (known is None or known.secret is None):
            annotated = any(self.prints_secret(at) for at, each in self.captures if each.name == name)
        return is_secret(name, known, annotated)

    def prints_secret(self, where: ItemId) -> bool:
        """Return whether a statement prints what a keeper of secrets, such as `vault`, gives it."""
        use = self.secret_uses.get(where)
        return use is not None and SecretUse.PRINTS in use

    def get_secret_use(self, where: ItemId) -> SecretUse:
        """Return what a statement does with what a keeper of secrets prints."""
        return self.secret_uses.get(where, SecretUse.NONE)


@cache_latest
def _list_secret_captures(items: tuple[PlanItem, ...]) -> frozenset[str | None]:
    """Return the names that annotations of these items capture as secrets."""
    return frozenset(item.annotation.capture for item in items if item.annotation.secret)
