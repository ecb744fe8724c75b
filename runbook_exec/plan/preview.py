"""Shows a statement with the values that are known, for `--dry-run` and the site."""

from __future__ import annotations

from collections.abc import Mapping

from ..document.model import Statement
from ..shells.base import Filling, Piece
from ..shells.quoting import Context
from ..shells.registry import SHELLS

UNKNOWN = "x"  # written for an unknown value beside known ones


def preview_statement(statement: Statement, shell: str, values: Mapping[str, str]) -> str:
    """Return the statement with `values`, each quoted for its place; other placeholders stay.

    `values` are by compared name. Raises QuotingError where a value cannot be written.
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
