"""Defines the options of a run, from the command line or from a journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from ..document.assignments import Capture, parse_capture
from ..errors import Refused
from ..light_classes import NamedTuple, dataclass, field
from ..text.durations import positive_duration
from ..text.lazy_pattern import LazyPattern
from ..text.sizes import KEEP

if TYPE_CHECKING:
    from .answers.external import ExternalAnswer

T = TypeVar("T")


class WrittenCapture(NamedTuple):
    """A `--capture` and its text as typed, which a journal keeps."""

    text: str
    capture: Capture


class WrittenTimeout(NamedTuple):
    """A `--timeout` or `--reconnect` and its text as typed, which a journal keeps."""

    text: str
    seconds: float


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of a run."""

    given: Mapping[str, str] = field(default_factory=dict)  # values by the name of their placeholder
    visible: frozenset[str] = frozenset()  # the names of those that the list of processes shows
    captures: tuple[WrittenCapture, ...] = ()
    first: str | None = None  # the step to begin at
    only: str | None = None  # the one step to run
    done: tuple[str, ...] = ()  # manual steps that have been done
    confirmed: tuple[str, ...] = ()  # steps whose `confirm` is answered with yes
    choose: tuple[str, ...] = ()  # labels of alternatives that run
    accept_lost: bool = False  # a resumed run continues without shell state that did not come back
    assume: tuple[tuple[str, str], ...] = ()  # what was decided beforehand, and on which statement
    timeout: WrittenTimeout | None = None  # for each statement
    on: str | None = None  # the host that the page runs on; `local` is this machine, whatever the page says
    reconnect: WrittenTimeout | None = None  # how long a host is tried whose connection was lost
    cwd: str | None = None
    shell: str | None = None
    inputs: str | None = None  # the path of a settings file
    text: str | None = None  # the path of a file whose text runs in place of the page's, for an order
    is_trusted: bool = False  # whether somebody else has decided already that the commands may run
    on_failure: str = ""  # `ask` or `stop` when a statement has failed; "" for ask if a person is present
    hold: float | None = None  # seconds for which a question stays open with the live shell
    identity: str = ""  # the id of the run; "" for a new one
    agent: str = ""  # the coding agent that starts the run; "" for a person or a job
    answer: ExternalAnswer | None = None  # to the question at which a resumed run has waited
    yes: bool = False
    trust: bool = False
    no_config: bool = False
    keep_output: int = KEEP  # bytes
    keep_secrets: bool = True
    record: bool = False
    json: bool = False

    def __repr__(self) -> str:
        """Return the options without any value: a traceback could quote a secret."""
        return f"RunOptions({', '.join(self.to_words())})"

    def to_words(self) -> tuple[str, ...]:
        """Return the options that decide which statements run, as words of a command line.

        A journal records these words.
        """
        words: list[str] = []
        for option, value in (
            ("--inputs", self.inputs),
            ("--text", self.text),
            ("--from", self.first),
            ("--only", self.only),
            ("--shell", self.shell),
            ("--cwd", self.cwd),
            ("--timeout", self.timeout.text if self.timeout else None),
            ("--on", self.on),
            ("--reconnect", self.reconnect.text if self.reconnect else None),
        ):
            words += [option, value] if value is not None else []
        for option, values in (
            ("--capture", [capture.text for capture in self.captures]),
            ("--done", self.done),
            ("--confirmed", self.confirmed),
            ("--choose", self.choose),
        ):
            words += [word for value in values for word in (option, value)]
        words += ["--no-config"] * self.no_config + ["--no-keep-secrets"] * (not self.keep_secrets)
        return tuple(words)

    def names_steps(self) -> bool:
        """Return whether an option names a step or a statement of the page."""
        named = (self.first, self.only, self.done, self.confirmed, self.captures, self.assume)
        return any(named)

    @classmethod
    def from_words(cls, words: Sequence[str]) -> RunOptions:
        """Return the options from the words that `to_words` returned for them.

        Raises Refused for other words: the journal is from another version, or damaged.
        """
        found: dict[str, list[str]] = {}
        rest = iter(words)
        for word in rest:
            found.setdefault(word, []).append("" if word in _FLAGS else _next_value(word, rest))
        last = {option: values[-1] for option, values in found.items()}
        return cls(
            inputs=last.get("--inputs"),
            text=last.get("--text"),
            first=last.get("--from"),
            only=last.get("--only"),
            shell=last.get("--shell"),
            cwd=last.get("--cwd"),
            captures=parse_captures(found.get("--capture", ())),
            timeout=parse_timeout(last.get("--timeout")),
            on=last.get("--on"),
            reconnect=parse_timeout(last.get("--reconnect"), "--reconnect"),
            done=tuple(found.get("--done", ())),
            confirmed=tuple(found.get("--confirmed", ())),
            choose=tuple(found.get("--choose", ())),
            no_config="--no-config" in found,
            keep_secrets="--no-keep-secrets" not in found,
        )


