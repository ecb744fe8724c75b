"""Runs the shell of a session on another host; a part of it runs there, with Python 3.9."""
