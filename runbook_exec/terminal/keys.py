"""Defines the keys of questions: how each is shown, what it answers, and its explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

KEYS: Mapping[str, tuple[str, str]] = {
    "enter": ("enter", "run"),
    "d": ("d", "done"),
    "n": ("n", "note"),
    "y": ("y", "yes, run it"),
    "r": ("r", "retry"),
    "w": ("w", "wait"),
    "v": ("v", "value"),
    "s": ("s", "skip"),
    "e": ("e", "edit"),
    "!": ("!", "shell"),
    "b": ("b", "back"),
    "q": ("q", "quit"),
    "h": ("h", "it happened"),
    "a": ("a", "run it again"),
    "c": ("c", "count it as done"),
}

MEANING: Mapping[str, str] = {
    "enter": "run",
    "y": "run",
    "d": "done",
    "r": "retry",
    "w": "repeat",
    "s": "skip",
    "v": "values",
    "!": "shell",
    "q": "quit",
    "h": "done",
    "a": "again",
    "c": "done",
}

_VERBS: Mapping[str, str] = {
    "d": "when you have done this",
    "y": "to run it",
    "r": "to retry",
    "w": "to run it until it succeeds",
    "h": "if it happened, a to run it again",
    "c": "to count it as done",
    "q": "to quit",
}

NO_LABELS: Mapping[str, str] = {}

_EXPLAINED: Mapping[str, str] = {
    "enter": "run this statement in the page's shell",
    "d": "you have done this; the record has the time",
    "n": "write a note for the record, such as a number or a name; the step is then done",
    "y": "run this statement",
    "r": "run it once more",
    "w": "run it every 10 s until it succeeds; ^C ends the wait",
    "v": "give another value before it runs",
    "s": "leave it out; the end of the run names what was skipped",
    "e": "open the page in $EDITOR at this line; the run continues with the new text",
    "!": "open a prompt in the same shell, with its folder, variables and functions",
    "b": "go back to an earlier statement; first you see what has happened since",
    "h": "it happened: do not run it again",
    "a": "run it again from its beginning",
    "c": "count it as done, and do not run it",
    "q": "stop here; `runbook-exec resume` continues at this place",
}


def pick_keys(keys: Sequence[str], labels: Mapping[str, str] = NO_LABELS) -> dict[str, tuple[str, str]]:
    """Return the keys of a question in the order given, each as it is shown, some with other `labels`."""
    return {key: (KEYS[key][0], labels.get(key, KEYS[key][1])) for key in keys}


def explain_keys(keys: Sequence[str]) -> dict[str, str]:
    """Return a sentence about each key."""
    return {key: _EXPLAINED[key] for key in keys}


def advise_on_enter(keys: Sequence[str], labels: Mapping[str, str] = NO_LABELS) -> str:
    """Return which key to press where enter does nothing, for the first of the keys."""
    first = keys[0]
    verb = f"to {labels[first]}" if first in labels else _VERBS.get(first, "")
    return f"press {first} {verb}".rstrip()
