"""From Markdown to a `Runbook`. Runs nothing."""
