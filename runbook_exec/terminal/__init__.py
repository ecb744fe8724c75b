"""Shows a run on a terminal, and asks a person questions."""
