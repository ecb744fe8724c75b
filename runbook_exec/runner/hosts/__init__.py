"""Opens the sessions of a run on the hosts that its statements name."""
