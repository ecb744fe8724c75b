"""Finds what the reader of a page sees: hidden text, tabs, folded sections, alternatives, includes."""
