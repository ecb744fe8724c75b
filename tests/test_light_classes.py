"""Our dataclasses and named tuples, beside those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
import typing
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_exec import light_classes

NAMES = ("path", "line", "text", "status")

# for each field: whether it has a default
FIELDS = st.integers(0, 4).flatmap(
    lambda required: st.integers(0, 4 - required).map(lambda more: [False] * required + [True] * more)
)
VALUES = st.one_of(st.integers(), st.text(), st.none(), st.tuples(st.integers()))
CHANGES = st.dictionaries(st.sampled_from([*NAMES, "unknown"]), VALUES, max_size=4)
ARGUMENTS = st.tuples(st.lists(VALUES, max_size=4), CHANGES)

Arguments = tuple[list[object], dict[str, object]]


def outcome(act: Callable[[], object]) -> object:
    """Return what a call returned, or that it raised an error."""
    try:
        return act()
    except (TypeError, ValueError, AttributeError):
        return "an error"


def make_class(tools: object, first_line: str, has_default: list[bool]) -> Any:
    """Return a class with these fields, made with the tools of a module."""
    lines = [f"    {name}: object{' = 7' * known}" for name, known in zip(NAMES, has_default, strict=False)]
    made: dict[str, Any] = {"tools": tools, "__name__": __name__}
    text = "\n".join(["from __future__ import annotations", first_line, "    '''A value.'''", *lines])
    exec(text, made)  # noqa: S102 - the text is ours
    return made["Made"]


def describe_dataclass(
    kind: Any, replace: Callable[..., Any], given: Arguments, other: Arguments, changes: dict[str, object]
) -> list[object]:
    """Return what can be seen of a dataclass and an object of it."""
    seen: list[object] = [kind.__match_args__, [each.name for each in dataclasses.fields(kind)]]
    value = outcome(partial(kind, *given[0], **given[1]))
    if value == "an error":
        return [*seen, value]
    seen += [repr(value), dataclasses.asdict(value), repr(copy.deepcopy(value))]  # type: ignore[call-overload]
    seen.append(outcome(lambda: isinstance(hash(value), int)))
    seen.append(outcome(lambda: value == kind(*other[0], **other[1])))
    seen.append(outcome(lambda: repr(replace(value, **changes))))
    for name in NAMES:
        seen.append(outcome(partial(setattr, value, name, 1)))
        seen.append(outcome(partial(delattr, value, name)))
    return seen


@pytest.mark.parametrize("options", ["frozen=True, slots=True", "slots=True", "frozen=True", "eq=False"])
@given(FIELDS, ARGUMENTS, ARGUMENTS, CHANGES)
def test_every_dataclass_is_like_one_of_the_standard_library(
    options: str, has_default: list[bool], given: Arguments, other: Arguments, changes: dict[str, object]
) -> None:
    """Objects are made, compared, hashed, shown, changed and replaced in the same way."""
    line = f"@tools.dataclass({options})\nclass Made:"
    ours, theirs = (make_class(tools, line, has_default) for tools in (light_classes, dataclasses))
    assert describe_dataclass(ours, light_classes.replace, given, other, changes) == describe_dataclass(
        theirs, dataclasses.replace, given, other, changes
    )


def describe_tuple(kind: Any, given: Arguments, changes: dict[str, object]) -> list[object]:
    """Return what can be seen of a named tuple and an object of it."""
    seen: list[object] = [kind._fields, kind._field_defaults, kind.__match_args__, kind.__doc__]
    value: Any = outcome(partial(kind, *given[0], **given[1]))
    if value == "an error":
        return [*seen, value]
    seen += [tuple(value), repr(value), value._asdict(), repr(copy.copy(value)), kind._make(value) == value]
    seen.append([getattr(value, name) for name in kind._fields])
    seen.append(outcome(lambda: repr(value._replace(**changes))))
    seen.append(outcome(lambda: kind._make([*value, 1])))
    seen.append(outcome(partial(setattr, value, "path", 1)))
    return seen


@given(FIELDS, ARGUMENTS, CHANGES)
def test_every_named_tuple_is_like_one_of_the_standard_library(
    has_default: list[bool], given: Arguments, changes: dict[str, object]
) -> None:
    """Objects are made, shown, taken apart and replaced in the same way."""
    line = "class Made(tools.NamedTuple):"
    ours, theirs = (make_class(tools, line, has_default) for tools in (light_classes, typing))
    assert describe_tuple(ours, given, changes) == describe_tuple(theirs, given, changes)


@light_classes.dataclass(frozen=True, slots=True)
class Kept:
    """A value with a list of its own, a field that is not shown, and one that is no argument."""

    name: str
    parts: list[int] = light_classes.field(default_factory=list)
    note: str = light_classes.field(default="", repr=False)


@light_classes.dataclass(slots=True)
class Counted:
    """A value with a field that is set later."""

    name: str
    count: int = light_classes.field(init=False)


class Pair(light_classes.NamedTuple):
    """A named tuple with a property."""

    name: str
    size: int = 3

    @property
    def double(self) -> int:
        """Return twice the size."""
        return 2 * self.size


@pytest.mark.parametrize("value", [Pair("a"), Kept("a", [1], "n")])
def test_values_survive_a_pickle(value: object) -> None:
    """A value of each kind is the same after it was written and read."""
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 - our own bytes


def test_fields_and_properties_do_what_they_say() -> None:
    """A factory makes a new default for each object; a field may be hidden, or be set later."""
    assert Kept("a").parts is not Kept("a").parts
    assert repr(Kept("a", [], "n")) == "Kept(name='a', parts=[])"
    assert (Pair("a").double, Counted.__match_args__) == (6, ("name",))
    with pytest.raises(AttributeError):
        _ = Counted("a").count


def test_a_dataclass_with_a_base_class_is_refused() -> None:
    """The fields of the base would be forgotten."""
    with pytest.raises(TypeError, match="no base class"):
        light_classes.dataclass(frozen=True)(type("Child", (Kept,), {"__annotations__": {}}))


def test_our_classes_need_no_dataclasses() -> None:
    """A class that the module makes loads neither `dataclasses` nor `inspect`."""
    code = (
        "import sys; from runbook_exec.light_classes import dataclass\n"
        "@dataclass(frozen=True)\nclass A:\n    a: 'int'\nA(1)\n"
        "sys.exit('dataclasses' in sys.modules or 'inspect' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
