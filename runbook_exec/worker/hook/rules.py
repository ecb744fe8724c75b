"""Reads the file of rules: who may send webhooks, and which page starts for what."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from ...document.placeholders import normalise_name, parse_placeholder_name
from ...errors import Refused, ValueProblem
from ...light_classes import NamedTuple, replace
from ...plan.model import Plan
from ...plan.resolver import make_reader
from ...runner.load import parse_address
from ...runner.options import RunOptions
from ...runner.planning import read_plan
from ...sources.base import SourceContext
from ...sources.command_output import make_runner
from ...sources.registry import resolve_source
from ...text.durations import positive_duration
from ...text.host_names import parse_host
from ...text.lazy_pattern import LazyPattern
from .events import ALERTS, KINDS, HookEvent
from .toml_table import TomlFile, TomlTable

SIGNATURE, BEARER, BASIC = "signature", "bearer", "basic"

_CHECKS = {  # by kind, the default first
    "alertmanager": (BEARER, BASIC),
    "grafana": (SIGNATURE, BEARER, BASIC),
    "github": (SIGNATURE,),
    "forgejo": (SIGNATURE,),
}

_SHORTEST = 16  # characters of a secret

_NAME = LazyPattern(r"[A-Za-z0-9][\w.-]{0,63}")

_LABEL = LazyPattern(r"<([^<>]+)>")  # of an event, as the host of a rule


class HookSource(NamedTuple):
    """A sender of webhooks, and how its requests are checked."""

    name: str  # the path of its address
    kind: str
    check: str
    secret: str
    user: str = ""  # of basic authentication
    timestamp_header: str = ""  # of a signature that has one
    max_age: float = 0.0  # seconds since an alert began, after which it starts nothing

    def __repr__(self) -> str:
        """Return the source without its secret."""
        return f"HookSource({self.name})"


class HookRule(NamedTuple):
    """Which page starts for which events, and where."""

    source: str
    when: Mapping[str, Sequence[str]]  # by label, the patterns of which one must match
    path: str
    anchor: str | None
    host: str  # a name, or `<label>`
    hosts: Sequence[str]  # the names that the label may have
    labels: Mapping[str, str]  # by placeholder, the label that fills it
    options: RunOptions
    hold: float
    per_hour: int
    line: str  # where the rule is, as FILE:LINE

    def is_met_by(self, event: HookEvent) -> bool:
        """Return whether each label of the rule has a value that fits."""
        found = {name: event.find_label(name) for name in self.when}
        return all(
            (value := found[name]) is not None and any(fnmatchcase(value, each) for each in patterns)
            for name, patterns in self.when.items()
        )

    def find_host(self, event: HookEvent) -> str:
        """Return the host of the run; raises Refused for one that the rule does not list."""
        label = _LABEL.fullmatch(self.host)
        if label is None:
            return self.host
        value = event.find_label(label[1])
        if value not in self.hosts:
            raise Refused(f"{self.line}: `{value}` in label `{label[1]}` is none of its hosts")
        return str(value)

    def read_plan(self, values: Mapping[str, str]) -> Plan:
        """Return the plan of the page as it is now; raises Refused."""
        return read_plan(self.path, self.anchor, self.make_options(values))

    def make_options(self, values: Mapping[str, str]) -> RunOptions:
        """Return the options of a run with these values; those of the rule itself come first."""
        return replace(self.options, given={**values, **self.options.given})


class HookRules(NamedTuple):
    """The rules, in their order, and the senders by name."""

    sources: Mapping[str, HookSource]
    rules: Sequence[HookRule]
    folder: Path  # of the file of rules; pages are relative to it

    def find_rule(self, source: str, event: HookEvent) -> HookRule | None:
        """Return the first rule for an event."""
        return next((each for each in self.rules if each.source == source and each.is_met_by(event)), None)


def read_rules(path: Path) -> HookRules:
    """Return the rules of a file, whose pages and secrets are read once; raises Refused."""
    file = TomlFile(path)
    folder = path.absolute().parent
    sources = {name: _read_source(name, table, folder) for name, table in file.list_named("source")}
    if not sources:
        raise Refused(f"{path}:1: expected a table `[source.NAME]`, with a secret for its sender")
    rules = [_read_rule(table, sources, folder) for table in file.list_tables("rule")]
    if not rules:
        raise Refused(f"{path}:1: expected a table `[[rule]]`, with a page that starts")
    file.finish()
    return HookRules(sources, rules, folder)


def _read_source(name: str, table: TomlTable, folder: Path) -> HookSource:
    if not _NAME.fullmatch(name):
        raise table.refuse(f"`{name}`: expected a name of letters, digits, `-`, `_` and `.`")
    kind = table.take_text("kind", name)
    if kind not in KINDS:
        raise table.refuse(f"`kind`: expected one of {_list(KINDS)}, got `{kind}`", "kind")
    checks = _CHECKS[kind]
    check = table.take_text("check", checks[0])
    if check not in checks:
        raise table.refuse(f"`check`: expected one of {_list(checks)} for {kind}, got `{check}`", "check")
    secret = _read_secret(table, folder)
    user = table.take_text("user", "")
    if bool(user) != (check == BASIC):
        raise table.refuse(f'`user`: is for `check = "{BASIC}"`, which needs it', "user")
    header = table.take_text("timestamp-header", "")
    if header and (kind, check) != ("grafana", SIGNATURE):
        raise table.refuse("`timestamp-header`: only signatures of grafana have one", "timestamp-header")
    age = _take_duration(table, "max-age", "1d" if kind in ALERTS else "")
    if age and kind not in ALERTS:
        raise table.refuse(f"`max-age`: events of {kind} do not say when they began", "max-age")
    table.finish()
    return HookSource(name, kind, check, secret, user, header, age)


def _read_secret(table: TomlTable, folder: Path) -> str:
    source = table.take_text("secret")
    context = SourceContext(os.environ, make_reader(folder), make_runner(lambda command: None, False))
    try:
        secret = resolve_source(source, context)
    except ValueProblem as problem:
        raise table.refuse(f"`secret`: {problem}", "secret") from None
    if len(secret) < _SHORTEST:
        raise table.refuse(f"`secret`: expected at least {_SHORTEST} characters, got {len(secret)}", "secret")
    return secret


def _read_rule(table: TomlTable, sources: Mapping[str, HookSource], folder: Path) -> HookRule:
    source = table.take_text("source")
    if source not in sources:
        raise table.refuse(f"`source`: expected one of {_list(sources)}, got `{source}`", "source")
    when = table.take_table("when")
    if not any(when.values()):
        raise table.refuse('`when`: expected labels, such as `when = { alertname = "DiskFull" }`', "when")
    path, anchor = parse_address(str(folder / table.take_text("page")))
    host, hosts = _take_host(table)
    options = RunOptions(
        given=_take_values(table),
        choose=table.take_texts("choose"),
        yes=not table.take_flag("each"),
        on_failure=table.take_text("on-failure", "ask"),
    )
    if options.on_failure not in ("ask", "stop"):
        raise table.refuse(
            f"`on-failure`: expected `ask` or `stop`, got `{options.on_failure}`", "on-failure"
        )
    labels = {
        _read_name(table, "labels", name): _take_one(table, name, texts)
        for name, texts in table.take_table("labels").items()
    }
    hold = _take_duration(table, "hold", "")
    limit = table.take_number("per-hour", 10)
    table.finish()
    line = str(table.refuse("")).removesuffix(": ")
    rule = HookRule(source, when, path, anchor, host, hosts, labels, options, hold, limit, line)
    _check_page(rule, table)
    return rule


def _check_page(rule: HookRule, table: TomlTable) -> None:
    """Raise Refused if the page of a rule would be refused, or if a secret was to come from the rule."""
    try:
        plan = read_plan(rule.path, rule.anchor, replace(rule.options, given={}))
    except Refused as refused:
        raise table.refuse(f"`page`: {refused}", "page") from None
    names = list_names(plan)
    for key, given in (("labels", rule.labels), ("set", rule.options.given)):
        for name in given:
            if name not in names:
                raise table.refuse(f"`{key}`: the page has no placeholder <{name}>", key)
            if plan.is_secret(name):
                raise table.refuse(
                    f"`{key}`: <{name}> is a secret; name its source on the page, which the host reads", key
                )
    try:
        rule.read_plan({})
    except Refused as refused:
        raise table.refuse(f"`set`: {refused}", "set") from None


def list_names(plan: Plan) -> frozenset[str]:
    """Return the names of the values that a page takes."""
    return frozenset(each.name for item in plan.items for each in item.placeholders) | plan.inputs.keys()


def list_open_names(plan: Plan) -> frozenset[str]:
    """Return the names of the values that nothing but a person or an event can give."""
    captured = {capture.name for _, capture in plan.captures}
    return frozenset(
        name
        for name in list_names(plan)
        if name not in captured
        and not plan.is_secret(name)
        and not ((known := plan.inputs.get(name)) and (known.source or known.default is not None))
    )


def _take_host(table: TomlTable) -> tuple[str, tuple[str, ...]]:
    host, hosts = table.take_text("on"), table.take_texts("hosts")
    label = _LABEL.fullmatch(host)
    if bool(label) != bool(hosts):
        raise table.refuse('`hosts`: lists the names that a label may have, as in `on = "<label>"`', "hosts")
    for each in hosts if label else (host,):
        try:
            parse_host(each)
        except ValueError as error:
            raise table.refuse(
                f"`{'hosts' if label else 'on'}`: {error}", "hosts" if label else "on"
            ) from None
    return host, hosts


def _take_values(table: TomlTable) -> dict[str, str]:
    return {
        _read_name(table, "set", name): _take_one(table, name, texts)
        for name, texts in table.take_table("set").items()
    }


def _take_one(table: TomlTable, name: str, texts: Sequence[str]) -> str:
    if len(texts) != 1:
        raise table.refuse(f"`{name}`: expected one text, got {len(texts)}")
    return texts[0]


def _read_name(table: TomlTable, key: str, name: str) -> str:
    try:
        return parse_placeholder_name(name)
    except ValueError as error:
        raise table.refuse(f"`{key}`: {error}", key) from None


def _take_duration(table: TomlTable, key: str, default: str) -> float:
    text = table.take_text(key, default)
    try:
        return positive_duration(text) if text else 0.0
    except ValueError as error:
        raise table.refuse(f"`{key}`: {error}", key) from None


def _list(names: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(f"`{each}`" for each in names)


def find_label_value(event: HookEvent, rule: HookRule, name: str) -> str | None:
    """Return the value that an event has for a placeholder of a page; None if it has none."""
    if name in rule.labels:
        return event.find_label(rule.labels[name])
    return event.find_label_like(normalise_name(name))
