"""The server for coding agents: they choose a page and values, and a person decides what runs.

Only this package imports the library `mcp`. It starts runs as processes of their own and reads their
journals, so a run goes on when the server ends.
"""
