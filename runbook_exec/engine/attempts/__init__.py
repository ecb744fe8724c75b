"""Runs a statement as often as it takes, or in the background."""
