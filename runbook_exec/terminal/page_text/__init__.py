"""Prepares the words and the code of a page for a terminal."""
