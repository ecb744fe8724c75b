"""Gives an action a client of the server."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from ...worker.connection import Client, connect_client

Action = Callable[[Client, argparse.Namespace], Coroutine[Any, Any, int]]


def with_client(action: Action) -> Callable[[argparse.Namespace], int]:
    """Return a function that connects to the server, and then does an action."""

    @wraps(action)
    def run(arguments: argparse.Namespace) -> int:
        async def connect_and_run() -> int:
            return await action(await connect_client(arguments.server, arguments.namespace), arguments)

        return asyncio.run(connect_and_run())

    return run
