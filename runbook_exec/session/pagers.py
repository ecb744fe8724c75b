"""Turns off the pagers of programs that print long texts: without an operator they would wait for a key."""

from __future__ import annotations

from ..shells.driver import Driver

PAGERS = dict.fromkeys(
    (
        "PAGER",
        "AWS_PAGER",
        "BAT_PAGER",
        "DELTA_PAGER",
        "GH_PAGER",
        "GIT_PAGER",
        "MANPAGER",
        "PSQL_PAGER",
        "SYSTEMD_PAGER",
    ),
    "cat",
)


def build_pager_code(driver: Driver) -> str:
    """Return a statement that turns the pagers off, whatever the shell's configuration has set."""
    return "\n".join(driver.export.format(name=name, value=value) for name, value in PAGERS.items())
