"""Implements `runbook-exec docs init`: completes mkdocs.yml and installs a site's files.

mkdocs.yml is edited as text, line by line, which keeps comments and order. The result is parsed again before
it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..errors import Refused, reason
from ..system.atomic_write import replace_file
from .assets import BELOW, SCRIPTS, STATIC, STYLES

_WANTED = (
    ("markdown_extensions", ("runbook_exec.site",)),
    ("extra_css", STYLES),
    ("extra_javascript", SCRIPTS),
)


def init_site(config: Path, *, dry_run: bool = False) -> Iterator[str]:
    """Add missing parts, and yield a line for each; `dry_run` changes nothing. Raises Refused."""
    text = _read_config(config)
    changed = text
    changes = []
    for key, wanted in _WANTED:
        for item in wanted:
            before, changed = changed, _with_item(changed, key, item, config)
            if changed != before:
                changes.append(f"{config}: added `{item}` to `{key}`")
    docs = config.parent / _docs_dir(changed, config)
    if not docs.is_dir():
        raise Refused(f"expected the pages of the site in `{docs}`, which is no folder")
    written = [_install_file(own, docs / BELOW / own.name, dry_run) for own in sorted(STATIC.iterdir())]
    if changed != text and not dry_run:
        _write(config, changed)
    changes += [line for line in written if line]
    for line in changes or ["nothing to do: the site has all that it needs"]:
        yield f"dry run: {line}" if dry_run else line


def _read_config(config: Path) -> str:
    try:
        return config.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Refused(
            f"expected the settings of a site in `{config}`, which is not there: "
            "run `mkdocs new .` first, or name the file"
        ) from None
    except (OSError, UnicodeError) as error:
        raise Refused(f"cannot read `{config}`: {error}") from None


def _root(text: str, config: Path) -> MappingNode:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise Refused(f"{config}{line}: expected YAML: {getattr(error, 'problem', error)}") from None
    if not isinstance(node, MappingNode):
        raise Refused(f"{config}: expected a mapping of settings, such as `site_name: …`")
    return node


def _value(root: MappingNode, key: str) -> tuple[Node, Node] | None:
    """Return the nodes of the key and the value of a setting; None if it is not there."""
    return next((pair for pair in root.value if pair[0].value == key), None)


def _docs_dir(text: str, config: Path) -> str:
    found = _value(_root(text, config), "docs_dir")
    return str(found[1].value) if found and isinstance(found[1], ScalarNode) else "docs"


def _names(node: Node) -> Sequence[str]:
    """Return the names in a list of settings.

    An item that is a mapping gives its first key and its `path`; other items are names themselves.
    """
    if isinstance(node, MappingNode):
        return [str(key.value) for key, _ in node.value]
    found: list[str] = []
    for item in node.value if isinstance(node, SequenceNode) else ():
        if isinstance(item, ScalarNode):
            found.append(item.value)
        elif isinstance(item, MappingNode):
            found += [key.value for key, _ in item.value[:1]]
            found += [value.value for key, value in item.value if key.value == "path"]
    return found


def _with_item(text: str, key: str, item: str, config: Path) -> str:
    """Return the text with the item added to the list of a setting; unchanged if it is there."""
    found = _value(_root(text, config), key)
    if found is None:
        return f"{text.rstrip()}\n\n{key}:\n  - {item}\n" if text.strip() else f"{key}:\n  - {item}\n"
    at, node = found
    if item in _names(node):
        return text
    if isinstance(node, ScalarNode) and not node.value:
        end = _line_end(text, at.end_mark.index)
        changed = f"{text[:end]}\n{' ' * at.start_mark.column}  - {item}{text[end:]}"
    elif node.start_mark.index < at.end_mark.index:
        changed = ""  # an alias: the list is written elsewhere, and may have other uses
    elif isinstance(node, SequenceNode | MappingNode) and node.flow_style:
        changed = _in_brackets(text, node, item)
    elif isinstance(node, SequenceNode | MappingNode) and node.value:
        first = node.value[0] if isinstance(node, SequenceNode) else node.value[0][0]
        line = text.rfind("\n", 0, first.start_mark.index) + 1
        indent = text[line : first.start_mark.index].partition("-")[0]
        end = _line_end(text, len(text[: node.end_mark.index].rstrip()))
        new = f"- {item}" if isinstance(node, SequenceNode) else f"{item}: {{}}"
        changed = f"{text[:end]}\n{indent}{new}{text[end:]}"
    else:
        changed = ""
    if not changed or item not in _names((_value(_root(changed, config), key) or found)[1]):
        line_number = at.start_mark.line + 1
        raise Refused(
            f"{config}:{line_number}: expected `{key}` to be a list with one item a line: write it so, "
            f"and add `- {item}` to it"
        )
    return changed if changed.endswith("\n") else changed + "\n"


def _in_brackets(text: str, node: SequenceNode | MappingNode, item: str) -> str:
    """Return the text with the item added between the brackets of a list or a mapping."""
    last: Node | None = None
    if node.value:
        last = node.value[-1] if isinstance(node, SequenceNode) else node.value[-1][1]
    end = last.end_mark.index if last else node.start_mark.index + 1
    new = item if isinstance(node, SequenceNode) else f"{item}: {{}}"
    return f"{text[:end]}{', ' if last else ''}{new}{text[end:]}"


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end


def _install_file(own: Path, target: Path, dry_run: bool) -> str:
    """Install a file in the site, and return a line that reports it; empty if it is up to date."""
    try:
        if target.exists() and target.read_bytes() == own.read_bytes():
            return ""
        change = f"{'renewed' if target.exists() else 'wrote'} {target}"
        if not dry_run:
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(target, own.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refused(f"cannot write `{target}`: {reason(error)}") from None
    return change


def _write(path: Path, text: str) -> None:
    try:
        replace_file(path, text.encode("utf-8"))
    except OSError as error:
        raise Refused(f"cannot write `{path}`: {reason(error)}") from None
