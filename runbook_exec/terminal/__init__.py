"""The terminal: a run as a person sees it, and the questions that a person answers."""
