"""Names the user of this process, and finds the user's home."""

from __future__ import annotations

import getpass
import os


def name_user() -> str:
    """Return the user's name, or the number of a user that this machine does not list."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def find_home(named: str) -> str:
    """Return the home that `$HOME` has named, or the one that this machine lists; "" without any."""
    if named:
        return named
    import pwd  # only a program that is started without $HOME needs it

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def expand_home(path: str) -> str:
    """Return the path with `~` or `~user` at its beginning replaced; unchanged if no such home is known."""
    return os.path.expanduser(path)  # noqa: PTH111 - that of pathlib raises an error then
