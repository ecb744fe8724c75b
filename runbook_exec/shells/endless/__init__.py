"""Finds commands that run until somebody ends them, such as servers, port forwards and `tail -f`."""
