"""Prints the Content-Security-Policy of a site: `python -m runbook_exec.site.policy site/`."""

from __future__ import annotations

from .csp import main

if __name__ == "__main__":
    main()
