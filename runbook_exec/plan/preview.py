"""A statement as it will run as far as its values are known: what `--dry-run` and a page of the site show."""

from __future__ import annotations

from collections.abc import Mapping

from ..document.model import Statement
from ..shells.base import Filling, Piece
from ..shells.quoting import Context
from ..shells.registry import SHELLS

UNKNOWN = "x"  # stands for a value that is not known, where others are written beside it


def preview_statement(statement: Statement, shell: str, values: Mapping[str, str]) -> str:
    """The statement with `values`, by compared name, each written for its place; other placeholders stay.

    Raises `Unwritable` where a value cannot be written.
    """
    wanted = [found for found in statement.placeholders if found.context != Context.COMMENT]
    if not any(found.name in values for found in wanted):
        return statement.text
    fillings = [
        Filling(found.start, found.end, found.context, values.get(found.name, UNKNOWN)) for found in wanted
    ]
    pieces: tuple[Piece, ...] = SHELLS[shell].fill(statement.text, fillings)
    return "".join(
        piece.text
        if piece.filling is None or wanted[piece.filling].name in values
        else wanted[piece.filling].text
        for piece in pieces
    )
