"""The shells of the tests; BusyBox ash is skipped on macOS, which has no package of it."""

from __future__ import annotations

import sys

import pytest

ASH = pytest.param(
    "ash", marks=pytest.mark.skipif(sys.platform == "darwin", reason="Homebrew has no package of BusyBox")
)
POSIX = ("bash", "zsh", "sh", ASH)
SHELLS = ("fish", *POSIX)

# The programs that tests start themselves; `sh` is tested with dash.
COMMANDS = {
    "bash": ("bash", "--norc"),
    "zsh": ("zsh", "-f"),
    "sh": ("dash",),
    "ash": ("busybox", "ash"),
}
