"""A persistent map never changes: adding an entry returns another map."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runbook_exec.engine.persistent_map import PersistentMap, with_entry

KEYS = st.integers(0, 5)


@given(
    st.dictionaries(KEYS, st.text()), st.lists(st.tuples(st.integers(0, 20), KEYS, st.text()), max_size=20)
)
def test_it_is_what_a_copied_dictionary_would_be(
    first: dict[int, str], steps: list[tuple[int, int, str]]
) -> None:
    """Any ledger that came before may have another entry, and each is still what it was."""
    made, copied = [PersistentMap(first)], [first]
    for at, key, value in steps:
        from_which = at % len(made)
        made.append(made[from_which].with_entry(key, value))
        copied.append({**copied[from_which], key: value})
    assert [list(ledger.items()) for ledger in made] == [list(each.items()) for each in copied]
    assert made == copied
    assert [key in ledger for ledger in made for key in range(6)] == [
        key in each for each in copied for key in range(6)
    ]


def test_an_entry_can_be_added_to_any_mapping() -> None:
    """A plain mapping is accepted too, and stays unchanged."""
    plain = {1: "a"}
    assert with_entry(plain, 2, "b") == {1: "a", 2: "b"}
    assert plain == {1: "a"}
