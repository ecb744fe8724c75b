"""One terminal holds the keys of a run, and only it can give them away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runbook_exec.live.key_holder import KeyHolder

STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "grant", "refuse", "release", "leave"]), st.integers(1, 4)), max_size=40
)


@given(STEPS)
def test_keys_change_hands_only_by_their_holder(steps: list[tuple[str, int]]) -> None:
    """Another terminal gets the keys after an act of the holder, or if nobody has them."""
    keys = KeyHolder()
    for act, terminal in steps:
        before, asking = keys.holder, list(keys.asking)
        getattr(keys, act)(terminal)
        if keys.holder != before:
            assert before is None or terminal == before
            assert keys.holder is None or keys.holder in (terminal, *asking)
        assert keys.holder not in keys.asking
        assert len(set(keys.asking)) == len(keys.asking)
        assert not (keys.holder is None and keys.asking), "who asks gets what nobody has"


@given(STEPS)
def test_a_terminal_that_has_left_has_and_asks_for_nothing(steps: list[tuple[str, int]]) -> None:
    """Its keys go to the first that asks."""
    keys = KeyHolder()
    for act, terminal in steps:
        getattr(keys, act)(terminal)
    holder, asking = keys.holder, list(keys.asking)
    if holder is not None:
        keys.leave(holder)
        assert keys.holder == (asking[0] if asking else None)
    for terminal in range(1, 5):
        keys.leave(terminal)
    assert (keys.holder, keys.asking) == (None, [])
