"""Prepares what an order has of a page: its name on the host, and its text."""

from __future__ import annotations

from pathlib import Path

from ..errors import Refused, reason
from ..plan.model import Plan
from .orders import MOST_BYTES


def require_no_secrets(plan: Plan) -> None:
    """Raise Refused if a secret was given: it would travel with the order."""
    if secrets := [name for name in plan.given if plan.is_secret(name)]:
        raise Refused(
            f"`--set {secrets[0]}=…`: a secret does not travel with an order; name its source on the page, "
            "which the host reads, or answer its question"
        )


def read_page_text(path: str) -> str:
    """Return the text of a page; raises Refused."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise Refused(f"cannot read `{path}`: {reason(error)}") from None
    if len(data) > MOST_BYTES:
        raise Refused(f"{path}: expected at most {MOST_BYTES} bytes in a page that is ordered")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refused(f"{path}: expected text in UTF-8") from None


def name_page(path: Path, here: Path) -> str:
    """Return the path of a page as a host finds it: relative to its repository, or else to `here`."""
    absolute = path.absolute()
    for folder in absolute.parents:
        if (folder / ".git").exists():
            return str(absolute.relative_to(folder))
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else absolute.name
