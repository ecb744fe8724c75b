"""Completes command lines, and describes every command for the man page.

The files in `files/` are installed by the wheel (`shared-data` in pyproject.toml) and printed by the
command `completions`. The completions of each shell ask the program what a word can be, also for options:
they are always those of the installed version, values and options come from one place, and the shells
need no generated code. The man page is generated: `python -m runbook_exec.cli.completion.man_page` writes
it.
"""

from __future__ import annotations

from ...light_classes import NamedTuple


class SharedFile(NamedTuple):
    """A file in `files/`, and where it is below `share/`."""

    name: str
    place: str


FILES = {
    "fish": SharedFile("runbook-exec.fish", "fish/vendor_completions.d/runbook-exec.fish"),
    "bash": SharedFile("runbook-exec.bash", "bash-completion/completions/runbook-exec"),
    "zsh": SharedFile("_runbook-exec", "zsh/site-functions/_runbook-exec"),
    "man": SharedFile("runbook-exec.1", "man/man1/runbook-exec.1"),
}
