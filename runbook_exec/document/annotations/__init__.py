"""Reads annotations: `<!-- runbook: … -->`, and `{…}` after the language of a fence."""
