"""Answers that do not come from the terminal of the run."""
