"""`python -m runbook_exec`."""

import sys

from .cli import main

sys.exit(main())
