"""Wraps the operating system: files, signals, terminals, git, core dumps."""
