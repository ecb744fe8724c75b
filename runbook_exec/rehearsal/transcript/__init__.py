"""Reads and writes transcripts: the calls that a rehearsal expects, and their answers."""
