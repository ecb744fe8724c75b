"""Keeps a shell for each host that the statements of a run run on."""
