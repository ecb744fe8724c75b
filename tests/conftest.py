"""Fixtures that several files of tests share."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.support.paths import REAL_SERVER
from tests.support.program import Program, prepare_program

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The same examples each time: a test that fails for one person fails for all, even on a busy machine.
# `--hypothesis-profile=search` looks for new ones, and `exhaustive` for many.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=1000, deadline=None)
settings.register_profile("exhaustive", max_examples=5000, deadline=None)
settings.load_profile("same")

# a background job may have these signals ignored, and every program would inherit that
for _number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of the real Temporal server where it is not built: `scripts/test` counts them."""
    if REAL_SERVER.exists() or config.option.collectonly:
        return
    left_out = [each for each in items if each.get_closest_marker("temporal_server")]
    items[:] = [each for each in items if each not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program with a home and a working directory of its own."""
    return prepare_program(tmp_path)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, for one module: its library occupies the event loop of the thread until it ends."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "expected Chromium on PATH; scripts/test installs it"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        chromium.close()
