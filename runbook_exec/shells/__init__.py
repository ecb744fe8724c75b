"""The shells that can run a runbook."""
