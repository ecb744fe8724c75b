"""Runs a stand-in in a rehearsal, `fly` or `op`; what it remembers is in the folder of the rehearsal."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 - quickly

if __name__ == "__main__":
    name, folder = sys.argv[1], os.environ["RUNBOOK_REHEARSAL"] + "/state"
    if name == "fly":
        from practice.fly import main
    else:
        from practice.op import main
    sys.exit(main(folder, sys.argv[2:]))
