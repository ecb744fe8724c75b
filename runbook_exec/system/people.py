"""Names the user of this process, and finds the user's home."""

from __future__ import annotations

import os


def name_user() -> str:
    """Return the user's name, or the number of a user that this machine does not list."""
    # as `getpass.getuser` does, which imports more
    names = map(os.environ.get, ("LOGNAME", "USER", "LNAME", "USERNAME"))
    return next(filter(None, names), None) or _find_listed_name() or str(os.getuid())


def _find_listed_name() -> str:
    """Return the user's name on this machine; "" if it lists none."""
    import pwd  # most environments name the user

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""


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
