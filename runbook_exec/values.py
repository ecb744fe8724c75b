"""Values: where they come from, whether they will do, and how one is taken out of output."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .annotation_values import placeholder_name
from .model import Input
from .patterns import PatternProblem, compile_pattern
from .placeholders import is_secret_name
from .templates import ValueProblem, evaluate_when, render_default
from .token_shapes import find_tokens

__all__ = [
    "Capture",
    "ValueProblem",
    "capture_value",
    "check_source",
    "check_value",
    "evaluate_when",
    "is_secret",
    "parse_capture",
    "parse_set",
    "render_default",
    "resolve_source",
]

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-Z\\`-~])|[\x00-\x08\x0e-\x1a]"
)
_REMARK = re.compile(r"\W*(?:warn(?:ing)?|notice|note|hint|info|debug)\W*:", re.IGNORECASE)
_SOURCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+|cmd:.*\S.*|op://[^/]+/[^/]+/.+", re.DOTALL)


class Capture(NamedTuple):
    """The value of a placeholder that the output of a statement gives.

    `step` is a step's number or label, an id, an anchor, or `STEP.STATEMENT`; `pattern` a regular
    expression whose first group, or all of it, is the value.
    """

    name: str
    step: str
    pattern: str | None = None


def is_secret(name: str, input: Input | None, annotation_secret: bool = False) -> bool:
    """Whether the value is a secret: an annotation says so, or the front matter does, or else the name."""
    if annotation_secret:
        return True
    if input is not None and input.secret is not None:
        return input.secret
    return is_secret_name(name)


def check_value(input: Input | None, value: str) -> str | None:
    """Why the value will not do, or None; a secret value is not in the message."""
    if "\0" in value:
        return "a value cannot hold a NUL character; no program could receive it"
    if input is None:
        return None
    got = "" if is_secret(input.name, input) else f", got `{value}`"
    if input.choices and value not in input.choices:
        return f"expected one of {', '.join(f'`{choice}`' for choice in input.choices)}{got}"
    if input.pattern is not None and not compile_pattern(input.pattern).fullmatch(value):
        return f"expected a value that matches `{input.pattern}` as a whole{got}"
    return None


def parse_set(text: str) -> tuple[str, str]:
    """The name, in compared form, and the value of `NAME=VALUE`; ValueProblem where it is not that."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueProblem("expected NAME=VALUE, got no `=`")
    return _name(name), value


def parse_capture(text: str) -> Capture:
    """What `NAME=STEP` or `NAME=STEP:REGEX` says; ValueProblem where it is not that."""
    name, equals, rest = text.partition("=")
    step, colon, pattern = rest.partition(":")
    step = step.strip().removeprefix("#")
    if not equals or not step:
        raise ValueProblem(f"expected NAME=STEP or NAME=STEP:REGEX, such as `new-token=2`, got `{text}`")
    if colon and not pattern:
        raise ValueProblem(f"expected a regular expression after the `:`, got `{text}`")
    if colon:
        try:
            compile_pattern(pattern)
        except PatternProblem as problem:
            raise ValueProblem(str(problem)) from None
    return Capture(_name(name), step, pattern if colon else None)


def capture_value(output: str, pattern: str | None) -> str | None:
    """The value in the output of a statement, or None where there is none.

    With a pattern it is the first match's first group, or all of the match if it has no group. Without one
    it is the one token of a known shape, if there is exactly one. Failing that it is the last line that is
    neither blank nor a remark such as `Warning: …`, which a program may print on its standard error after
    the value, and which a terminal mixes in; only where every line is a remark, it is the last of them.
    Escape sequences, blanks at both ends, and what a carriage return has overwritten do not count.
    """
    plain = _ESCAPE.sub("", output).replace("\r\n", "\n")
    if pattern is not None:
        match = compile_pattern(pattern).search(plain)
        return None if match is None else match[1 if match.re.groups else 0]
    content = plain.encode("utf-8", "surrogatepass")
    spans = [(start, end) for _, start, end in find_tokens(content)]
    tokens = {
        content[start:end]
        for start, end in spans
        if not any(a <= start and end <= b and (a, b) != (start, end) for a, b in spans)
    }
    if len(tokens) == 1:
        return tokens.pop().decode("utf-8", "surrogatepass")
    lines = [line.rstrip("\r").rpartition("\r")[2].strip() for line in plain.split("\n")]
    filled = [line for line in lines if line]
    said = [line for line in filled if not _REMARK.match(line)]
    return (said or filled)[-1] if filled else None


def check_source(source: str) -> str:
    """The source as given; ValueProblem where it is none that `resolve_source` knows."""
    if not _SOURCE.fullmatch(source):
        raise ValueProblem(
            f"expected `env:NAME`, `file:PATH`, `op://vault/item/field` or `cmd:…`, got `{source}`"
        )
    return source


def resolve_source(
    source: str,
    *,
    run: Callable[[Sequence[str]], str],
    environ: Mapping[str, str],
    read_file: Callable[[str], str],
) -> str:
    """The value a source stands for, without its final newline; ValueProblem names the source, not the value.

    `run` gets the words of a command and returns its standard output, or raises OSError or SubprocessError;
    `read_file` gets the path as written and returns the content, or raises OSError or UnicodeError.
    """
    check_source(source)
    if source.startswith("op://"):
        return _output_of(source, ["op", "read", source], run)
    kind, _, rest = source.partition(":")
    if kind == "cmd":
        return _output_of(source, ["sh", "-c", rest], run)
    if kind == "env":
        if rest not in environ:
            raise ValueProblem(f"`{source}`: the environment has no variable `{rest}`; set it or use --set")
        return environ[rest]
    try:
        return _without_newline(read_file(rest))
    except OSError as error:
        raise ValueProblem(f"`{source}`: cannot read the file: {_reason(error)}") from None
    except UnicodeError:
        raise ValueProblem(f"`{source}`: the file is not UTF-8 text") from None


def _output_of(source: str, command: Sequence[str], run: Callable[[Sequence[str]], str]) -> str:
    try:
        return _without_newline(run(command))
    except subprocess.CalledProcessError as error:
        raise ValueProblem(f"`{source}`: `{command[0]}` exited with {error.returncode}") from None
    except subprocess.SubprocessError:
        raise ValueProblem(f"`{source}`: `{command[0]}` did not end in time") from None
    except OSError as error:
        raise ValueProblem(f"`{source}`: cannot start `{command[0]}`: {_reason(error)}") from None
    except UnicodeError:
        raise ValueProblem(f"`{source}`: the output is not UTF-8 text") from None


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _without_newline(text: str) -> str:
    return re.sub(r"\r?\n\Z", "", text)


def _name(text: str) -> str:
    try:
        return placeholder_name(text)
    except ValueError as error:
        raise ValueProblem(str(error)) from None
