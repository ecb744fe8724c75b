"""The real mise and the real ansible, where the project's scripts have put them."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
_HOW = "`scripts/test` and `scripts/practice --real` install it"


def mise() -> Path:
    """The real mise. Raises FileNotFoundError where it is not installed."""
    return _there(REPOSITORY / ".tools" / "mise")


def ansible() -> Path:
    """The real `ansible-playbook`. Raises FileNotFoundError where it is not installed."""
    return _there(REPOSITORY / ".tools" / "ansible-playbook")


def _there(path: Path) -> Path:
    if not path.exists():
        raise FileNotFoundError(f"expected the real {path.name} at {path}, found nothing; {_HOW}")
    return path
