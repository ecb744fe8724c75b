"""Results that one rule after the other asks for while the linter looks at one page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Asked = TypeVar("Asked")
Result = TypeVar("Result")


def latest(function: Callable[[Asked], Result]) -> Callable[[Asked], Result]:
    """The function, which gives its last result again for the same object."""
    kept: list[Any] = [None, None]

    @wraps(function)
    def giving(asked: Asked) -> Result:
        if kept[0] is not asked:
            kept[:] = asked, function(asked)
        result: Result = kept[1]
        return result

    return giving
