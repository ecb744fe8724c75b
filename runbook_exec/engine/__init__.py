"""Runs a plan: turns it into a generator of events."""
