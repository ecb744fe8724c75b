"""Markdown as elements with exact places."""
