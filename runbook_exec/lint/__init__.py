"""The linter: what is wrong with pages. Its rules are in `rules`, and only read where a page is looked at."""
