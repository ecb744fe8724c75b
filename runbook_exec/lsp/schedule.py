"""Decides when open pages are checked: typing never waits, and costs little."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ..diagnostics.report import Diagnostic
from .findings import CheckedPage, PageChecker, keep_history
from .local_check import SectionTooLong, StructureChanged, check_change
from .pages import OpenPage, OpenPages

PAUSE = 0.15  # seconds without a change, after which a page is checked

_CHEAP = 0.025  # seconds of CPU; a page that costs less is always checked as a whole

_REST = 25  # a whole page is checked after a pause of so many times the CPU time that it took before

_LONGEST_PAUSE = 10.0  # seconds

_STRUCTURE_REST = 6  # the same if the structure of the page has changed

Result = TypeVar("Result")

Publish = Callable[[OpenPage, tuple[Diagnostic, ...]], None]

_log = logging.getLogger(__name__)


class CheckSchedule:
    """Checks open pages on one other thread, the edited section soon and the whole page later.

    `publish` is called in the event loop with the findings of a page that is still open and unchanged, and
    `settled` whenever a whole page was checked.
    """

    def __init__(
        self, pages: OpenPages, checker: PageChecker, publish: Publish, settled: Callable[[], None]
    ) -> None:
        self._pages = pages
        self._checker = checker
        self._publish = publish
        self._settled = settled
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checks")
        self._bases: dict[str, CheckedPage] = {}
        self._found: dict[str, tuple[OpenPage, tuple[Diagnostic, ...]]] = {}
        self._timers: dict[tuple[str, bool], asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, function: Callable[[], Result]) -> Result:
        """Return the result of a function that runs on the thread of the checks."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, function)

    def base(self, uri: str) -> CheckedPage | None:
        """Return the page as it was checked as a whole last."""
        return self._bases.get(uri)

    def latest_findings(self, page: OpenPage) -> tuple[Diagnostic, ...]:
        """Return the findings on a page; none while its latest text is not checked."""
        latest = self._found.get(page.uri)
        return latest[1] if latest is not None and latest[0].text == page.text else ()

    def check_now(self, uri: str, with_history: bool) -> None:
        """Check a whole page as soon as possible."""
        self._cancel(uri)
        self._start(self._check_page(uri, with_history))

    def check_later(self, uri: str) -> None:
        """Check a page that has just changed, after a pause."""
        self._cancel(uri)
        base = self._bases.get(uri)
        if base is None or base.cost < _CHEAP:
            self._set_timer(uri, True, PAUSE)
        else:
            self._set_timer(uri, False, PAUSE)
            self._set_timer(uri, True, _limit(_REST * base.cost))

    def forget(self, uri: str) -> None:
        """Forget a page that is closed."""
        self._cancel(uri)
        self._bases.pop(uri, None)
        self._found.pop(uri, None)

    def close(self) -> None:
        """Start no further check."""
        for timer in self._timers.values():
            timer.cancel()
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _cancel(self, uri: str) -> None:
        for whole in (True, False):
            timer = self._timers.pop((uri, whole), None)
            if timer is not None:
                timer.cancel()

    def _set_timer(self, uri: str, whole: bool, delay: float) -> None:
        previous = self._timers.pop((uri, whole), None)
        if previous is not None:
            previous.cancel()
        self._timers[uri, whole] = asyncio.get_running_loop().call_later(delay, self._run_timer, uri, whole)

    def _run_timer(self, uri: str, whole: bool) -> None:
        self._timers.pop((uri, whole), None)
        self._start(self._check_page(uri, False) if whole else self._check_section(uri))

    def _start(self, work: asyncio._CoroutineLike[None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._tasks.discard)

    async def _check_page(self, uri: str, with_history: bool) -> None:
        page = self._pages.get(uri)
        if page is None:
            return
        try:
            checked = await self.call(lambda: self._checker.check(page, with_history))
        except Exception:  # noqa: BLE001 - a bug in a rule must not end the server
            _log.exception("cannot check %s", uri)
            return
        if self._pages.get(uri) is None:
            return
        previous = self._bases.get(uri)
        if previous is not None and not with_history:
            checked = keep_history(previous, checked)
        self._bases[uri] = checked
        self._deliver(page, checked.found)
        self._settled()

    async def _check_section(self, uri: str) -> None:
        page, base = self._pages.get(uri), self._bases.get(uri)
        if page is None or base is None:
            return
        try:
            found = await self.call(lambda: check_change(self._checker, base, page))
        except StructureChanged:
            if self._pages.get(uri) is page:
                self._set_timer(uri, True, _limit(_STRUCTURE_REST * base.cost))
        except SectionTooLong:
            return
        except Exception:  # noqa: BLE001 - a bug in a rule must not end the server
            _log.exception("cannot check the change of %s", uri)
        else:
            self._deliver(page, found)

    def _deliver(self, page: OpenPage, found: tuple[Diagnostic, ...]) -> None:
        if self._pages.get(page.uri) is page:
            self._found[page.uri] = page, found
            self._publish(page, found)


def _limit(delay: float) -> float:
    return min(max(delay, PAUSE), _LONGEST_PAUSE)
