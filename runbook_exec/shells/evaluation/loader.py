"""Loads what finds evaluated places, for the first statement with a value; most runs have none."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..base import Filling
    from ..posix.dialect import Dialect
    from .variables import VariableReading


def protect_posix_values(
    text: str, fillings: Sequence[Filling], name: str, dialect: Dialect
) -> Sequence[Filling]:
    """Return the fillings with the values quoted for all that reads them; raises EvaluationError.

    `name` is that of the shell.
    """
    if not import_module(".search", __package__).may_read_again(text):
        return fillings
    protect = import_module(".posix", __package__).protect_posix_values
    protected: Sequence[Filling] = protect(text, fillings, name, dialect)
    return protected


def protect_fish_values(text: str, fillings: Sequence[Filling]) -> Sequence[Filling]:
    """Return the fillings with the values quoted for all that reads them; raises EvaluationError."""
    if not import_module(".search", __package__).may_read_again(text):
        return fillings
    protect = import_module("..fish.evaluation", __package__).protect_fish_values
    protected: Sequence[Filling] = protect(text, fillings)
    return protected


def find_posix_readings(text: str, shell: str, dialect: Dialect) -> Sequence[VariableReading]:
    """Return the variables whose content a statement of a POSIX shell reads again."""
    find = import_module(".posix", __package__).find_posix_readings
    found: Sequence[VariableReading] = find(text, shell, dialect)
    return found


def find_fish_readings(text: str) -> Sequence[VariableReading]:
    """Return the variables whose content a statement of fish reads again."""
    find = import_module("..fish.evaluation", __package__).find_fish_readings
    found: Sequence[VariableReading] = find(text)
    return found
