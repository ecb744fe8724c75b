"""Text: where it stands in a file, and how it is shown. Knows nothing of runbooks."""
