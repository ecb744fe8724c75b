"""Makes dataclasses and named tuples at a fraction of the time that the standard library takes at the start.

`dataclass`, `field`, `replace` and `NamedTuple` have the names, and for type checkers the types, of the
standard library. A class that they make behaves like one of the standard library, and `dataclasses` can read
it. The function that makes its objects is one of `_MAKERS`, or compiled if it makes many. Its other methods
are shared. A dataclass has no base class.
"""

from __future__ import annotations

from _collections import _tuplegetter  # type: ignore[import-not-found] # reads a field of a named tuple
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from operator import attrgetter
from reprlib import recursive_repr
from types import FunctionType
from typing import TYPE_CHECKING, Any

MISSING: Any = object()  # the default of a field that has none

_new_tuple = tuple.__new__

_make: Any = None  # what each of `_MAKERS` calls

_FEW = 16  # objects of a dataclass that are made before its `__init__` is compiled

_make_getter = cache(lambda at: _tuplegetter(at, f"field {at}"))  # all named tuples share them


class TupleWithNames(tuple[Any, ...]):
    """The methods that all named tuples share."""

    __slots__ = ()
    _fields: tuple[str, ...]
    _field_defaults: Mapping[str, Any]

    @classmethod
    def _make(cls, values: Iterable[Any]) -> Any:
        made = tuple.__new__(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"expected {len(cls._fields)} values, got {len(made)}")
        return made

    def _replace(self, /, **changes: Any) -> Any:
        made = _new_tuple(type(self), map(changes.pop, self._fields, self))
        if changes:
            raise ValueError(f"expected names of fields, got {list(changes)}")
        return made

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self))  # noqa: B905 - far hosts have Python 3.9

    def __repr__(self) -> str:
        shown = (f"{name}={value!r}" for name, value in zip(self._fields, self))  # noqa: B905
        return f"{type(self).__name__}({', '.join(shown)})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)


class _TupleMaker(type):
    """Makes the named tuple of a class that names `NamedTuple` as its base."""

    def __new__(cls, name: str, bases: tuple[type, ...], content: dict[str, Any]) -> Any:
        if not bases:
            return super().__new__(cls, name, bases, content)
        names = tuple(content.get("__annotations__", ()))
        defaults = {each: content.pop(each) for each in names if each in content}

        def compile_new(kind: type[Any], /, *values: Any, **named: Any) -> Any:
            made.__new__ = staticmethod(_write_new(name, names, defaults))
            return made.__new__(kind, *values, **named)

        content |= {each: _make_getter(at) for at, each in enumerate(names)}
        content |= {"__slots__": (), "_fields": names, "_field_defaults": defaults}
        content |= {"__match_args__": names, "__new__": compile_new}
        others = (base for base in bases if base is not _NamedTuple)
        made: Any = type(name, (TupleWithNames, *others), content)
        return made


class _NamedTuple(metaclass=_TupleMaker):
    pass


