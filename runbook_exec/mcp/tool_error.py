"""Defines the error of a tool that the agent sees."""

from __future__ import annotations


class ToolError(Exception):
    """A tool does not do what it was asked for; the message says why, and what to do instead."""
