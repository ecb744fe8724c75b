"""Records a real run, and writes the transcript that a rehearsal of it needs."""
