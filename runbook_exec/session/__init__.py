"""Runs one live shell in a pseudo-terminal."""
