"""Evaluates Jinja2 for defaults such as `deploy {{ today }}` and for `when=`.

The author of a runbook may not be trusted. Therefore templates run in a sandbox, can use only the values that
they are given, and take little time and space. They have no loops, assignments and macros, and none of the
few operations that make a large result from a small input: the result cannot be longer than the values
written out in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from ..errors import ValueProblem

if TYPE_CHECKING:
    from jinja2.runtime import Context
    from jinja2.sandbox import SandboxedEnvironment


_LONGEST = 4096  # characters of a template

_LONGEST_VALUE = 1 << 16  # characters of a value; a template can name one some hundred times

_FALSE = frozenset(("", "false", "no", "off", "0"))

_FILTERS = (
    *("abs", "capitalize", "d", "default", "first", "float", "int", "last", "length", "lower"),
    *("round", "string", "title", "trim", "upper", "urlencode"),
)

_TEXT_METHODS = frozenset(
    (
        "capitalize",
        "endswith",
        "lower",
        "removeprefix",
        "removesuffix",
        "split",
        "startswith",
        "strip",
        "upper",
    )
)

_DATE_PARTS = ("year", "month", "day", "hour", "minute", "second")

_MOMENT_METHODS = frozenset((*_DATE_PARTS, "isoformat", "isoweekday", "strftime", "weekday"))


def render_default(template: str, known: Mapping[str, str], now: datetime) -> str:
    """Return the default that a template gives; raises ValueProblem if it gives none.

    The template can use `today` (YYYY-MM-DD), `now`, and the known values by name. In these names, `_`
    replaces every character that a name in Jinja2 cannot have. The caller leaves secrets out. Text without
    `{{` and `{%` is returned unchanged.
    """
    if "{{" not in template and "{%" not in template:
        return template
    return str(_evaluate(template, known, now, expression=False))


def evaluate_when(expression: str, known: Mapping[str, str], now: datetime) -> bool:
    """Return whether an expression over the same names is true.

    Raises ValueProblem if it cannot be evaluated. Values are text. If the result is a text, these count as
    false: the empty text, `false`, `no`, `off` and `0`.
    """
    result = _evaluate(expression, known, now, expression=True)
    return result.strip().casefold() not in _FALSE if isinstance(result, str) else bool(result)


def _evaluate(text: str, known: Mapping[str, str], now: datetime, *, expression: bool) -> str | bool:
    from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError

    if len(text) > _LONGEST:
        raise ValueProblem(f"expected a template of at most {_LONGEST} characters, got {len(text)}")
    names: dict[str, object] = {
        re.sub(r"\W", "_", name): value for name, value in known.items() if len(value) <= _LONGEST_VALUE
    }
    names |= {"today": now.date().isoformat(), "now": now}
    environment = _environment()
    try:
        if expression:
            result = environment.compile_expression(text, undefined_to_none=False)(**names)
            # An undefined name is only noticed when its value is used.
            return result if isinstance(result, str) else bool(result)
        _refuse_statements(environment, text)
        return environment.from_string(text).render(names)
    except UndefinedError as error:
        exist = ", ".join(f"`{name}`" for name in sorted(names))
        raise ValueProblem(f"`{text}`: {error.message}; the names that exist are {exist}") from None
    except TemplateSyntaxError as error:
        raise ValueProblem(f"`{text}`: cannot be read: {error.message}") from None
    except TemplateError as error:
        raise ValueProblem(f"`{text}`: {error.message}") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueProblem(f"`{text}`: {error}") from None
    except (RecursionError, SyntaxError, MemoryError):
        raise ValueProblem("the template is nested too deeply") from None


def _refuse_statements(environment: SandboxedEnvironment, text: str) -> None:
    from jinja2 import nodes

    for node in environment.parse(text).find_all(nodes.Stmt):
        if not isinstance(node, nodes.Output | nodes.If):
            kind = type(node).__name__.lower()
            raise ValueProblem(f"`{text}`: expected `{{{{ … }}}}` or `{{% if … %}}`, got `{{% {kind} … %}}`")


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class TemplateSandbox(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset(("*", "**", "%"))

        def call_binop(self, context: Context, operator: str, left: object, right: object) -> object:
            small = isinstance(left, int | float) and isinstance(right, int | float)
            if operator == "**" or not small:
                raise SecurityError(f"`{operator}` is refused here: its result could be of any size")
            return super().call_binop(context, operator, left, right)

        def wrap_str_format(self, value: object) -> None:
            """Keep `str.format` refused, as in `'{:99999999}'.format(1)`, which the sandbox would wrap."""

        def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
            if isinstance(obj, str):
                return attr in _TEXT_METHODS
            return isinstance(obj, datetime) and attr in _MOMENT_METHODS

    environment = TemplateSandbox(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    return environment
