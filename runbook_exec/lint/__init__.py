"""Lints pages. The rules are in `rules`; they are imported only to check a page."""
