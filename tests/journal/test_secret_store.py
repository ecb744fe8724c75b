"""Tests of the private store of an unfinished run."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from runbook_exec.engine.ports import KeptShell
from runbook_exec.journal.secret_store import SecretStore

KEYS = st.sampled_from(("variable a", "variable b", "function c"))
DEFINITIONS = st.dictionaries(KEYS, st.text(max_size=4))


@given(states=st.lists(DEFINITIONS, min_size=1, max_size=6), host=st.sampled_from(("", "web1")))
def test_the_last_state_of_a_shell_is_read_again(states: list[dict[str, str]], host: str) -> None:
    """Another process reads the last state of a shell, and what it replaced, whatever states came before."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        path = Path(folder, "run.json")
        store = SecretStore(path)
        for state in states:
            store.keep_shell(KeptShell(state, "/folder", "1:2", host))
        other = SecretStore(path)
        other.load()
        now, replaced = other.read_shell(host)
    assert now.definitions == states[-1]
    changes = [({}, states[0]), *pairwise(states)]
    before, after = next((each for each in reversed(changes) if each[0] != each[1]), ({}, {}))
    assert replaced.definitions == {key: text for key, text in before.items() if after.get(key) != text}


def test_the_store_grows_with_what_changes(tmp_path: Path) -> None:
    """A shell that gets one variable after the other does not write all of them each time."""
    store = SecretStore(tmp_path / "run.json")
    for number in range(1, 301):
        definitions = {f"variable v{each}": f"set v{each} {each}" for each in range(number)}
        store.keep_shell(KeptShell(definitions, "/"))
    assert store.path.stat().st_size < 100_000
