"""Webhooks that order runs: an alert or an event of a repository starts the page that a rule names for it."""
