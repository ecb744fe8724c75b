"""Stores runs on disk: events, recordings, secrets of unfinished runs."""
