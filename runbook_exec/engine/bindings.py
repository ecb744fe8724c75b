"""Binds placeholders to values, keeps earlier output, and masks the secrets in both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from ..document.model import Input
from ..light_classes import dataclass, field, replace
from ..masking.encodings import SHORT
from ..masking.masker import Masker
from ..masking.token_patterns import find_public_prefix
from ..plan.captures import capture_value
from ..plan.evaluated_variables import carries_values, find_carried_refusal
from ..plan.fillable import fill_placeholders
from ..plan.model import Plan, PlanItem, Value
from ..plan.suggestions import Suggestion, suggest_values
from ..plan.values import check_value, find_variable_secret, is_secret
from ..plan.variables import find_needed_variables, name_of_variable
from ..shells.base import Filling
from ..text.lazy_pattern import LazyPattern
from ..text.regex import PatternTimeout
from .held_output import HeldOutput

MASK = "••••••••"

_WORD = r"""(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\\.|[^\s;&|'"\\])+"""

_ASSIGNED = LazyPattern(  # an assignment of a POSIX shell, or of fish
    rf"(?<![\w-])(?:([A-Za-z_]\w*)=|set(?:[ \t]+-[-\w]+)*[ \t]+([A-Za-z_]\w*)[ \t]+)({_WORD})"
)

_COMPUTED = LazyPattern(r'"?(?:\$?\(|`|\$\w+"?\Z|\$\{\w+\}"?\Z)')  # code that computes a value

_FROM_STEP = "step "  # the beginning of the origin of a captured value

_OFFERED, _REMEMBERED = 1 << 16, 40  # characters of an output, and number of outputs, for suggestions


@dataclass(frozen=True, slots=True)
class FilledStatement:
    """A statement with its values: the code that runs, and the masked text that is shown."""

    code: bytes
    shown: str

    def __repr__(self) -> str:
        """Return the masked text only; the code may hold a secret."""
        return f"FilledStatement({self.shown!r})"


@dataclass(slots=True)
class Bindings:
    """Holds the values and outputs of a run; each secret is masked from the moment it is bound."""

    values: dict[str, Value] = field(default_factory=dict)
    to_ask_again: set[str] = field(
        default_factory=set
    )  # placeholders whose value the operator wants to change
    partly_secret: set[str] = field(default_factory=set)  # names of values that a secret is only a part of
    outputs: list[tuple[str, str]] = field(default_factory=list)  # pairs of a place and its output
    masker: Masker = field(default_factory=Masker)
    on_value: Callable[[str, Value], None] | None = None  # called with each new value
    keeper: Callable[[Mapping[str, str], Iterable[str]], None] | None = None  # for `keep_secrets`
    _version: int = 0  # rises when a value changes
    _filled: tuple[Plan, PlanItem, int, int, FilledStatement] | None = None  # the last one, and its inputs

    def bind_value(self, name: str, value: Value) -> Value:
        """Bind a placeholder to a value, and return that; it is secret if it holds a secret."""
        self.partly_secret.discard(name)
        if not value.secret and self.masker.add_secrets_of(value.text):
            self.partly_secret.add(name)
            value = replace(value, secret=True)
        self._version += 1
        self.to_ask_again.discard(name)
        self.values[name] = value
        if value.secret and name not in self.partly_secret:
            self.masker.add(value.text)
        if self.on_value is not None:
            self.on_value(name, value)
        return value

    def keep_secrets(self, plan: Plan) -> None:
        """Save the values that no event has: secrets that have no source, and texts with a secret in them."""
        if self.keeper is None:
            return
        known = plan.inputs
        values = {
            name: value.text
            for name, value in self.values.items()
            if (value.secret or self.mask(value.text) != value.text)
            and not (name in known and known[name].source)
        }
        seen = self.seen_tokens()
        if values or seen:
            self.keeper(values, seen)

    def find_short_secrets(self, item: PlanItem) -> tuple[str, ...]:
        """Return the names of the secrets of a statement that are too short to be masked everywhere."""
        if not (item.statement and item.statement.placeholders):
            return ()
        names = dict.fromkeys(found.name for found in item.placeholders if found.name in self.values)
        return tuple(
            name for name in names if self.values[name].secret and len(self.values[name].text) < SHORT
        )

    def find_captured_secrets(self) -> tuple[str, ...]:
        """Return the names of the secrets that came from output; only the run itself knows these."""
        return tuple(
            name
            for name, value in self.values.items()
            if value.secret and value.origin.startswith(_FROM_STEP)
        )

    def mask_defaults(self, plan: Plan) -> None:
        """Mask the secrets in the document, whose text is part of the first event."""
        for name, known in plan.inputs.items():
            if known.default is not None and plan.is_secret(name):
                self.masker.add(known.default)
            elif known.default is not None:
                self.masker.add_secrets_of(known.default)

    def revise(self, before: Plan, now: Plan) -> None:
        """Apply an edited document to the values that are known.

        A value whose source or default was changed is dropped, and resolved again when it is needed.
        """
        for name, value in [*self.values.items()]:
            was, known = before.inputs.get(name), now.inputs.get(name)
            if (
                was is not None
                and value.origin in (was.source, "default")
                and _origins(was) != _origins(known)
            ):
                self._version += 1
                del self.values[name]
            elif now.is_secret(name) and not value.secret:
                self._version += 1
                self.values[name] = replace(value, secret=True)
                self.masker.add(value.text)

    def ask_again(self, item: PlanItem, shell: str) -> None:
        """Have the values that a statement uses asked for again; each is kept until another is given."""
        names = {name_of_variable(variable) for variable in find_needed_variables(item, shell)}
        self.to_ask_again = {placeholder.name for placeholder in item.placeholders}
        self.to_ask_again |= names & self.values.keys()

    def needs_value(self, name: str) -> bool:
        """Return whether a placeholder has no value, or the operator wants to change it."""
        return name not in self.values or name in self.to_ask_again

    def remember_output(self, item: PlanItem, text: str) -> None:
        """Keep the end of a statement's output, masked, for suggestions."""
        self.outputs.append((f"step {item.step.label}", text[-_OFFERED:]))
        del self.outputs[: -_REMEMBERED - 1]

    def mask(self, text: str) -> str:
        """Return the text with all known secrets masked."""
        return self.masker.mask_text(text) if text else text

    def mask_typed(self, line: str) -> str:
        """Mask a line typed at the shell's prompt, and any text that it assigns to a secret's name."""

        def mask_assignment(found: re.Match[str]) -> str:
            name = (found[1] or found[2]).lower().replace("_", "-")
            if not is_secret(name, None, False) or _COMPUTED.match(found[3]):
                return found[0]
            return found[0][: found.start(3) - found.start()] + MASK

        return self.mask(_ASSIGNED.sub(mask_assignment, line))

    def add_seen_tokens(self, tokens: Iterable[str]) -> None:
        """Suggest and mask tokens that the output showed before the run was resumed."""
        self.masker.add_seen_tokens(tokens)

    def seen_tokens(self) -> tuple[str, ...]:
        """Return the tokens in the output that were not declared."""
        return tuple(dict.fromkeys(value for _, value in self.masker.seen_tokens()))

    def learn_variable(self, key: str, code: str, secret: bool = False) -> None:
        """Make the value of a variable a secret if it is a `secret`, or its name or form is that of one."""
        kind, _, name = key.partition(" ")
        if kind == "variable" and (value := find_variable_secret(name, code, secret)):
            self.masker.add(value)

    def prints_secret(self, plan: Plan, item: PlanItem) -> bool:
        """Return whether the statement prints a secret that is not known yet."""
        if not (plan.captures or plan.secret_uses):
            return item.annotation.secret
        return item.annotation.secret or self.captures_secret(plan, item) or plan.prints_secret(item.where)

    def captures_secret(self, plan: Plan, item: PlanItem) -> bool:
        """Return whether a later statement needs a secret that only this one's output holds."""
        captured = _captures_of(plan, item)
        return (
            bool(captured)
            and not plan.prints_secret(item.where)
            and any(plan.is_secret(name) for name, _ in captured)
        )

    def capture_values(
        self, plan: Plan, item: PlanItem, printed: HeldOutput, status: int
    ) -> tuple[dict[str, Value], str]:
        """Return the values in a statement's output as it was printed, and the problem with them.

        Masks the secret values. A value that contains a known secret is a secret too. The problem is an empty
        string if all captures succeeded.
        """
        captures = _captures_of(plan, item)
        if not captures:
            return {}, ""
        texts: dict[str, str] = {}
        text = printed.text()
        for name, pattern in captures:
            if status != (item.annotation.expect_status or 0) and pattern is None:
                continue  # the last line of an error message is no value
            try:
                value = None if pattern is None and printed.lacks_end else capture_value(text, pattern)
            except PatternTimeout as timeout:
                return {}, f"captured no `{name}`: {timeout}; write a simpler pattern"
            if value is not None:
                texts[name] = value
        # every secret is known before a value is called public, because one may be a part of the other
        secrets = {name for name in texts if plan.is_secret(name)}
        for name in secrets:
            self.masker.add(texts[name])
        secrets |= {name for name, value in texts.items() if self.mask(value) != value}
        found: dict[str, Value] = {}
        for name, pattern in captures:
            if status != (item.annotation.expect_status or 0) and pattern is None:
                continue
            if name not in texts:
                return found, f"printed nothing to capture as `{name}`"
            if refused := check_value(plan.inputs.get(name), texts[name]):
                return found, self.mask(f"printed a value for `{name}` that will not do: {refused}")
            found[name] = Value(texts[name], name in secrets, f"{_FROM_STEP}{item.step.label}")
        return found, ""

    def needs_output(self, plan: Plan, item: PlanItem) -> bool:
        """Return whether captures or expectations read what the statement prints."""
        says = item.annotation
        return bool(says.expect or says.expect_not or says.until or _captures_of(plan, item))

    def suggest_values(self, plan: Plan, name: str) -> tuple[Suggestion, ...]:
        """Return values of earlier output: tokens for a secret, else words and cells of tables."""
        written = tuple(
            Suggestion(text, text, "the page", "as it is on the page") for text in _find_suspected(plan, name)
        )
        if not plan.is_secret(name):
            return (*written, *suggest_values(name, plan.inputs.get(name), self.outputs))
        seen = self.seen_tokens()
        return written + tuple(
            Suggestion(
                value, f"{find_public_prefix(value)}{MASK}", "earlier output", f"{len(value)} characters"
            )
            for value in reversed(seen)
        )

    def fill_statement(self, plan: Plan, item: PlanItem) -> FilledStatement:
        """Return the statement with its values; placeholders without a value stay.

        The statement is filled anew only if a value has changed or the masker has learned a secret since the
        last call. Raises QuotingError.
        """
        # the masker's version is taken before: masking the statement itself may teach it a token
        values, secrets, last = self._version, self.masker.version, self._filled
        if last and last[0] is plan and last[1] is item and last[2:4] == (values, secrets):
            return last[4]
        pieces = self._render_pieces(plan, item)
        code = "".join(text for text, _ in pieces).encode("utf-8", "surrogateescape")
        filled = FilledStatement(code, "".join(shown for _, shown in pieces))
        self._filled = (plan, item, values, secrets, filled)
        return filled

    def _render_pieces(self, plan: Plan, item: PlanItem) -> list[tuple[str, str]]:
        """Return the statement in pieces: of each, the code that runs and the shown text."""
        text = item.statement.text if item.statement else ""
        wanted = [
            p
            for p in item.placeholders
            if p.name in self.values and not (p.suspected and self.values[p.name].text == p.text)
        ]
        if not wanted:
            return [(text, self.masker.mask_page(text))]
        fillings = tuple(Filling(p.start, p.end, p.context, self.values[p.name].text) for p in wanted)
        for p in wanted if carries_values(plan) else ():
            if refused := find_carried_refusal(plan, item, p.name, self.values[p.name].text):
                raise refused
        result = []
        for piece in fill_placeholders(plan.procedure.shell, text, fillings):
            name = "" if piece.filling is None else wanted[piece.filling].name
            hide = name and self.values[name].secret and name not in self.partly_secret
            mask = self.masker.mask_page if piece.filling is None else self.masker.mask_text
            result.append((piece.text, MASK if hide else mask(piece.text)))
        return result


def _find_suspected(plan: Plan, name: str) -> Iterator[str]:
    """Yield the texts of a placeholder that may be meant as written."""
    texts = (p.text for item in plan.items for p in item.placeholders if p.suspected and p.name == name)
    yield from dict.fromkeys(texts)


def _captures_of(plan: Plan, item: PlanItem) -> list[tuple[str, str | None]]:
    captures = plan.captures
    return [(each.name, each.pattern) for where, each in captures if where == item.where] if captures else []


def _origins(known: Input | None) -> tuple[str | None, str | None]:
    return (known.source, known.default) if known else (None, None)
