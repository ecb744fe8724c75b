"""Finds and masks secrets in a stream, however it is cut."""
