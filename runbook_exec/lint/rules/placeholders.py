"""V2xx: placeholders, and the inputs that declare them."""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics.finding import Finding
from ...diagnostics.problem import Severity
from ...diagnostics.rule import RuleInfo
from ...document.placeholders import normalise_name
from ...plan.fillable import find_refusal, find_unwritable
from ...shells.evaluation.search import may_read_again
from ...shells.quoting import Context
from ...text.lazy_pattern import LazyPattern
from ..facts.filled_placeholders import filled_placeholders
from ..facts.planned_items import list_items
from ..rule import Example, Page, Rule

_STEP = "## Steps\n\n### 1. One\n\n"

# an ordinary value of two words; a place that refuses it takes only a single word
_TWO_WORDS = "a b"

_VARIABLE = LazyPattern(r"\$\{?([A-Za-z_]\w*)")  # gets the value of the input of its name

_FILE = LazyPattern(r"[A-Za-z~$]")

_SAYS_NO_MORE = ("name", "id", "value")  # words that add nothing to a name

_NAMES_APART = LazyPattern(r"[-_.:/]")


def unused_input(page: Page) -> Iterator[Finding]:
    """Report inputs of the front matter that no placeholder uses."""
    used = {placeholder.name for _, placeholder in filled_placeholders(page)}
    if page.runbook.settings.inputs:
        used |= set(map(normalise_name, _VARIABLE.findall(page.runbook.text)))
    for name, known in page.runbook.settings.inputs.items():
        if name not in used and known.span is not None:
            yield Finding(
                f"`{name}` is declared, and no block that runs has a `<{name}>`",
                known.span,
                "remove it, or name it as the block does",
            )


def near_duplicate(page: Page) -> Iterator[Finding]:
    """Report names so similar that a reader takes them for one.

    An example is `<service>` and `<service-name>`.
    """
    declared = page.runbook.settings.inputs
    by_name: dict[str, str] = {}
    by_letters: dict[str, str] = {}
    by_words: dict[tuple[str, ...], str] = {}
    for _, placeholder in filled_placeholders(page):
        name = placeholder.name
        if name in by_name:
            continue
        words = tuple(_NAMES_APART.split(name))
        alike = (
            by_letters.get("".join(words))
            or by_name.get(f"{name}s")
            or (by_name.get(name[:-1]) if name.endswith("s") else None)
            or (by_words.get(words[:-1]) if words[-1] in _SAYS_NO_MORE else None)
            or next(
                (by_words[longer] for word in _SAYS_NO_MORE if (longer := (*words, word)) in by_words), None
            )
        )
        if alike is not None and not (name in declared and alike in declared):
            yield Finding(
                f"`<{name}>` and `<{alike}>` look like one value, and are asked for as two",
                placeholder.span,
                "name both the same, or declare both under `runbook: inputs:` if they differ",
            )
        by_name[name] = name
        by_letters.setdefault("".join(words), name)
        by_words.setdefault(words, name)


def evaluated_value(page: Page) -> Iterator[Finding]:
    """Report placeholders whose value is read again as code, where only a single word can be written."""
    seen: set[int] = set()
    for procedure, items in list_items(page):
        for item in items:
            statement = item.statement
            asked = [placeholder for placeholder in item.placeholders if not placeholder.suspected]
            if statement is None or not asked or statement.span.start in seen:
                continue
            if not may_read_again(statement.text):
                continue
            seen.add(statement.span.start)
            for placeholder in asked:
                error = find_refusal(item, procedure.shell, placeholder.name, _TWO_WORDS)
                if error is not None and error.is_code and error.start == placeholder.start:
                    yield Finding(error.message, placeholder.span, error.advice)


def looks_like_redirection(page: Page) -> Iterator[Finding]:
    """Report `<in>out`: it looks like a placeholder, but may mean two redirections."""
    for statement, placeholder in filled_placeholders(page):
        after = statement.text[placeholder.end : placeholder.end + 1]
        before = statement.text[placeholder.start - 1 : placeholder.start] if placeholder.start else ""
        if placeholder.context is Context.BARE and before == " " and _FILE.match(after):
            yield Finding(
                f"`{placeholder.text}` is taken for a placeholder; with what follows, it could redirect",
                placeholder.span,
                f"write `< {placeholder.text[1:-1]} >{after}…`, or put the placeholder in quotes",
            )


def unwritable_value(page: Page) -> Iterator[Finding]:
    """Report placeholders in places where no value can be quoted: the procedure would not run."""
    for procedure, items in list_items(page):
        found = {
            statement.span: problems
            for step in procedure.steps
            for block in step.blocks
            for statement in (block.statements if block.runs else ())
            if (problems := list(find_unwritable(statement, procedure.shell)))
        }
        for item in items if found else ():
            for problem in found.get(item.statement.span, ()) if item.statement else ():
                if problem.span is not None:
                    yield Finding(problem.message, problem.span, problem.hint)


_DECLARED = "---\nrunbook:\n  inputs:\n    host: web-1\n---\n"


