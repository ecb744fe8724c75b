"""Runs statements inside a shell that a statement has opened, such as `ssh HOST`, through its terminal."""
