"""Decides which values an agent may give; all others are given by a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..document.placeholders import normalise_name
from ..plan.fillable import find_refusal
from ..plan.model import Plan, PlanItem
from ..plan.values import check_value
from ..shells.evaluation.programs import find_program, program_name
from ..shells.registry import SHELLS
from ..text.lazy_pattern import LazyPattern
from .tool_error import ToolError

_NUMBER = LazyPattern(r"-\d+(?:\.\d+)?")

_CODE = "a b; c $(d) 'e"  # a value that only a place for code refuses

_WORD = "q" * 17  # no program, and no keyword of a shell

# they run the program or the file that one of their arguments names
_RUN_ARGUMENTS = frozenset(("xargs", "parallel", "watch", "entr", "strace", "script", "unshare", "nsenter"))

_INTERPRETERS = frozenset(
    (
        "source",
        ".",
        "sh",
        "bash",
        "zsh",
        "fish",
        "ash",
        "dash",
        "ksh",
        "python",
        "perl",
        "ruby",
        "node",
        "php",
    )
)

_CONTAINERS = frozenset(("docker", "podman", "nerdctl"))

_BEFORE_PROGRAM = frozenset(("--", "-exec", "-execdir", "-ok", "-okdir"))

_RUN_AFTER_DASHES = frozenset(("exec", "run", "debug", "find"))

_PERSON = "a person types it in an attached terminal (`runbook-exec attach`)"


def check_agent_values(plan: Plan, values: Mapping[str, str]) -> None:
    """Raise ToolError if an agent may not give one of these values."""
    for name, value in values.items():
        if why := find_person_reason(plan, name):
            raise ToolError(f"`{name}`: {why}")
        if why := _find_problem(plan, normalise_name(name), value):
            raise ToolError(f"`{name}`: {why}")


def find_person_reason(plan: Plan, written: str) -> str:
    """Return why only a person may give a value, or ""."""
    name = normalise_name(written)
    if plan.is_secret(name):
        return f"it is a secret; {_PERSON}"
    names = {each.name for item in plan.items for each in item.placeholders}
    if name not in names and name not in plan.inputs:
        known = ", ".join(f"`{each}`" for each in sorted(names | plan.inputs.keys())) or "none"
        return f"the procedure has no such value, or only as a variable of the shell; it has {known}"
    shell = plan.procedure.shell
    for item in plan.items:
        if find_refusal(item, shell, name, _CODE) is not None:
            return f"it is read as code at line {item.line}; {_PERSON}"
        if _is_program(item, shell, name):
            return f"it is the name of a program at line {item.line}; {_PERSON}"
    return ""


def _find_problem(plan: Plan, name: str, value: str) -> str:
    """Return why a value is not allowed, or ""."""
    known = plan.inputs.get(name)
    if any(not character.isprintable() for character in value):
        return "expected one line of printable characters"
    is_described = known is not None and (known.pattern is not None or known.choices)
    if value.startswith("-") and not is_described and not _NUMBER.fullmatch(value):
        return (
            "a program could take a value that begins with `-` for an option; "
            f"the page allows it with a `pattern` or `choices`, or {_PERSON}"
        )
    return check_value(known, value) or ""


def _is_program(item: PlanItem, shell: str, name: str) -> bool:
    """Return whether a statement runs the program that the value names."""
    if item.statement is None or shell not in SHELLS:
        return False
    text = item.statement.text
    for each in reversed(item.statement.placeholders):
        word = _WORD if each.name == name else "x"
        text = text[: each.start] + word + text[each.end :]
    return any(
        _WORD in word or (word.startswith(("$", '"$')) and normalise_name(word.strip("${}\"'")) == name)
        for command in SHELLS[shell].find_commands(text)
        for word in _list_programs(command.words)
    )


def _list_programs(words: Sequence[str]) -> Iterator[str]:
    """Yield the words of a command that name a program or a file that runs; rather too many than too few."""
    at = find_program(words)
    yield from words[at : at + 1]
    rest = words[at + 1 :]
    name = program_name(words[at]) if at < len(words) else ""
    if name in _RUN_ARGUMENTS:
        yield from rest
    elif name in _INTERPRETERS:
        operand = next((number for number, word in enumerate(rest) if not word.startswith("-")), len(rest))
        yield from rest[: operand + 1]
    elif name in _CONTAINERS and rest and rest[0] in ("exec", "run"):
        operands = [word for word in rest[1:] if not word.startswith("-")]
        yield from operands[1:]
    for number in range(1, len(words)):
        if words[number - 1] in _BEFORE_PROGRAM and not _RUN_AFTER_DASHES.isdisjoint(words[:number]):
            yield words[number]
