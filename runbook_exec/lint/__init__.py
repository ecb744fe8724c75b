"""The linter. Its rules are in `rules`; they are imported only when a page is checked."""
