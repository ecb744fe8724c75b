"""Supports bash, zsh, sh and ash."""
