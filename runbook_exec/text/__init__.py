"""Handles text: its places in a file, and its display. Knows nothing of runbooks."""
