"""Renders the card of a runbook: when it is due, how to run it, and the values to fill in."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote

from ...document.model import Input, Procedure, Step
from ...plan.builder import items_of
from ...plan.model import LOCAL, PlanItem
from ...runs.due import DueDates
from ...runs.freshness import Success
from ...shells.quoting import Context
from ..asciicast_file import IDLE
from ..page import SitePage, find_owner
from .escaping import escape


def render_card(page: SitePage) -> str:
    """Return the HTML of the card below the page's title."""
    parts = [
        _banner(page),
        _facts(page),
        render_command(page, page.main_procedure) if page.main_procedure else _choice(page),
        _form(page),
        _asciicast(page),
    ]
    return f'<section class="rb-card" aria-label="About this runbook">{"".join(parts)}</section>'


def render_command(page: SitePage, procedure: Procedure) -> str:
    """Return the HTML of the command that runs a procedure."""
    address = page.location.path_to_run
    if procedure is not page.main_procedure:
        address += f"#{procedure.anchor}"
    command = f"runbook-exec {shlex.quote(address)}"
    names = _list_names(items_of(procedure)) - page.secrets
    return (
        f'<div class="rb-run" data-names="{escape(json.dumps(sorted(names)))}">'
        '<span class="rb-label">Run this</span>'
        f'<code class="rb-command">{escape(command)}</code><span class="rb-copies"></span></div>'
    )


def _list_names(items: Iterable[PlanItem]) -> frozenset[str]:
    """Return the names of the placeholders of these items that need a value."""
    return frozenset(found.name for item in items for found in item.placeholders)


def _choice(page: SitePage) -> str:
    count = len(page.runbook.procedures)
    text = "This page has one procedure, which runs only when it is named."
    if count > 1:
        text = f"This page has {count} procedures. Choose one; its command is below its heading."
    headings = {section.anchor for section in page.runbook.sections}
    listed = []
    for each in page.runbook.procedures:
        title = escape(each.title)
        link = f'<a href="#{escape(each.anchor)}">{title}</a>'
        listed.append(
            f"<li>{link if each.anchor in headings else title + _render_code(page, each.anchor)}</li>"
        )
    if page.runbook.is_sequence:
        listed.append(f"<li>All of it, in order{_render_code(page, '')}</li>")
    return f'<div class="rb-choice"><p>{text}</p><ul>{"".join(listed)}</ul></div>'


def _render_code(page: SitePage, anchor: str) -> str:
    command = f"runbook-exec {shlex.quote(f'{page.location.path_to_run}#{anchor}')}"
    return f": <code>{escape(command)}</code>"


def render_moment(moment: datetime) -> str:
    """Return a moment as a date.

    The page's script replaces the date by the number of days since then.
    """
    utc = moment.astimezone(UTC)
    exact = utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f'<time datetime="{exact}" title="{utc:%Y-%m-%d %H:%M} UTC">{utc:%Y-%m-%d}</time>'


def _banner(page: SitePage) -> str:
    """Return the due dates; none of runs that this site knows nothing about.

    The page's script compares them with the day on which the page is read.
    """
    dates = page.dates
    lines = []
    if dates.never_succeeded and page.has_export:
        every = format_cadence(dates)
        lines.append(f'<p class="rb-due" data-due="">Due: never completed ({every}).</p>')
    if dates.run_due:
        lines.append(_due(dates.run_due, "Run it again by", "Running it again was due on"))
    if dates.review_due:
        lines.append(_due(dates.review_due, "Review it by", "Its review was due on"))
    return f'<div class="rb-banner" role="note">{"".join(lines)}</div>' if lines else ""


def format_cadence(dates: DueDates) -> str:
    """Return how often a runbook has to be run, as `every 75 days`; "" without a cadence."""
    days = dates.cadence.total_seconds() / 86400 if dates.cadence else 0
    return f"every {days:g} day{'s' * (days != 1)}" if days else ""


def name_host(host: str) -> str:
    """Return the words for a host that a page names."""
    return "this machine" if host == LOCAL else host


def _due(when: datetime, before: str, after: str) -> str:
    exact = when.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'<p class="rb-due" data-due="{exact}" data-after="{escape(after)}"><span class="rb-words">'
        f"{escape(before)}</span> {when:%Y-%m-%d}.</p>"
    )


