"""Finds who can change or replace a file."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from pathlib import Path

_ROOT = 0

_ACCESS_LIST = "system.posix_acl_access"  # with one, the group's bits say what anybody in the list may do


def find_foreign_writer(path: Path, allowed: Collection[int]) -> str:
    """Return how others than root and the `allowed` users can change or replace a file; "" if they cannot.

    `path` is absolute and without symbolic links in its folders. Each folder above the file counts, because
    whoever can write to one can put another in its place. Raises OSError.
    """
    users = {*allowed, _ROOT}
    facts = path.lstat()
    if stat.S_ISLNK(facts.st_mode):
        return f"`{path}` is a symbolic link"
    if not stat.S_ISREG(facts.st_mode):
        return f"`{path}` is not a regular file"
    if not _is_safe(path, facts, users):
        return f"`{path}` can be written by others"
    for folder in path.parents:
        facts = folder.lstat()
        # in a folder like /tmp each file can be replaced by its owner only, who is checked too
        is_shared = facts.st_mode & stat.S_ISVTX and facts.st_uid in users
        if not is_shared and not _is_safe(folder, facts, users):
            return f"`{path}` can be replaced by others, who can write to `{folder}`"
    return ""


def _is_safe(path: Path, facts: os.stat_result, users: Collection[int]) -> bool:
    """Return whether only these users can write to a file or folder."""
    if facts.st_uid not in users or facts.st_mode & stat.S_IWOTH:
        return False
    if not facts.st_mode & stat.S_IWGRP:
        return True
    return not _has_access_list(path) and _find_members(facts.st_gid) <= set(users)


def _has_access_list(path: Path) -> bool:
    if not hasattr(os, "getxattr"):  # macOS
        return False
    try:
        return bool(os.getxattr(path, _ACCESS_LIST))
    except OSError:
        return False


def _find_members(group: int) -> set[int]:
    """Return the users of a group, such as one that a user has alone; -1 for a user without an account."""
    import grp
    import pwd

    accounts = pwd.getpwall()
    numbers = {account.pw_name: account.pw_uid for account in accounts}
    try:
        named = grp.getgrgid(group).gr_mem
    except KeyError:
        named = []
    return {numbers.get(name, -1) for name in named} | {
        account.pw_uid for account in accounts if account.pw_gid == group
    }
