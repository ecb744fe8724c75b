"""A folder of realistic notes, a third of them how-tos: links, lists, fences, callouts."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from runbook_exec.site.assets import BELOW, STATIC

TOPICS = (
    "proxy",
    "backup",
    "mail",
    "monitoring",
    "storage",
    "network",
    "identity",
    "media",
    "deploy",
    "cache",
)
HOW_TO = ("how to restart", "how to rotate its key", "when it is down", "how to upgrade")
KINDS = ("overview", *HOW_TO, "notes", "costs", "access", "history", "alerts", "checks", "owners")

SETTINGS = """\
site_name: Notes
theme:
  name: material
  font: false
plugins: [search]
markdown_extensions:
  - attr_list
  - admonition
  - tables
  - toc: {permalink: true}
  - pymdownx.highlight
  - pymdownx.superfences
  - pymdownx.tasklist
"""
EXTENSION = """\
  - runbook_exec.site
extra_css: [assets/runbook-exec/runbook.css]
extra_javascript: [assets/runbook-exec/fill.js, assets/runbook-exec/runbook.js]
"""

NOTE = """\
---
title: {title}
last-reviewed: 2026-10-0{day}
tags: [{topic}, notes]
---

# {title}

What there is to know of the {topic}. See [[{near}]], [[{far}|the other one]] and [[{near}#Background|why]].

> [!note] Before you start
> This was written on a train. `[[not a link]]` is code.
>
> - it is quoted
> - and a list

| What | Where | Who |
|------|-------|-----|
| service | `{topic}.service` | [[{far}\\|they]] |
| data | /srv/{topic} | me |

## Background

- It began small.
  - Then it grew, as everything does
    that is not watched.
  - [ ] find out why
- It has two parts:

  1. one that listens,
  2. one that writes to `/srv/{topic}`.

     ```yaml
     {topic}:
       port: 80{day}0
       hosts: [a, b, c]
     ```

{procedure}{words}

## Notes

```text
{topic} {title}
```

{words}
"""
PROCEDURE = """\
## Procedure

1. Look at it.

   ```bash
   systemctl status {topic}
   journalctl -u {topic} --since "<since>" | tail -n 50
   ```

   Anything red? Go on to [[{far}]].

2. Change what is wrong.

   ````markdown
   ```bash
   nested --in a fence
   ```
   ````

   - Edit, then:

     ```bash
     sudo install -m 0640 <config-file> /etc/{topic}/{topic}.conf
     sudo systemctl restart {topic}
     ```

3. Tell the others.

"""
WORDS = (
    "The {topic} has been there longer than anybody who looks after it. When it stops, it stops *quietly*, "
    "and the first to notice is somebody who only wanted to print. **Write down** what you did: the next one "
    "will be you, in a year, with another laptop. It reads its configuration once and believes it.\n\n"
)


def write_notes(folder: Path, *, extended: bool, topics: Sequence[str] = TOPICS) -> Path:
    """Write a project of 12 notes on each topic, with our extension or without."""
    docs = folder / "docs"
    titles = [f"{topic} {kind}" for topic in topics for kind in KINDS]
    for number, title in enumerate(titles):
        topic, _, kind = title.partition(" ")
        page = docs / topic / f"{kind.replace(' ', '-')}.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        near = f"{topic}/{KINDS[(number + 1) % len(KINDS)].replace(' ', '-')}"
        far = f"{topics[(number * 7 + 3) % len(topics)]}/{KINDS[(number * 5) % len(KINDS)].replace(' ', '-')}"
        text = NOTE.format(
            title=title.capitalize(), topic=topic, near=near, far=far, day=number % 9 + 1,
            words=WORDS.format(topic=topic) * 6,
            procedure=PROCEDURE.format(topic=topic, far=far) if kind in HOW_TO else "",
        )  # fmt: skip
        page.write_text(text, encoding="utf-8")
    (docs / "index.md").write_text("# Notes\n\nAll of them.\n", encoding="utf-8")
    (folder / "mkdocs.yml").write_text(SETTINGS + (EXTENSION if extended else ""), encoding="utf-8")
    if extended:
        shutil.copytree(STATIC, docs / BELOW)
    return folder
