"""The commands for runs that are ordered through a server, and the process of a leg."""
