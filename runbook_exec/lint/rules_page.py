"""Writes the documentation page of the rules.

Usage: `python -m runbook_exec.lint.rules_page docs/rules.md`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .explain import format_rules_page
from .registry import RULES

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("expected the file to write, such as docs/rules.md")
    Path(sys.argv[1]).write_text(format_rules_page(RULES), encoding="utf-8")
