"""Where a session's shell runs: on this machine, and in time on others."""
