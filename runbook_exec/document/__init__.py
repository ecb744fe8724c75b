"""Parses Markdown into a `Runbook`. Runs nothing."""
