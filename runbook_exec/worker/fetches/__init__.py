"""Journals of ordered runs, fetched from their hosts through the server."""