RULES = (
    Rule(
        RuleInfo(
            "V201",
            "unused-input",
            does="Reports an input of the front matter that no command uses.",
            why="Most often the placeholder was renamed in the block. Then a value given for the input "
            "has no effect, and the run asks for the other name.",
        ),
        unused_input,
        bad=(
            Example(f"{_DECLARED}{_STEP}```fish\nping <hosts>\n```\n", at=(4, 5)),
            Example(f"{_DECLARED}{_STEP}```fish\n# ping <host>\necho a\n```\n", at=(4, 5)),
        ),
        good=(
            Example(f"{_DECLARED}{_STEP}```fish\nping <host>\n```\n"),
            Example(f"{_DECLARED}{_STEP}```fish\nping <Host>\n```\n"),
        ),
    ),
    Rule(
        RuleInfo(
            "V202",
            "near-duplicate",
            does="Reports two placeholders with nearly the same name.",
            why="If both mean one value, the run asks for it twice, and the two answers may differ.",
        ),
        near_duplicate,
        bad=(
            Example(f"{_STEP}```fish\nstart <service>\nstop <service-name>\n```\n", at=(7, 6)),
            Example(f"{_STEP}```fish\nstart <host-name>\nstop <hostname>\n```\n", at=(7, 6)),
        ),
        good=(
            Example(f"{_STEP}```fish\nstart <service>\nstop <service>\n```\n"),
            Example(f"{_STEP}```fish\nstart <old-service>\nstop <new-service>\n```\n"),
            Example(f"{_STEP}```fish\nstart <Service Name>\nstop <service-name>\n```\n"),
        ),
    ),
    Rule(
        RuleInfo(
            "V203",
            "second-quoting",
            does="Reports a placeholder inside text that another program reads as code. A value is "
            "quoted for that program as well if the code is known as a whole, as with `ssh`. "
            "Elsewhere only a single word such as `nginx` or `/srv/app` is accepted.",
            why="Quoting for the block's shell is undone when the text is read again. A value with a "
            "space or a quote would then be code, so the run refuses it.",
        ),
        evaluated_value,
        bad=(
            Example(f"{_STEP}```bash\necho 'restart <service>' | sh\n```\n", at=(6, 15)),
            Example(f'{_STEP}```bash\nssh web-1 "cd $PWD && ls <folder>"\n```\n', at=(6, 26)),
            Example(f"{_STEP}```fish\neval <command>\n```\n", at=(6, 6)),
            Example(f"{_STEP}```bash\npython3 -c 'print(<count>)'\n```\n", at=(6, 19)),
        ),
        good=(
            Example(f"{_STEP}```bash\nsystemctl restart <service>\n```\n"),
            Example(f'{_STEP}```bash\nssh web-1 "systemctl restart <service>"\n```\n'),
            Example(f"{_STEP}```bash\nsudo sh -c 'echo <text> > /etc/motd'\n```\n"),
            Example(f"{_STEP}```bash\npsql -c \"ALTER ROLE app PASSWORD '<password>'\"\n```\n"),
            Example(f"{_STEP}```bash\nsed -i 's/TITLE/<title>/' page.html\n[ <count> -gt 3 ]\n```\n"),
            Example(f'{_STEP}```fish\ngit commit -m "restart <service>"\n```\n'),
        ),
    ),
    Rule(
        RuleInfo(
            "V204",
            "looks-like-redirection",
            does="Reports `<in>out`, which has the form of a placeholder and may be meant as two "
            "redirections.",
            why="The run asks for a value instead of reading `in`. Write blanks around a redirection.",
        ),
        looks_like_redirection,
        bad=(
            Example(f"{_STEP}```fish\nsort <in>out\n```\n", at=(6, 6)),
            Example(f"{_STEP}```bash\ntr a b <notes.txt>$HOME/b\n```\n", at=(6, 8)),
        ),
        good=(
            Example(f"{_STEP}```fish\nsort < in > out\n```\n"),
            Example(f"{_STEP}```fish\ntar -cf <name>.tar <folder>/files\n```\n"),
        ),
    ),
    Rule(
        RuleInfo(
            "V208",
            "unwritable",
            does="Reports a placeholder in a place where no value can be written exactly: in the name of "
            "a variable or a user, in an escape sequence, in arithmetic, or half inside quotes.",
            why="A run refuses the page before anything runs.",
            severity=Severity.ERROR,
        ),
        unwritable_value,
        bad=(
            Example(f"{_STEP}```fish\nls ~<user>/x\n```\n", at=(6, 5)),
            Example(f"{_STEP}```fish\necho a\necho $<name> <b>\n```\n", at=(7, 7)),
            Example(f"{_STEP}```bash\necho $((<count> + 1))\n```\n", at=(6, 9)),
        ),
        good=(
            Example(f"{_STEP}```fish\nls /home/<user>/x\n```\n"),
            Example(f"{_STEP}```fish\nls /home/<user>/x ~/<folder> $PATH[<number>]\n```\n"),
            Example(f"{_STEP}```fish\nNAME=<name> env # ~<user>\n```\n"),
            Example(f'{_STEP}```bash\ncount=<count>; echo $((count + 1)) "$x<name>"\n```\n'),
        ),
    ),
)
