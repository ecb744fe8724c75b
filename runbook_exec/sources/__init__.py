"""Reads values from sources: one module for each kind of source, listed in `registry`."""
