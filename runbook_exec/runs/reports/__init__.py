"""A finished run, told."""
