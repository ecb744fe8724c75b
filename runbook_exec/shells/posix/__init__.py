"""bash, zsh and sh."""
