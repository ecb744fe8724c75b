"""Describes a question of an ordered run."""

from __future__ import annotations

from ...worker.orders import OpenQuestion


def describe_question(run: str, question: OpenQuestion) -> list[str]:
    """Return the lines of a question, with the command that answers it."""
    about = {"confirm": "asks", "manual": "is for a person to do", "value": f"needs <{question.name}>"}
    label = question.id.split(":")[1]
    lines = [f"  {label}  {about.get(question.kind, question.kind)}: {question.asks}".rstrip(": ")]
    lines += [f"      {line}" for line in question.text.splitlines()]
    lines += [f"      | {line}" for line in question.output.splitlines()[-5:]]
    lines += [f"      {n}: {label}" for n, label in enumerate(question.labels, 1)]
    if question.problem:
        lines.append(f"  the last answer was refused: {question.problem}")
    first, *others = question.choices
    value = " --value -" if first in ("value", "choose") else ""
    also = f"   (or {', '.join(others)})" if others else ""
    return [*lines, f"  runbook-exec answer {run} {first}{value}{also}"]
