"""Renders the parts of a page as HTML."""