def _facts(page: SitePage) -> str:
    dates = page.dates
    facts: list[tuple[str, str]] = []
    if page.runs:
        none = "never" if page.has_export else '<span class="rb-unknown">no recorded run</span>'
        last = render_moment(dates.succeeded) if dates.succeeded else none
        facts.append(("Last success", last))
    if host := page.runbook.settings.host:
        facts.append(("Runs on", escape(name_host(host))))
    if dates.cadence:
        facts.append(("Cadence", format_cadence(dates)))
    if dates.reviewed:
        facts.append(("Reviewed", f"{dates.reviewed:%Y-%m-%d}"))
    if who := find_owner(page.runbook.front_matter):
        facts.append(("Owner", escape(who)))
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    return f'<dl class="rb-facts">{rows}</dl>' if rows else ""


def _form(page: SitePage) -> str:
    """Return the placeholders with their descriptions; the page's script adds a field to each."""
    secrets = page.secrets
    names = dict.fromkeys(
        found.name
        for item in page.items
        if item.statement
        for found in item.statement.placeholders
        if found.context is not Context.COMMENT
    )
    captured = {item.annotation.capture: item for item in page.items if item.annotation.capture}
    rows = [
        _row(name, page.runbook.settings.inputs.get(name) or Input(name), name in secrets, captured.get(name))
        for name in names
    ]
    if not rows:
        return ""
    return (
        '<div class="rb-form" role="group" aria-label="Values to fill in"><p class="rb-label">Fill in</p>'
        f'<dl class="rb-inputs">{"".join(rows)}</dl>'
        "<p class='rb-hint'>What you type goes into the commands on this page. It stays in this tab, and is "
        "gone when you reload.</p></div>"
    )


def _row(name: str, known: Input, secret: bool, captured: PlanItem | None) -> str:
    sentences = [_with_code(known.help)] if known.help else []
    if secret:
        asks = "has one by default, or asks for it" if known.default is not None else "asks for it"
        sentences.append(f"A secret: there is no field for it here. runbook-exec {asks}.")
        known = Input(name, pattern=known.pattern)
    elif known.default is not None:
        sentences.append(f"By default <code>{escape(known.default)}</code>.")
    if known.choices:
        sentences.append(
            "One of " + ", ".join(f"<code>{escape(each)}</code>" for each in known.choices) + "."
        )
    if known.pattern:
        sentences.append(f"It has to match <code>{escape(known.pattern)}</code>.")
    if known.source and not secret:
        sentences.append(f"Taken from <code>{escape(known.source)}</code>.")
    if captured:
        sentences.append(f"Step {escape(captured.step.label)} prints it.")
    data = {"name": name, "default": known.default, "pattern": known.pattern}
    more = "".join(f' data-{key}="{escape(value)}"' for key, value in data.items() if value is not None)
    more += ' data-secret=""' if secret else ""
    choices = "".join(f'<option value="{escape(each)}"></option>' for each in known.choices)
    listed = f'<datalist class="rb-choices">{choices}</datalist>' if choices else ""
    return (
        f'<div class="rb-input"{more}><dt><code>&lt;{escape(name)}&gt;</code></dt>'
        f"<dd>{listed}<span>{' '.join(sentences)}</span></dd></div>"
    )


def _with_code(text: str) -> str:
    """Return text as HTML, with text in backticks as code."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", escape(text))


def _asciicast(page: SitePage) -> str:
    if page.asciicast is None:
        return ""
    title = f": {escape(page.asciicast.title)}" if page.asciicast.title else ""
    poster = "" if page.asciicast.poster is None else f"{page.asciicast.poster:.3f}"
    return (
        f'<div class="rb-cast" data-idle="{IDLE:g}" data-poster="{poster}">'
        f'<p class="rb-label">Recorded run{title}</p>'
        f'<a class="rb-recording" href="{escape(quote(page.asciicast.name))}">Download the recording</a>'
        "</div>"
    )


def render_state(step: Step, fresh: tuple[Success | None, bool] | None) -> str:
    """Return the HTML below a step's title: a check box for a manual step, and its last success.

    `fresh` is None if this site knows nothing about runs of the page: only a manual step has a state then.
    """
    box = ""
    if step.manual:
        label = f"Step {step.label} is done"
        box = (
            f'<label class="rb-done"><input type="checkbox" data-step="{escape(step.anchor)}" '
            f'aria-label="{escape(label)}" autocomplete="off"/><span>Done, by hand</span></label>'
        )
    if fresh is None:
        return f'<div class="rb-state">{box}</div>' if box else ""
    success, same = fresh
    if success is None:
        kind, text = "never", "never run"
    else:
        when = render_moment(datetime.fromisoformat(success.succeeded))
        kind = "same" if same else "changed"
        text = f"last succeeded {when}, {'unchanged since' if same else 'its text has changed since'}"
    return f'<div class="rb-state">{box}<span class="rb-fresh rb-{kind}">{text}</span></div>'
