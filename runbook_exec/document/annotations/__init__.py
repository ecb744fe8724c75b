"""`<!-- runbook: … -->` and `{…}` after a language."""
