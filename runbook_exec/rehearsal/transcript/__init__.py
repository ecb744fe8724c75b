"""Transcripts: read, matched, written."""
