"""Writes reports of a finished run."""
