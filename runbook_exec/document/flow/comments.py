"""Finds the alternatives in a block: commands that comments such as `# or:` and `# on macOS` set apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ...light_classes import NamedTuple, dataclass, field
from ...text.lazy_pattern import LazyPattern
from ..model import ALL_OF_THEM
from .labels import find_label_family, is_telling

_OR = LazyPattern(
    r"#+\s*(?:(?:or|otherwise)(?!\s+(?:else|more|less|later|newer|higher|lower|greater|above|below|so|not|any|both"
    r"|equivalent|similar|rather|something|whatever|higher)\b)|alternatively|alternately|as an alternative"
    r"|alternative(?=\s*(?:$|[:(,-]|using|with|via|for|if|way|method|to))|another (?:way|option|method)"
    r"|other (?:way|option))(?![\w/=-])(?P<rest>.*)",
    re.IGNORECASE,
)

_ORDINAL = LazyPattern(
    r"#+\s*(?:option|method|variant|alternative|approach|choice|possibility)\s*#?(?P<which>\d{1,2}|[a-d]|one|two"
    r"|three|four|i{1,3})(?!\w)(?:\W|$)",
    re.IGNORECASE,
)

_FIRST = frozenset(("1", "a", "one", "i"))

_BY_HAND = LazyPattern(
    r"\b(?:manually|by hand|step by step|from source)\b", re.IGNORECASE
)  # several paragraphs

_BLANK_LINE = LazyPattern(r"\n[ \t]*\n")

_OPTION = LazyPattern(r"\s-{1,2}\w|[`|$=<>{}]|&&|\S/\S")

# words of English, which begin no command, after "or"
_ENGLISH = frozenset(
    [
        "using",
        "with",
        "via",
        "by",
        "if",
        "for",
        "on",
        "from",
        "in",
        "to",
        "the",
        "a",
        "an",
        "just",
        "manually",
        "directly",
        "simply",
        "alternatively",
        "use",
        "you",
        "via",
        "as",
        "when",
        "without",
        "through",
        "at",
        "it",
        "this",
        "that",
        "your",
        "both",
    ]
)


class Fork(NamedTuple):
    """Alternatives in a block: their labels, and the number of the alternative of each statement in them."""

    labels: tuple[str, ...]
    numbers: Mapping[int, int]  # by the index of the statement; numbers are from 1


class Line(NamedTuple):
    """A statement of a block, or a comment on lines of its own."""

    text: str
    paragraph: int  # blank lines divide a block into paragraphs
    statement: int | None = None  # its index; None for a comment


@dataclass(slots=True)
class _Alternative:
    label: str
    statements: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Group:
    kind: str  # "or", "option", or the family of a label
    alternatives: list[_Alternative]
    paragraph: int  # of the last line that belongs to it
    together: bool = False


def find_forks(lines: Sequence[Line]) -> tuple[Fork, ...]:
    """Return the alternatives in a block, in order.

    The commands above an `# or` are one alternative with it: those of its paragraph, or if it begins one,
    those of the paragraph above. The last alternative ends with its paragraph.
    """
    kinds = [_read_kind(lines, index) for index in range(len(lines))]
    if not any(kinds):
        return ()
    commands = {line.statement: line.text.split("\n", 1)[0] for line in lines if line.statement is not None}
    return _ForkReader(lines, kinds, commands).read_forks()


def divide_lines(
    text: str,
    statements: Sequence[tuple[int, int]],
    comments: Sequence[tuple[int, int]],
    outputs: Mapping[int, str],
) -> list[Line]:
    """Return the statements and comments of a block in order.

    In a console block a comment without a prompt is part of the output below the statement with its index.
    """
    places = [(start, end, index) for index, (start, end) in enumerate(statements)]
    starts = {start for start, _ in statements}
    position = 0
    for start, end in comments:
        line = text.rfind("\n", 0, start) + 1
        if start in starts or text[line:start].strip():
            continue
        while position < len(statements) and statements[position][1] <= start:
            position += 1
        if position == len(statements) or statements[position][0] >= start:
            places.append((start, end, -1))
    lines: list[Line] = []
    before = paragraph = 0
    for start, end, index in sorted(places):
        paragraph += bool(_BLANK_LINE.search(text, before, start))
        lines.append(Line(text[start:end], paragraph, index if index >= 0 else None))
        before = end
        for written in outputs.get(index, "").split("\n") if index in outputs else ():
            paragraph += not written.strip()
            if written.lstrip().startswith("#"):
                lines.append(Line(written.strip(), paragraph))
    return lines


def _read_kind(lines: Sequence[Line], index: int) -> str:
    """Return what a comment makes of the statements below it; "" for a statement or another comment."""
    line = lines[index]
    if line.statement is not None:
        return ""
    text = line.text.strip()
    above = lines[index - 1] if index else None
    goes_on = above is not None and above.statement is None and above.paragraph == line.paragraph
    if _ORDINAL.match(text):
        return "option"
    if found := _OR.fullmatch(text):
        rest = found["rest"].strip()
        plain = not rest.strip(":.,- ") or rest.endswith(":")
        return "or" if plain or not (goes_on or _is_command(rest, lines, index)) else ""
    return find_label_family(text)


def _is_command(rest: str, lines: Sequence[Line], index: int) -> bool:
    """Return whether the words after "or" are a command that is left out, not a label of the next one."""
    words = rest.lstrip(":, ").split()
    if not words or words[0].casefold() in _ENGLISH:
        return False
    below = next((line.text.split() for line in lines[index + 1 :] if line.statement is not None), [""])
    first = next((word for word in below if word != "sudo"), "")
    if words[0] == first:
        return False
    above = {line.text.split()[0] for line in lines[:index] if line.statement is not None}
    return rest.startswith(":") or words[0] in above or bool(_OPTION.search(rest)) or _is_tool(words)


def _is_tool(words: Sequence[str]) -> bool:
    """Return whether words such as `yarn install` begin with the name of a tool."""
    return len(words) > 1 and words[0].islower() and find_label_family(words[0]) != ""


class _ForkReader(NamedTuple):
    lines: Sequence[Line]
    kinds: Sequence[str]
    commands: Mapping[int, str]  # the first line of each statement

    def read_forks(self) -> tuple[Fork, ...]:
        forks: list[Fork] = []
        used: set[int] = set()
        group: _Group | None = None
        for index, line in enumerate(self.lines):
            kind = self.kinds[index]
            if kind and group is not None and self._continues(group, index):
                group.alternatives.append(_Alternative(_label(line.text)))
            elif kind:
                self._finish(group, forks, used)
                group = self._begin(index, used)
            elif group is not None and self._is_over(group, index):
                self._finish(group, forks, used)
                group = None
            if group is None:
                continue
            group.paragraph = line.paragraph
            if line.statement is not None:
                group.alternatives[-1].statements.append(line.statement)
        self._finish(group, forks, used)
        return tuple(forks)

    def _continues(self, group: _Group, index: int) -> bool:
        kind, label = self.kinds[index], _label(self.lines[index].text)
        near = self.lines[index].paragraph <= group.paragraph + 1
        if kind == "or":
            return near
        same = kind == group.kind or (group.kind == "or" and near)
        return same and all(label != each.label for each in group.alternatives)

    def _is_over(self, group: _Group, index: int) -> bool:
        """Return whether a paragraph without a label begins, and none of the group is expected any more."""
        if self.lines[index].paragraph == group.paragraph or self._is_awaited(group, index):
            return False
        begun = group.alternatives[-1]
        if not begun.statements:
            return not self.kinds[index - 1]  # the label goes on in comments, which describe its alternative
        return not _BY_HAND.search(begun.label)

    def _is_awaited(self, group: _Group, index: int) -> bool:
        """Return whether a later label continues the group, so that what comes before belongs to it."""
        later = (n for n in range(index, len(self.lines)) if self.kinds[n])
        following = next(later, None)
        if following is None or group.kind == "or" or self.kinds[following] != group.kind:
            return False
        return self._continues(group, following)

    def _begin(self, index: int, used: set[int]) -> _Group | None:
        line, kind = self.lines[index], self.kinds[index]
        group = _Group(kind, [_Alternative(_label(line.text))], line.paragraph)
        found = _ORDINAL.match(line.text.strip())
        if kind == "or" or (found and found["which"].casefold() not in _FIRST):
            above = self._find_above(index, used)
            if above is None:
                return None
            group.alternatives.insert(0, above)
        elif kind == "system" and not self._is_awaited(group, index + 1):
            above = self._find_above(index, used)
            if above is not None:
                group.alternatives.insert(0, above)
                group.together = True
        return group

    def _find_above(self, index: int, used: set[int]) -> _Alternative | None:
        """Return the statements above a label that are an alternative to those below it."""
        here = self.lines[index].paragraph
        for paragraph in (here, here - 1):
            lines = [line for line in self.lines[:index] if line.paragraph == paragraph]
            statements = [n for line in lines if (n := line.statement) is not None and n not in used]
            if statements:
                first = lines[0]
                return _Alternative(_label(first.text.split("\n", 1)[0]), statements)
        return None

    def _find_label(self, alternative: _Alternative) -> str:
        """Return the label of an alternative, or its first command if the label is only an "or"."""
        if is_telling(alternative.label):
            return alternative.label
        return self.commands[alternative.statements[0]]

    def _finish(self, group: _Group | None, forks: list[Fork], used: set[int]) -> None:
        """Add a group that has several alternatives with statements."""
        if group is None:
            return
        filled = [each for each in group.alternatives if each.statements]
        if len(filled) < 2:
            return
        labels = [self._find_label(each) for each in filled] + [ALL_OF_THEM] * group.together
        numbers = {statement: n for n, each in enumerate(filled, 1) for statement in each.statements}
        forks.append(Fork(tuple(labels), numbers))
        used |= set(numbers)


def _label(text: str) -> str:
    return text.strip().lstrip("#").strip()
