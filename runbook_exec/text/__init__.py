"""Text: its places in a file, and how it is shown. Knows nothing of runbooks."""
