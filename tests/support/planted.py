"""A page, a journal and names of files that hold characters which act on a terminal or hide text."""

from __future__ import annotations

import re

# Each would change the terminal or what the reader sees, if it arrived there.
ACTIVE = (
    "\x1b[8m", "\x1b[31m", "\x1b]0;PWN\x07", "\x1b]8;;http://pwn\x1b\\", "\x1bP1$r\x1b\\", "\x1bc",
    *(chr(code) for code in range(1, 0x20) if chr(code) not in "\t\n\r\x1b"), "\x7f",
    *map(chr, range(0x80, 0xA0)),
    *"\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064",
    *"\u2066\u2067\u2068\u2069\u206a\ufeff\xad\u034f\u180e\u3164\ufff9",
    "\U000e0001", "\U000e0041", "\U000e007f", "\ufe0f", "\U000e0101", "\u200c", "\u200d",
)  # fmt: skip

PLANT = "a" + "b".join(ACTIVE) + "z"

# what must never be in captured bytes: everything above that is a single character, and ESC
RAW = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\xad\u034f\u180e\u3164\ufff9-\ufffb\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
    "|(?<=[a-z])[\ufe0f\u200c\u200d](?=[a-z])"
)

_YAML = "".join(f"\\U{ord(letter):08x}" if letter not in "abz" else letter for letter in PLANT)

_JSON = "".join(
    f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 and letter not in "abz" else "" for letter in PLANT
)

_ENTITIES = "".join(f"&#{ord(letter)};" if letter not in "abz" else letter for letter in PLANT)


def planted_page(*, in_code: bool = True) -> str:
    """Return a page with the characters in every field; without `in_code` its commands have none."""
    p = PLANT
    c = PLANT if in_code else ""
    return f"""---
title: "Title {_YAML}"
tags: ["tag {_YAML}"]
modified: "{_YAML}"
runbook:
  cadence: 1d
  literal: ["lit"]
  choose: ["label {_YAML}"]
  inputs:
    shown:
      help: "Help {_YAML}"
      default: "default {_YAML}"
    templated:
      default: '{{{{ "a\\x1b]0;PWN\\x07\\u202eb" }}}}'
    picked:
      choices: ["one {_YAML}", "two"]
      default: "two"
    matched:
      pattern: "(?:{_YAML})?.*"
      default: "m"
    env:
      source: "env:PLANTED"
---

# Page {p} {_ENTITIES}

Introduction {p}, `code {p}`, **bold {p}**, [link {p}](http://x/{p} "t {p}") ![image {p}](x.png)

!!! warning "Careful {p}"

    Warned {p}

> [!danger] Quoted {p}
> Text {p}

## Steps {p}

### 1. First {p}

Prose {p} with {_ENTITIES}

| head {p} | b |
|---|---|
| cell {p} | c |

<!-- runbook: id=first expect-not="never {p}" confirm="really {p}" when="'x' != '{p}'" -->
```bash title="{p}" {{.x data="{p}"}}
# comment {c}
true one <shown> {c} # beside {c}
# below {c}
```

Text below {p}

### 2. Second {p}

```{p}
not a shell {p}
```

```bash
false
```

```bash
true <templated> <picked> <matched> <env>
```

<details><summary>Folded {p}</summary>

```bash
echo folded {c}
```

</details>

### 3. By hand {p}

1. Do it {p}
2. Then this {p}

## Troubleshooting {p}

```bash
echo trouble {c}
```
"""


def broken_page() -> str:
    """Return a page whose mistakes all quote the characters."""
    p = PLANT
    return f"""---
runbook:
  unknown: "{_YAML}"
  "key {_YAML}": 1
  procedure: "{_YAML}"
  timeout: "{_YAML}"
  captures:
    "x {_YAML}": "1:({_YAML}"
  inputs:
    "n {_YAML}":
      source: "bad {_YAML}"
      pattern: "({_YAML}"
---

# Broken {p}

## Steps

<!-- runbook: exect="{p}" {p} capture="x=/({p}/" timeout="{p}" shell="{p}" cwd={p} -->

```bash
echo "open {p}
```

<!-- runbook: choose="{p}" -->

```bash {{"name": "{_JSON}", "cwd": "{_JSON}"}}
echo <{p}> \\
```

--8<-- "{p}.md"

[gone {p}](missing{p}.md#{p}) [[wiki {p}]]

```sh
kube{p}ctl <a{p}b> 'x
```
"""
