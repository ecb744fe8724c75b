"""Classifies sections by the words of their titles."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..markdown.headings import split_number

_PROCEDURES = frozenset(("procedure", "steps", "instructions", "runbook"))

# what is never a step on the way to something else
_NEVER_STEP = re.compile(
    r"\b(?:debug|troubleshoot|roll(?:ing|ed)?[ -]?back|revert|undo(?:ing)?\b|emergenc|shut[ -]?off"
    r"|recover|disaster"
    r"|break[ -]glass|un-?install|tear(?:ing)?[ -]?down|destroy|decommission|deprovision|un-?deploy"
    r"|wip(?:e|ing)\b"
    r"|purg(?:e|ing)\b|clean(?:ing)?[ -]?up|nuk(?:e|ing)\b)",
    re.IGNORECASE,
)

# what cannot be taken back
_IRREVERSIBLE = (
    r"(?:delet(?:e|es|ing)|remov(?:e|es|ing)|terminat(?:e|es|ing)|eras(?:e|ing)|drop(?:ping)?|prun(?:e|ing)"
    r"|kill(?:ing)?|reset(?:ting)?|revok(?:e|ing)|truncat(?:e|ing)|format(?:ting)? (?:the|a|your|all)"
    r"|expung(?:e|ing)|unpublish(?:ing)?|dismantl(?:e|ing)|(?:un|de)-?register(?:ing)?)\b"
)

# what may be a step on the way to something else: stop it, change it, start it
_STOPPING = (
    r"(?:disabl(?:e|es|ing)|stop(?:s|ping)?|detach(?:ing)?|drain(?:ing)?|shut(?:ting)?[ -]?down"
    r"|turn(?:ing)?[ -]off|power(?:ing)?[ -]off|unmount(?:ing)?|cancel(?:l?ing)?|downgrad(?:e|ing)"
    r"|evict(?:ing)?"
    r"|(?:tak|bring|scal)(?:e|ing)?[ -]down|deactivat(?:e|ing)|unsubscrib(?:e|ing))\b"
)

# where the verb of a title is: its first word, or after "to", "and" or a dash
_VERB = r"(?:^|\b(?:to|and|or|then)\s+|[-–—:,(/&]\s*)(?:optional(?:ly)?\W+)?"

_IS_IRREVERSIBLE = re.compile(rf"{_VERB}{_IRREVERSIBLE}|\b(?:deletion|removal|termination)\b", re.IGNORECASE)

_IS_STOPPING = re.compile(
    rf"{_VERB}{_STOPPING}|\b(?:shutdown|deactivation|eviction|cancellation)\b", re.IGNORECASE
)

_HELPING = re.compile(r"\b(?:debug|troubleshoot)", re.IGNORECASE)

_REFERENCE = re.compile(
    r"(?:table of )?contents|toc|references?|see also|related\b.*|(?:further|additional) reading"
    r"|(?:\w+ )?(?:resources|links|references)|what'?s next\b.*|next steps?|changelog|change log"
    r"|licen[sc]e|credits"
    r"|authors?|contributors?|contributing|acknowledge?ments|history|glossary|faqs?"
    r"|frequently asked questions",
    re.IGNORECASE,
)

_ALTERNATIVE = re.compile(
    r"^(?:option|method|alternative|approach|variant|scenario|case|possibility|way|path|solution)\s*#?"
    r"(?:\d+|[a-z]|one|two|three|first|second)\b|\balternative(?:ly|s)?\b|^(?:or|either)\b|^if\b",
    re.IGNORECASE,
)

# two of them beside one another are for two systems, not for one
_SYSTEM = re.compile(
    r"\b(?:linux|ubuntu|debian|fedora|centos|rhel|red hat|rocky|alma|suse|opensuse|arch|alpine|nixos|gentoo"
    r"|freebsd|openbsd|mac ?os(?: x)?|os x|darwin|windows|wsl2?|powershell|homebrew|brew|apt(?:-get)?|yum"
    r"|dnf|pacman"
    r"|snap|chocolatey|choco|scoop|winget|pip|pipx|conda|npm|yarn|pnpm|cargo|docker(?:[ -]compose)?"
    r"|podman|vagrant"
    r"|helm|kustomize|terraform|pulumi|ansible|minikube|kind|k3[sd]|microk8s|k0s|rke2?|openshift|okd|aws"
    r"|eks|gcp"
    r"|gke|google cloud|azure|aks|digital ?ocean|doks|linode|hetzner|oracle cloud|oci|bare[ -]metal"
    r"|on-?prem\w*"
    r"|kubernetes|systemd|launchd|from source|source code|(?:pre-?built )?binar(?:y|ies)|deb|rpm|bash|zsh"
    r"|fish"
    r"|nginx|apache|caddy|traefik|mysql|mariadb|postgres(?:ql)?|sqlite|oracle|github|gitlab|bitbucket"
    r"|jenkins"
    r"|x86(?:_64)?|amd64|arm(?:64|v7)?|intel|apple silicon|desktop|laptop|raspberry pi|android|ios|portal"
    r"|cli|gui"
    r"|console|dashboard)\b",
    re.IGNORECASE,
)

_WAY = re.compile(r"(?:using|with|via|from|through|without)\b", re.IGNORECASE)


def names_procedure(title: str) -> bool:
    """Return whether a title such as "Steps" says that its section is the procedure."""
    return title.casefold().rstrip(" .:;!?…") in _PROCEDURES


def is_never_step(title: str) -> bool:
    """Return whether a title names what is never a step on the way to something else, as a rollback."""
    return _NEVER_STEP.search(title) is not None


def is_irreversible(title: str) -> bool:
    """Return whether a title names what cannot be taken back, as a deletion or a rollback."""
    plain = split_number(title)[1]
    return is_never_step(plain) or _IS_IRREVERSIBLE.search(plain) is not None


def is_dangerous(title: str) -> bool:
    """Return whether a title names what runs only if it is named, as a rollback or a deletion."""
    plain = split_number(title)[1]
    return is_irreversible(plain) or _IS_STOPPING.search(plain) is not None


def only_helps(title: str) -> bool:
    """Return whether a title names what helps when another procedure fails."""
    return _HELPING.search(title) is not None


def lists_references(title: str) -> bool:
    """Return whether a title names a section that only lists other texts."""
    return _REFERENCE.fullmatch(title.strip(" .:!?…#")) is not None


def are_alternatives(titles: Sequence[str]) -> bool:
    """Return whether sections with these titles are several ways to one end, not steps in order."""
    if len(titles) < 2:
        return False
    if any(_ALTERNATIVE.search(title) for title in titles):
        return True
    systems = sum(_SYSTEM.search(title) is not None for title in titles)
    ways = sum(_WAY.match(title) is not None for title in titles)
    return max(systems, ways) > 1 and max(systems, ways) * 2 >= len(titles)
