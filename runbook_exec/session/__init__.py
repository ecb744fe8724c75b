"""One live shell in a pseudo-terminal."""
