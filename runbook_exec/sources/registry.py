"""The kinds of sources that a value can come from, and what each gives."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping, Sequence

from ..errors import ValueProblem

_SOURCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+|cmd:.*\S.*|op://[^/]+/[^/]+/.+", re.DOTALL)


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
