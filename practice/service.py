"""What a rehearsal has running beside it: the memory of the stand-ins `fly` and `op`, and a Forgejo.

Prints the environment of the stand-ins and of ansible, then `ready`, and serves until it is told to end.
"""

import os
import signal
import sys
from pathlib import Path

PRACTICE = Path(__file__).resolve().parent
sys.path.insert(0, str(PRACTICE.parent))


def main() -> None:
    """Serve until SIGTERM."""
    from practice.forgejo import serving
    from practice.world import begin

    folder = Path(os.environ["RUNBOOK_REHEARSAL"], "state")
    if not (folder / "vault").exists():
        begin(folder)
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))
    with serving(str(folder)) as url:
        print(f"FORGEJO_URL={url}\nPRACTICE={PRACTICE}\nPRACTICE_PYTHON={sys.executable}\nready", flush=True)
        signal.sigwait((signal.SIGTERM,))


if __name__ == "__main__":
    main()
