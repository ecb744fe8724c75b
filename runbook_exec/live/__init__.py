"""Runs that outlive their terminal, and the terminals that attach to them."""
