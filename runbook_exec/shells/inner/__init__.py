"""Finds commands that open another shell, or the prompt of another program, in the terminal."""