# Functions of one argument and 0, 1, 2 … fields, which get the names of these and a `_make` of their own:
# compiling a function for each class takes twenty times as long.
_MAKERS: tuple[Any, ...] = (
    lambda _: _make(_, ()),
    lambda _, a: _make(_, (a,)),
    lambda _, a, b: _make(_, (a, b)),
    lambda _, a, b, c: _make(_, (a, b, c)),
    lambda _, a, b, c, d: _make(_, (a, b, c, d)),
    lambda _, a, b, c, d, e: _make(_, (a, b, c, d, e)),
    lambda _, a, b, c, d, e, f: _make(_, (a, b, c, d, e, f)),
    lambda _, a, b, c, d, e, f, g: _make(_, (a, b, c, d, e, f, g)),
    lambda _, a, b, c, d, e, f, g, h: _make(_, (a, b, c, d, e, f, g, h)),
    lambda _, a, b, c, d, e, f, g, h, i: _make(_, (a, b, c, d, e, f, g, h, i)),
    lambda _, a, b, c, d, e, f, g, h, i, j: _make(_, (a, b, c, d, e, f, g, h, i, j)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k: _make(_, (a, b, c, d, e, f, g, h, i, j, k)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k, m: _make(_, (a, b, c, d, e, f, g, h, i, j, k, m)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k, m, n: _make(_, (a, b, c, d, e, f, g, h, i, j, k, m, n)),
    lambda _, a, b, c, d, e, f, g, h, i, j, k, m, n, o: _make(_, (a, b, c, d, e, f, g, h, i, j, k, m, n, o)),
)


def _name_parameters(
    name: str, qualname: str, parameters: tuple[str, ...], defaults: Iterable[Any], known: dict[str, Any]
) -> Any:
    """Return the function that passes its first argument and a tuple of the others to `_make` of `known`."""
    code = _MAKERS[len(parameters) - 1].__code__.replace(co_name=name, co_varnames=parameters)
    made = FunctionType(code, known, name, tuple(defaults))
    made.__qualname__ = qualname
    return made


def _write_new(name: str, names: tuple[str, ...], defaults: Mapping[str, Any]) -> Any:
    """Return the `__new__` of a named tuple."""
    if len(names) < len(_MAKERS) and names[len(names) - len(defaults) :] == tuple(defaults):
        return _name_parameters(
            "__new__", f"{name}.__new__", ("_kind", *names), defaults.values(), {"_make": _new_tuple}
        )
    known: dict[str, Any] = {"_new": tuple.__new__, "_defaults": defaults}
    parameters = [f"{each}=_defaults[{each!r}]" if each in defaults else each for each in names]
    values = f"({', '.join(names)}{',' if names else ''})"
    exec(f"def __new__({', '.join(['_kind', *parameters])}):\n return _new(_kind, {values})", known)  # noqa: S102
    known["__new__"].__qualname__ = f"{name}.__new__"
    return known["__new__"]


if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    NamedTuple = _NamedTuple


class LightField(NamedTuple):
    """What is known of one field."""

    name: str = ""
    default: Any = MISSING
    default_factory: Any = MISSING
    init: bool = True
    repr: bool = True


def is_light_dataclass(kind: type) -> bool:
    """Return whether the class is one of ours."""
    return hasattr(kind, "__light_fields__")


def list_defaults(kind: type) -> dict[str, Any]:
    """Return the names of the fields of a dataclass of ours, each with its default or MISSING."""
    fields: tuple[LightField, ...] = vars(kind)["__light_fields__"]
    return {
        each.name: each.default if each.default_factory is MISSING else each.default_factory()
        for each in fields
    }


def _make_field(
    *, default: Any = MISSING, default_factory: Any = MISSING, init: bool = True, **options: bool
) -> Any:
    return LightField("", default, default_factory, init, options.get("repr", True))


def _replace_fields(value: Any, /, **changes: Any) -> Any:
    fields: tuple[LightField, ...] | None = getattr(value, "__light_fields__", None)
    if fields is None:  # a class of another library
        import dataclasses

        return dataclasses.replace(value, **changes)
    for each in fields:
        if each.init and each.name not in changes:
            changes[each.name] = getattr(value, each.name)
    return type(value)(**changes)


def _make_dataclass(*, frozen: bool = False, slots: bool = False, eq: bool = True) -> Callable[[Any], Any]:
    return lambda kind: _rebuild(kind, frozen, slots, eq)


def _rebuild(kind: Any, frozen: bool, slots: bool, eq: bool) -> Any:
    """Return the class with the methods of a dataclass."""
    if kind.__bases__ != (object,):
        raise TypeError(f"expected no base class of the dataclass {kind.__name__}")
    own = dict(vars(kind))
    fields = tuple(_read_field(name, own.get(name, MISSING)) for name in kind.__annotations__)
    methods = _make_methods(own, fields, frozen, eq)
    if frozen and slots:
        methods |= {"__getstate__": _get_state, "__setstate__": _set_state}

    def compile_init(self: object, *values: Any, **named: Any) -> None:
        made.__init__ = _join_init(made, fields, frozen, slots)
        made.__init__(self, *values, **named)

    methods["__init__"] = compile_init
    if slots:
        names = [each.name for each in fields]
        kept = {name: own[name] for name in own if name not in (*names, "__dict__", "__weakref__")}
        made = type(kind)(kind.__name__, kind.__bases__, {**kept, **methods, "__slots__": names})
        made.__qualname__ = kind.__qualname__
        return made
    made = kind
    for name, method in methods.items():
        setattr(made, name, method)
    for each in fields:
        if each.default is not MISSING:
            setattr(made, each.name, each.default)
        elif each.name in own:
            delattr(made, each.name)
    return made


def _read_field(name: str, default: Any) -> LightField:
    return default._replace(name=name) if isinstance(default, LightField) else LightField(name, default)


def _make_methods(
    own: Mapping[str, Any], fields: tuple[LightField, ...], frozen: bool, eq: bool
) -> dict[str, Any]:
    """Return the attributes that the class gets beside its `__init__`; `own` are those that it has."""
    names = [each.name for each in fields]
    read = attrgetter(*names) if names else type
    methods: dict[str, Any] = {
        "__light_fields__": fields,
        "__dataclass_fields__": _StandardFields(),
        "__match_args__": tuple(each.name for each in fields if each.init),
    }

    def are_equal(self: object, other: object) -> Any:
        return read(self) == read(other) if type(self) is type(other) else NotImplemented

    if eq and "__eq__" not in own:
        methods["__eq__"] = are_equal
    if eq and ("__hash__" not in own or (own["__hash__"] is None and "__eq__" in own)):
        methods["__hash__"] = (lambda self: hash((read(self),))) if frozen else None
    if "__repr__" not in own:
        methods["__repr__"] = _show_fields
    if frozen:
        methods |= {"__setattr__": _refuse_change, "__delattr__": _refuse_change}
    return methods


@recursive_repr("...")
def _show_fields(value: Any) -> str:
    fields: tuple[LightField, ...] = value.__light_fields__
    shown = (f"{each.name}={getattr(value, each.name)!r}" for each in fields if each.repr)
    return f"{type(value).__qualname__}({', '.join(shown)})"


def _refuse_change(value: object, name: str, *_: object) -> None:
    raise AttributeError(f"cannot change `{name}` of a {type(value).__name__}, which is frozen")


def _get_state(value: Any) -> list[Any]:
    return [getattr(value, each.name) for each in value.__light_fields__]


def _set_state(value: Any, state: list[Any]) -> None:
    for each, content in zip(value.__light_fields__, state):  # noqa: B905 - Python 3.9 has no `strict`
        object.__setattr__(value, each.name, content)


def _join_init(kind: type[Any], fields: tuple[LightField, ...], frozen: bool, slots: bool) -> Any:
    """Return the `__init__` of the class for its first objects."""
    given = tuple(each for each in fields if each.init)
    optional = tuple(each for each in given if (each.default, each.default_factory) != (MISSING, MISSING))
    if len(given) >= len(_MAKERS) or given[len(given) - len(optional) :] != optional:
        return _write_init(kind, fields, frozen, slots)
    made_here = tuple(each for each in fields if not each.init and each.default_factory is not MISSING)
    count = 0

    def fill(self: object, values: tuple[Any, ...]) -> None:
        nonlocal count
        count += 1
        if count == _FEW:
            setattr(kind, "__init__", _write_init(kind, fields, frozen, slots))  # noqa: B010
        for each, value in zip(given, values):  # noqa: B905 - Python 3.9 has no `strict`
            object.__setattr__(self, each.name, each.default_factory() if value is MISSING else value)
        for each in made_here:
            object.__setattr__(self, each.name, each.default_factory())

    names, defaults = ("self", *(each.name for each in given)), [each.default for each in optional]
    return _name_parameters("__init__", f"{kind.__qualname__}.__init__", names, defaults, {"_make": fill})


def _write_init(kind: type[Any], fields: tuple[LightField, ...], frozen: bool, slots: bool) -> Any:
    """Return the `__init__` of the class, compiled."""
    known: dict[str, Any] = {"_MISSING": MISSING, "_set": object.__setattr__}
    parameters = ["self"]
    lines = []
    for each in fields:
        value = each.name
        if each.default_factory is not MISSING:
            known[f"_make_{value}"] = each.default_factory
            value = f"_make_{value}()"
            if each.init:
                parameters.append(f"{each.name}=_MISSING")
                value += f" if {each.name} is _MISSING else {each.name}"
        elif not each.init:
            continue
        elif each.default is MISSING:
            parameters.append(value)
        else:
            known[f"_default_{value}"] = each.default
            parameters.append(f"{value}=_default_{value}")
        if not frozen:
            lines.append(f" self.{each.name} = {value}")
        elif slots:
            known[f"_set_{each.name}"] = vars(kind)[each.name].__set__  # faster than object.__setattr__
            lines.append(f" _set_{each.name}(self, {value})")
        else:
            lines.append(f" _set(self, {each.name!r}, {value})")
    exec(f"def __init__({', '.join(parameters)}):\n" + "\n".join(lines or [" pass"]), known)  # noqa: S102
    known["__init__"].__qualname__ = f"{kind.__qualname__}.__init__"
    return known["__init__"]


class _StandardFields:
    """What functions of the standard library read of a dataclass, made when one of them does."""

    def __get__(self, instance: object, kind: type[Any]) -> dict[str, Any]:
        import dataclasses

        fields: tuple[LightField, ...] = vars(kind)["__light_fields__"]
        made: Any = dataclasses.make_dataclass(
            kind.__name__,
            [(each.name, kind.__annotations__[each.name], _write_standard(each)) for each in fields],
        )
        kept: dict[str, Any] = made.__dataclass_fields__
        type.__setattr__(kind, "__dataclass_fields__", kept)
        return kept


def _write_standard(each: LightField) -> Any:
    import dataclasses

    given = {"default": each.default, "default_factory": each.default_factory}
    options = {name: value for name, value in given.items() if value is not MISSING}
    return dataclasses.field(init=each.init, repr=each.repr, **options)


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import replace as replace
    from typing import NamedTuple as NamedTuple
else:
    dataclass, field, replace = _make_dataclass, _make_field, _replace_fields
