"""The operating system: signals, terminals, git, core dumps."""
