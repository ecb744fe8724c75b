"""Parses Markdown into elements with exact places."""
