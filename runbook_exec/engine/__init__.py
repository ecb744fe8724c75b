"""The run itself: a plan becomes a generator of events."""
