"""Runs the shell of a session: on this machine, and later on others."""
