"""Finds values that nobody filled in and that have no angle brackets, such as `YOUR_APP` or `[region]`."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from functools import cached_property

from ..light_classes import NamedTuple, dataclass
from ..shells.base import Scan
from ..shells.quoting import Context
from ..text.lazy_pattern import LazyPattern
from .placeholders import (
    PlaceholderMatch,
    is_replaced_text,
    line_before,
    normalise_literal,
    normalise_name,
)

_BARE = frozenset((Context.BARE,))
_WORDS = frozenset((Context.BARE, Context.SINGLE, Context.DOUBLE))
_TEXTS = _WORDS | {Context.HEREDOC, Context.HEREDOC_VERBATIM}

_NOUNS = (
    "domain|domainname|hostname|company|companyname|org|organization|organisation|username|user|password|email"
    "|project|projectname|account|bucket|bucketname|server|servername|host|site|website|app|appname|repo|token"
    "|apikey|key|secret|cluster|namespace|region|database|db|name|ip|id|file|image|registry"
)

# `$NAME` and `${NAME` are variables, `x@{y}`, `%{y}` and `#{y}` belong to programs
_YOUR = LazyPattern(
    r"(?<![\w$])(?<![A-Z0-9][-_])(?<!\$\{)(?:"
    r"YOUR(?:[-_][A-Z0-9]+)+|YOUR(?!SELF)[A-Z]{2,}"
    rf"|(?<!-)(?:[Yy]our(?:[-_][A-Za-z0-9]+)+|[Yy]our(?i:{_NOUNS}))"
    r")(?:\.(?:com|org|net|io|dev|app|co|example|local|tld))?(?![\w(]|=)"
)

_MARKER = LazyPattern(
    r"(?<![\w$])(?<!\$\{)(?:CHANGE[-_]?(?:ME|THIS)|REPLACE[-_]?(?:ME|THIS)|REPLACE[-_]WITH(?:[-_][A-Z0-9]+)+"
    r"|(?:INSERT|PASTE|ENTER|PUT|ADD|FILL)(?:[-_][A-Z0-9]+)+[-_]HERE|change[-_]?me|replace[-_]?me)(?![\w(]|=)"
)

# more than 64 of them fill a test page, not a value
_CROSSES = LazyPattern(
    r"(?<![\w$.-])(?<!\$\{)[\w-]*?(?:(?<![a-z])x{4,64}(?![a-z])|(?<!X)X{4,64}(?!X))[\w-]*(?![\w(])"
)

_ADDRESS = LazyPattern(r"(?<![\w.$])(?=[\dxX.]*[xX])(?:[\dxX]{1,3}\.){3}[\dxX]{1,3}(?![\w.])")

# `/dev/sdx` is the 24th disk too
_DEVICE = LazyPattern(
    r"(?<=/dev/)(?:(?:[shv]|xv)d[xX]|r?disk[xXN]|(?:nvme|mmcblk)[xX]|nvme\d+n[xX])(?=[np]?\d|\W|\Z)"
)

_BRACKETS = LazyPattern(
    r"(?<=[ \t=])(?<!if )(?<!while )(?<!\|\| )(?<!&& )(?<!! )"
    r"\[(?P<name>[A-Za-z][A-Za-z0-9]+(?:[ _-][A-Za-z0-9]+)*)\](?=[ \t\n;)|]|\Z)"
)

_SYNOPSIS = LazyPattern(
    r"(?i:(?:.*[ _-])?(?:options?|opts|flags?|arg(?:ument)?s?|commands?|params?|parameters))|abc|xyz"
)

_BRACES = LazyPattern(
    r"(?:(?<=[\w/=:.,} \t\"'-])|(?<=[}:]@))\{(?P<name>[A-Za-z][A-Za-z0-9]+(?:[ _-][A-Za-z0-9]+)*)\}(?!\})"
)

_URL = LazyPattern(r"\w://[^\s'\"]*\Z")

_MUSTACHE = LazyPattern(
    r"(?<![$\\{])\{\{-?[ \t]*(?P<name>[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)*)[ \t]*-?\}\}(?!\})"
)

_KEYWORDS = frozenset(
    (
        "end",
        "else",
        "if",
        "range",
        "with",
        "define",
        "block",
        "template",
        "json",
        "break",
        "now",
        "path",
        "item",
    )
)

_CAPITALS = LazyPattern(r"(?<=[ \t=])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*(?=[ \t\n]|\Z)")

_VALUE_NOUNS = frozenset(
    (
        "ADDRESS", "ARN", "BUCKET", "CLUSTER", "DIR", "DIRECTORY", "DOMAIN", "EMAIL", "FILENAME", "GROUP",
        "HOST", "HOSTNAME", "ID", "IP", "NAME", "NAMESPACE", "PASSWORD", "PORT", "PROJECT", "REGION", "URL",
        "USERNAME", "ZONE",
    )
)  # fmt: skip

_ALONE = frozenset(("BUCKET", "CLUSTER", "DOMAIN", "HOSTNAME", "NAMESPACE", "PASSWORD", "USERNAME"))

# programs to which a name in capitals is the name of a variable, a keyword, or a text
_TAKES_NAMES = LazyPattern(
    r"(?:^|[\s;|&(])(?:export|unset|read|declare|typeset|local|readonly|set|printenv|env|echo|printf|make|psql|mysql"
    r"|redis-cli|sqlite3|grep|rg|awk|case|for|git|test|\[)[ \t]"
    r"|\b(?:secrets?|config|variables?|vars?|env|params?|setenv|settings?)\b"
)

_SEPARATOR = LazyPattern(r"[|;&]")

_TAKES_NAME_NEXT = LazyPattern(r"(?:-e|--env|--build-arg|-X|--request|--method|--signal|-s|-D)[ =]\Z")

_SEARCH = LazyPattern(r"(?:^|[\s;|&(])(?:grep|egrep|rg|ag|ack|mktemp|tr)[ \t]")

# options and programs to which braces mean something
_TEMPLATES = LazyPattern(
    r"--?(?:format|template|go-template|output-template|log-opt|query)\b|\b(?:docker|podman)\b.*\s-f\s|-w\s"
    r"|jsonpath|jinja|custom-columns|\{% ?raw|\bgh api\b|\b(?:python3?|node|perl|ruby)\s+-[ce]\b"
    r"|\b(?:alertmanager|ansible|argocd|awk|borg|caddy|consul-template|fd|find|fzf|gomplate|hyperfine|jq|just"
    r"|logcli|parallel|printf|promtool|task|tmux|vault|xargs)\b"
)

_NAMED_BY = LazyPattern(r"(?:(?:^|[\s'\";&?])-{0,2}([A-Za-z][\w-]*)=|\s--?([A-Za-z][\w-]+)[ \t])[\"']?\Z")


_VARIABLES = LazyPattern(r"\$\{?(\w+)|(?<![\w-])(\w+)=")


@dataclass(frozen=True)
class _Script:
    """A script in which values are searched for."""

    text: str

    @cached_property
    def variables(self) -> frozenset[str]:
        """Return the names that the script uses or sets as variables."""
        return frozenset(used or assigned for used, assigned in _VARIABLES.findall(self.text))

    def before(self, match: re.Match[str]) -> str:
        """Return the text before a match in its command."""
        return line_before(self.text, match.start())


class _Form(NamedTuple):
    """One way of writing a value that a reader has to fill in."""

    hints: tuple[str, ...]  # every script with such a value contains one of them
    pattern: LazyPattern[str]
    contexts: Collection[Context]
    excuse: Callable[[_Script, re.Match[str], Context], bool]  # whether the text means something else
    is_nameless: bool = False  # whether the text says nothing about the value
    is_suspected: Callable[[re.Match[str], Context], bool] = lambda match, context: False


def find_unfilled(
    text: str, scan: Scan, literal: Collection[str], others: Sequence[PlaceholderMatch]
) -> tuple[PlaceholderMatch, ...]:
    """Return the values in a script that nobody filled in, in order, without angle brackets around them.

    `scan` is that of the script. `others` are placeholders found before, in order. `literal` are the names
    that are no placeholders.
    """
    if not _has_hint(text) and (text.islower() or _CAPITALS.search(text) is None):
        return ()
    forms = [form for form in _FORMS if any(hint in text for hint in form.hints)]
    script = _Script(text)
    kept_as_written = {normalise_literal(name) for name in literal}
    found: list[PlaceholderMatch] = []
    taken = list(others)
    for form in forms:
        starts = [each.start for each in taken]
        for match in form.pattern.finditer(text):
            start, end = match.span()
            after = bisect_left(starts, end)
            if (after and taken[after - 1].end > start) or scan.in_comment(start):
                continue
            context = scan.context(start, end)
            if context is Context.UNSAFE and form.pattern in (_BRACKETS, _BRACES):
                context = Context.BARE
            if context not in form.contexts or form.excuse(script, match, context):
                continue
            name = _name_of(text, match, form.is_nameless)
            if kept_as_written.isdisjoint((name, normalise_name(match[0]))):
                found.append(PlaceholderMatch(start, end, name, match[0], form.is_suspected(match, context)))
        taken = sorted((*others, *found))
    return tuple(sorted(found))


def _has_hint(text: str) -> bool:
    """Return whether a text may have a hint of a form; each is looked for in small letters."""
    lower = text.lower()
    return "{" in lower or "[" in lower or any(map(lower.__contains__, _LOWER_HINTS))


def _name_of(text: str, match: re.Match[str], is_nameless: bool) -> str:
    """Return the name of the value: its own, or that of the option or variable that takes it."""
    start = match.start()
    if is_nameless and (named := _NAMED_BY.search(text, max(0, start - 80), start)):
        return normalise_name(named[1] or named[2])
    return normalise_name(match.groupdict().get("name") or match[0])


def _is_searched_for(script: _Script, match: re.Match[str], context: Context) -> bool:
    """Return whether a program looks for this text, or it is the name of a variable."""
    before = script.before(match)
    return bool(_SEARCH.search(before)) or is_replaced_text(before) or match[0] in script.variables


def _is_address_of_none(script: _Script, match: re.Match[str], context: Context) -> bool:
    return _SEARCH.search(script.before(match)) is not None


def _is_synopsis(script: _Script, match: re.Match[str], context: Context) -> bool:
    return _SYNOPSIS.fullmatch(match["name"]) is not None


def _is_for_program(script: _Script, match: re.Match[str], context: Context) -> bool:
    """Return whether braces are likely for a program: only those in addresses are surely not."""
    before = script.before(match)
    if _TEMPLATES.search(before):
        return True
    if context is Context.BARE:
        return not before.strip() or before.rstrip()[-1:] in ")|&;" or before.endswith(("\\", "I "))
    return _URL.search(before) is None


def _is_template(script: _Script, match: re.Match[str], context: Context) -> bool:
    text, before = script.text, script.before(match)
    line = before + text[match.end() : match.end() + 200].partition("\n")[0]
    if match["name"].partition(".")[0] in _KEYWORDS or _TEMPLATES.search(line):
        return True
    # in quotes it is for a program, unless it is all of them, in an address, or of the site's generator
    quoted = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
    whole = len(quoted) == 2 and quoted[0] == quoted[1] in "'\""
    return not (
        context is Context.BARE
        or whole
        or match["name"].startswith(("page.", "site."))
        or _URL.search(before)
        or before.endswith("Bearer ")
    )


def _is_no_value(script: _Script, match: re.Match[str], context: Context) -> bool:
    """Return whether a word in capitals is the name of a variable, a keyword or a text."""
    text = match[0]
    last = text.rpartition("_")[2]
    if (last not in _VALUE_NOUNS if "_" in text else text not in _ALONE) or text.startswith(
        ("AWS_", "GITHUB_")
    ):
        return True
    before = script.before(match)
    if (
        not before.strip()
        or before.split(None, 1)[0].isupper()
        or _TAKES_NAMES.search(_SEPARATOR.split(before)[-1])
        or _TAKES_NAME_NEXT.search(before)
    ):
        return True
    if before.endswith("  ") or before.rstrip()[-1:] in "|&;(" or before.rfind("<") > before.rfind(">"):
        return True  # a column of a table, a command, or a part of another placeholder
    if before.endswith("=") and not re.search(r"\s--?[a-z][\w-]*=\Z", before):
        return True
    return _is_searched_for(script, match, context)


# in order: the text of an earlier one is not read again
_FORMS = (
    _Form(
        ("{{",), _MUSTACHE, _WORDS, _is_template,
        is_suspected=lambda match, context: context is not Context.BARE,
    ),
    _Form(("[",), _BRACKETS, _BARE, _is_synopsis),
    _Form(("{",), _BRACES, _WORDS, _is_for_program),
    _Form(("YOUR", "your", "Your"), _YOUR, _TEXTS, _is_searched_for),
    _Form(
        ("CHANGE", "REPLACE", "HERE", "change", "replace"),
        _MARKER, _TEXTS, _is_searched_for, True, lambda match, context: match[0].islower(),
    ),
    _Form(
        ("/dev/",), _DEVICE, _WORDS, _is_address_of_none,
        is_suspected=lambda match, context: match[0].islower(),
    ),
    _Form((".x", ".X"), _ADDRESS, _WORDS, _is_address_of_none, True),
    _Form(("xxxx", "XXXX"), _CROSSES, _TEXTS, _is_searched_for, True),
    _Form(("",), _CAPITALS, _BARE, _is_no_value, is_suspected=lambda match, context: True),
)  # fmt: skip

_LOWER_HINTS = frozenset(
    hint.lower() for form in _FORMS for hint in form.hints if hint and hint[0] not in "{["
)