_HOLD = "RUNBOOK_EXEC_HOLD"

_IDENTITY = LazyPattern(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,79}")

_AGENT = LazyPattern(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,59}")

_FLAGS = ("--no-config", "--no-keep-secrets")

_WITH_VALUE = (
    "--inputs",
    "--text",
    "--from",
    "--only",
    "--shell",
    "--cwd",
    "--timeout",
    "--on",
    "--reconnect",
    "--capture",
    "--done",
    "--confirmed",
    "--choose",
)


def _next_value(option: str, words: Iterator[str]) -> str:
    value = next(words, None) if option in _WITH_VALUE else None
    if value is None:
        raise Refused(
            f"the journal has the option `{option}`, which this version does not know; "
            "resume the run with the version that began it"
        )
    return value


def parse_captures(texts: Iterable[str]) -> tuple[WrittenCapture, ...]:
    """Return the captures of `--capture NAME=STEP[:REGEX]`; raises Refused."""
    return tuple(WrittenCapture(text, parse_option("--capture", parse_capture, text)) for text in texts)


def parse_timeout(text: str | None, option: str = "--timeout") -> WrittenTimeout | None:
    """Return the time of `--timeout DURATION`, or of another option; raises Refused."""
    return None if text is None else WrittenTimeout(text, parse_option(option, positive_duration, text))


def parse_hold(text: str | None, environ: Mapping[str, str]) -> float | None:
    """Return the seconds of `--hold DURATION`, or of `$RUNBOOK_EXEC_HOLD`; raises Refused."""
    if text is not None:
        return parse_option("--hold", positive_duration, text)
    named = environ.get(_HOLD) or ""
    return parse_option(f"${_HOLD}", positive_duration, named) if named else None


def parse_identity(text: str) -> str:
    """Return the id of `--id NAME`, "" if it is not given; raises Refused."""
    if text and not _IDENTITY.fullmatch(text):
        raise Refused(
            "`--id`: expected a letter or digit, and then letters, digits, `.`, `_`, `@` or `-`, "
            f"80 in all at most; got `{text}`"
        )
    return text


def parse_agent(text: str, hold: float | None) -> str:
    """Return the name of `--agent NAME`, "" if it is not given; raises Refused."""
    if text and not _AGENT.fullmatch(text):
        raise Refused(
            "`--agent`: expected a letter or digit, and then letters, digits, blanks, `.`, `_`, `/` or `-`, "
            f"60 in all at most; got `{text}`"
        )
    if text and hold is None:
        raise Refused("`--agent` needs `--hold`: a person attaches to the run and answers its questions")
    return text


def parse_option(option: str, parse: Callable[[str], T], text: str) -> T:
    """Return the result of `parse` for the text of an option.

    A ValueError of `parse` becomes Refused, with the name of the option.
    """
    try:
        return parse(text)
    except ValueError as problem:
        raise Refused(f"`{option}`: {problem}") from None
