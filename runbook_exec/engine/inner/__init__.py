"""Follows the statements of a run into the shells that others open."""
