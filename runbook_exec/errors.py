"""Errors whose message is for the operator."""

from __future__ import annotations


class Refused(Exception):
    """The program does not do what was asked; the message is complete and is printed without a traceback."""


class ValueProblem(ValueError):
    """A value cannot be had, or an expression cannot be read; the message says why and holds no secret."""
