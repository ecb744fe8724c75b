"""Restores the statuses of a pipeline: `$?`, and `PIPESTATUS` of bash or `pipestatus` of zsh."""

from __future__ import annotations

from collections.abc import Sequence


def write_pipeline(status: int, pipestatus: Sequence[int], stage: bytes) -> bytes:
    """Return a pipeline with these statuses, which runs no trap on ERR and does not end a shell by `set -e`.

    `stage` is a command whose status is written for `%d`.
    """
    stages = b" | ".join(stage % each for each in pipestatus)
    if pipestatus[-1]:
        return b"! " + stages if status == 0 else stages + b" && :"
    failed = next((each for each in reversed(pipestatus) if each), 0)
    if status > 1:  # by `set -o pipefail`, because the status after `!` is 0 or 1
        return stages + b" && :"
    if status == 1 and failed != 1:
        return b"! " + stages
    if failed == 0:
        return stages
    # with a `!` or without, depending on that option; in a list, and not in an `if`, zsh keeps the statuses
    if status == 0:
        return b"[[ -o pipefail ]] && ! %b || %b" % (stages, stages)
    return b"[[ ! -o pipefail ]] || %b && ! %b" % (stages, stages)
