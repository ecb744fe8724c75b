"""Reads the values of `--set` and `--set-file`, and warns of secrets that other users can see."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..document.assignments import parse_set
from ..errors import Refused, reason
from ..light_classes import NamedTuple
from ..plan.model import Plan
from ..text.ansi import escape_unprintable
from .options import parse_option

_INPUT = "-"

_LARGEST = 1 << 20  # bytes of a file or of the standard input


class GivenValues(NamedTuple):
    """Values by the normalised names of their placeholders; `visible` are those in the process list."""

    values: dict[str, str]
    visible: frozenset[str]


def read_given(texts: Iterable[str], files: Iterable[str]) -> GivenValues:
    """Return the values of `--set NAME=VALUE` and of `--set-file NAME=PATH`.

    The value `-` of `--set` is read from the standard input, once. Raises Refused.
    """
    values: dict[str, str] = {}
    visible: set[str] = set()
    texts = tuple(texts)
    if sum(text.partition("=")[2] == _INPUT for text in texts) > 1:
        raise Refused("`--set`: only one value can be read from the standard input; use `--set-file`")
    for text in texts:
        name, value = parse_option("--set", parse_set, text)
        if value != _INPUT:
            visible.add(name)
        else:
            value = _read_input(name)
        values[name] = value
    for text in files:
        name, path = parse_option("--set-file", parse_set, text)
        if name in values:
            raise Refused(f"`--set-file`: `{name}` has a value already; leave one out")
        values[name] = _read_file(name, path)
    return GivenValues(values, frozenset(visible))


def find_visible_secrets(plan: Plan, visible: Iterable[str]) -> Iterator[str]:
    """Yield a warning for each secret that was given on the command line, empty or to be seen there."""
    for name in sorted(visible):
        if not plan.is_secret(name):
            continue
        if name in plan.given and not plan.given[name].text:
            yield f"warning: the secret `{name}` is empty"
        else:
            yield (
                f"warning: every user of this machine can see the value of `--set {name}=…` in the list of "
                f"processes; use `--set {name}=-` (standard input) or `--set-file {name}=PATH`"
            )


def warn_of_visible_secrets(plan: Plan, visible: Iterable[str]) -> None:
    """Print these warnings."""
    for warning in find_visible_secrets(plan, visible):
        print(escape_unprintable(warning), file=sys.stderr)


def _read_input(name: str) -> str:
    if sys.stdin.isatty():
        import getpass  # most values are not typed

        try:
            return getpass.getpass(f"{name}: ")
        except EOFError:
            raise Refused(f"`--set {name}=-`: the standard input has ended") from None
    data = sys.stdin.buffer.read(_LARGEST + 1)
    return _decode(f"`--set {name}=-`", data)


def _read_file(name: str, path: str) -> str:
    try:
        with Path(path).expanduser().open("rb") as file:
            data = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise Refused(f"`--set-file {name}={path}`: cannot read the file: {why}") from None
    return _decode(f"`--set-file {name}={path}`", data)


def _decode(option: str, data: bytes) -> str:
    """Return the text without its final line end; bytes that are not UTF-8 become surrogate escapes."""
    if len(data) > _LARGEST:
        raise Refused(f"{option}: expected at most {_LARGEST} bytes")
    text = data.decode("utf-8", "surrogateescape")
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise Refused(f"{option}: there is no value; `--set NAME=` gives an empty one")
    return text
