"""The features of the server, a module each with `FEATURES`. To add one, add a module and its name here."""

from __future__ import annotations

from collections.abc import Sequence

from ..feature import Feature
from . import code_actions, code_lens, completion, definition, hover, rename, symbols

FEATURES: Sequence[Feature] = (
    *code_actions.FEATURES,
    *code_lens.FEATURES,
    *completion.FEATURES,
    *definition.FEATURES,
    *hover.FEATURES,
    *rename.FEATURES,
    *symbols.FEATURES,
)
