"""A session on another host passes the tests of a session here."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest

from tests.support.far_host import FarHosts
from tests.support.far_session import open_far_session

MODULES = (
    "session",
    "keys",
    "shell_exit",
    "snapshot",
    "keyboard_waits",
    "hazards",
    "as_at_a_prompt",
    "start",
)

# they look into the session's folder, or replace functions of Python, in the process of the tests
LOCAL = (
    "test_a_statement_is_never_sent_twice",
    "test_messages_of_fish_never_show_the_driver",
    "test_other_users_cannot_reach_the_session",
    "test_text_that_looks_like_a_report_ends_nothing",
)


def collect_tests() -> dict[str, Callable[..., None]]:
    """Return the tests of a session."""
    found = {}
    for name in MODULES:
        module = importlib.import_module(f"tests.session.test_{name}")
        for test, function in vars(module).items():
            if test.startswith("test_") and test not in LOCAL:
                found[test] = function
    return found


globals().update(collect_tests())


@pytest.fixture(autouse=True)
def on_another_host(hosts: FarHosts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the tests open their sessions on the other host."""
    for name in MODULES:
        module = importlib.import_module(f"tests.session.test_{name}")
        if "open_session" in vars(module):
            monkeypatch.setattr(module, "open_session", open_far_session)
        if "PYTHON" in vars(module):
            monkeypatch.setattr(module, "PYTHON", "python3")  # the programs of the tests run there
