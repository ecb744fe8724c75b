"""Real runs, recorded: the transcript that a rehearsal of them needs."""
