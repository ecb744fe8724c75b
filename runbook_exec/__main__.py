"""Runs the program as `python -m runbook_exec`."""

from __future__ import annotations

import sys

from .cli.main import main

sys.exit(main())
