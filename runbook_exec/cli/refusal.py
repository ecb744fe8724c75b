"""Turns errors of files and journals into refusals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import Refused, reason
from ..journal.journal import JournalError


@contextmanager
def refuse_io_errors() -> Iterator[None]:
    """Raise Refused for files that cannot be read or written.

    Lets BrokenPipeError pass, because then the reader of our output is gone.
    """
    try:
        yield
    except JournalError as error:
        raise Refused(str(error)) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f" `{error.filename}`" if error.filename else ""
        raise Refused(f"cannot read or write{where}: {reason(error)}") from None
