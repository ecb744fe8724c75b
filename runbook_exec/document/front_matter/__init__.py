"""Reads the front matter of a page."""
