"""Writes what an agent is told: how to use the server, and the prompt of a page."""

from __future__ import annotations

INSTRUCTIONS = """\
Runbooks are pages that people read and run. Use them for operations, and do not run their commands yourself.
1. `list_runbooks` finds the page, `show` its steps, `plan` what a run would do.
2. `start` starts a run. Then call `state` with `wait: 45` and `after: <next of the last result>` until its
   status is neither `running` nor `asks`.
3. A question with `answered_by: agent` is yours: `answer` it with a value or a label. If you do not know it,
   ask the user; do not guess.
4. For a question with `answered_by: person`, tell the user to run the command in `person` in a terminal, and
   what the question is. The person confirms commands, does steps by hand, logs in and types secrets there.
   If a statement runs long and its output ends with a prompt (a login, a password, `[y/N]`), give the user
   the command in `if_it_waits_for_input`.
5. Nothing you send approves a command. Do not repeat a call to get around a refusal.
6. At the end, `report` gives the record of the run. Steps that were skipped or failed are in it: name them.
"""

_PROMPT = """\
Do the procedure of the runbook `{page}` ({title}) with the tools of the server `runbook-exec`.

Show me its plan first, and ask me for the values that you do not know. Then start it, and follow it with
`state` until it has ended. Whenever it asks for a person, tell me what it asks and that I answer with
`runbook-exec attach RUN`. Do not run commands of the page in another way, and leave out no step. At the end,
summarise the report of the run.
"""


def write_prompt(page: str, title: str) -> str:
    """Return the prompt that has an agent run a page."""
    return _PROMPT.format(page=page, title=title)
