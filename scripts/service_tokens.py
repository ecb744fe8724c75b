"""Writes runbook_exec/masking/service_tokens.json: the tokens that the rules of gitleaks describe.

Usage: python scripts/service_tokens.py gitleaks.toml VERSION

`gitleaks.toml` is config/gitleaks.toml of https://github.com/gitleaks/gitleaks at the tag VERSION (MIT
licence). A rule becomes a pattern if its secret begins with text of its own, such as `glpat-`: in a stream of
output nothing else tells where a secret begins. The others are listed in the file, each with the reason.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from re import _constants as op
from re import _parser as grammar
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "runbook_exec" / "masking" / "service_tokens.json"

OURS = "one of our own patterns finds it"
# Rules that do not become patterns although their secret begins with text of its own.
LEFT_OUT = {
    "1password-service-account-token": OURS,
    "age-secret-key": OURS,
    "aws-access-token": OURS,
    "flyio-access-token": OURS,
    "github-app-token": OURS,
    "github-fine-grained-pat": OURS,
    "github-oauth": OURS,
    "github-pat": OURS,
    "github-refresh-token": OURS,
    "gitlab-pat": OURS,
    "gitlab-pat-routable": OURS,
    "grafana-api-key": OURS,
    "jwt": OURS,
    "jwt-base64": OURS,
    "slack-webhook-url": OURS,
    "sonar-api-token": OURS,
    "sourcegraph-access-token": OURS,
    "atlassian-api-token": OURS,
    "private-key": OURS,
    "slack-bot-token": OURS,
    "slack-legacy-bot-token": OURS,
    "slack-legacy-token": OURS,
    "slack-legacy-workspace-token": OURS,
    "slack-user-token": OURS,
    "azure-ad-client-secret": OURS,
    "telegram-bot-api-token": OURS,
    "flutterwave-public-key": "it is public",
    "lob-pub-api-key": "it is public",
    "mailgun-pub-key": "it is public",
    "mapbox-api-token": "it is public",
    "aws-amazon-bedrock-api-key-short-lived": "the rule describes only its first bytes",
    "curl-auth-header": "it is the argument of a command; one of our own patterns finds the header",
    "curl-auth-user": "it is the argument of a command, not a token",
    "kubernetes-secret-yaml": "it is a whole file",
    "nuget-config-password": "it is a whole file",
    "pkcs12-file": "it is a file",
    "freemius-secret-key": "it is a line of source code",
    "generic-api-key": "nothing but a name beside it tells it apart",
    "sidekiq-sensitive-url": "it is a URL",
    "microsoft-teams-webhook": "it is a URL",
    "lob-api-key": "its beginning, `live_` or `test_`, begins many other words",
    "gocardless-api-token": "its beginning, `live_`, begins many other words",
    "okta-access-token": "its beginning, `00`, begins many numbers",
    "beamer-api-token": "its beginning, `b_`, begins many other words",
    "yandex-access-token": "its beginning, `t1.`, begins many other words",
    "yandex-aws-access-token": "its beginning, `YC`, begins many other words",
    "sumologic-access-id": "its beginning, `su`, begins many other words",
}
SHORTEST_SEED = 3
MOST_SEEDS = 64
NAMES = {
    "1password": "1Password", "api": "API", "aws": "AWS", "cicd": "CI/CD", "digitalocean": "DigitalOcean",
    "gcp": "GCP", "gitlab": "GitLab", "huggingface": "Hugging Face", "npm": "npm", "openai": "OpenAI",
    "openshift": "OpenShift", "personnal": "personal", "planetscale": "PlanetScale", "ptt": "trigger token",
    "pypi": "PyPI", "rrt": "runner registration token", "rubygems": "RubyGems", "scim": "SCIM",
    "sendgrid": "SendGrid",
}  # fmt: skip
WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
LONGEST = 4096
LONGEST_BODY = 300
CATEGORIES = {op.CATEGORY_WORD: WORD, op.CATEGORY_DIGIT: "0123456789"}

Tree = Sequence[tuple[Any, Any]]


class Unsuitable(Exception):
    """A rule cannot become a pattern; its text is the reason."""


def translate(go: str) -> str:
    """Return a regular expression of Go as one of Python."""
    text = go.replace(r"\z", r"\Z").replace("[[:alnum:]]", "[A-Za-z0-9]").replace("(?-i:", "(?:")
    flag = text.find("(?i)")
    while flag >= 0:  # Go applies it to the rest of the group, Python only to a whole pattern
        depth, at = 0, flag + 4
        while at < len(text) and depth >= 0:
            if text[at] == "\\":
                at += 1
            elif text[at] == "[":
                at = text.index("]", at + 2)
            else:
                depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        end = at - 1 if depth < 0 else at
        text = f"{text[:flag]}(?i:{text[flag + 4 : end]}){text[end:]}"
        flag = text.find("(?i)")
    return text


def find_secret(pattern: str) -> Tree:
    """Return the part of a rule's pattern that is the secret: its last group, or all but its borders.

    A secret without a border behind it goes on as far as its last characters do.
    """
    tree: Tree = list(grammar.parse(pattern))
    folded = bordered = False
    while True:
        bordered = bordered or (bool(tree) and (tree[-1][0] is op.AT or is_border(tree[-1])))
        inner = [item for item in tree if item[0] is not op.AT and not is_border(item)]
        if len(inner) == 1 and inner[0][0] is op.SUBPATTERN:
            folded = folded or bool(inner[0][1][1] & re.IGNORECASE)
            inner = list(inner[0][1][3])
        if len(inner) == len(tree) and inner == list(tree):
            break
        tree = inner
    groups = [item for item in tree if item[0] is op.SUBPATTERN and item[1][0] is not None]
    if len(tree) > 3 and groups and any(item[0] is op.MIN_REPEAT for item in tree):
        tree = list(groups[-1][1][3])  # after the name of the service and `=`
    elif not bordered and tree[-1][0] is op.MAX_REPEAT and tree[-1][1][2][0][0] is op.IN:
        least, most, characters = tree[-1][1]
        tree = [*tree[:-1], (op.MAX_REPEAT, (least, max(most, LONGEST_BODY), characters))]
    return [(op.SUBPATTERN, (None, re.IGNORECASE, 0, tree))] if folded else tree


def is_border(item: tuple[Any, Any]) -> bool:
    """Return whether this is what gitleaks wants to see behind a secret, such as a quote or the end."""
    if item[0] is not op.BRANCH:
        return False
    branches = [list(branch) for branch in item[1][1]]
    return any(len(branch) == 1 and branch[0][1] in (op.AT_END, op.AT_END_STRING) for branch in branches)


def write_pattern(tree: Tree) -> str:
    """Return the pattern of a tree, without capturing groups."""
    return "".join(write_item(code, value) for code, value in tree)


def write_item(code: Any, value: Any) -> str:
    """Return the pattern of one item of a tree."""
    if code is op.LITERAL:
        return re.escape(chr(value))
    if code is op.IN:
        return f"[{''.join(write_member(*member) for member in value)}]"
    if code in (op.MAX_REPEAT, op.MIN_REPEAT):
        least, most, inner = value
        most = min(most, LONGEST)
        one = write_pattern(inner)
        one = one if len(inner) == 1 and inner[0][0] in (op.LITERAL, op.IN) else f"(?:{one})"
        return one + (
            "?" if (least, most) == (0, 1) else f"{{{least},{most}}}" if least < most else f"{{{least}}}"
        )
    if code is op.SUBPATTERN:
        _, added, _, inner = value
        return f"(?{'i' if added & re.IGNORECASE else ''}:{write_pattern(inner)})"
    if code is op.BRANCH:
        return f"(?:{'|'.join(write_pattern(list(branch)) for branch in value[1])})"
    if code is op.AT:
        return ""
    raise Unsuitable(f"its pattern has {code}")


def write_member(code: Any, value: Any) -> str:
    """Return one member of a character class."""
    if code is op.LITERAL:
        return re.escape(chr(value))
    if code is op.RANGE:
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    return {op.CATEGORY_WORD: r"\w", op.CATEGORY_DIGIT: r"\d"}[value]


def characters(tree: Tree) -> set[str]:
    """Return every character that a tree can match."""
    found: set[str] = set()
    for code, value in tree:
        if code is op.LITERAL:
            found.add(chr(value))
        elif code is op.IN:
            found |= set(members(value))
        elif code in (op.MAX_REPEAT, op.MIN_REPEAT):
            found |= characters(value[2])
        elif code is op.SUBPATTERN:
            inner = characters(value[3])
            found |= {each.swapcase() for each in inner} | inner if value[1] & re.IGNORECASE else inner
        elif code is op.BRANCH:
            for branch in value[1]:
                found |= characters(list(branch))
    return found


def members(value: Sequence[tuple[Any, Any]]) -> Iterator[str]:
    """Yield the characters of a character class."""
    for code, inner in value:
        if code is op.LITERAL:
            yield chr(inner)
        elif code is op.RANGE:
            yield from map(chr, range(inner[0], inner[1] + 1))
        elif code is op.CATEGORY:
            if inner not in CATEGORIES:
                raise Unsuitable("its secret may hold blanks")
            yield from CATEGORIES[inner]
        else:
            raise Unsuitable("its secret may hold all but some characters")


def beginnings(tree: Tree, folded: bool = False) -> list[tuple[str, bool]]:
    """Return what a tree can begin with, as far as it is fixed, and whether more can follow that is."""
    found = [("", True)]
    for code, value in tree:
        if all(not more for _, more in found) or (
            min(len(text) for text, _ in found) >= SHORTEST_SEED and (code is not op.LITERAL)
        ):
            break
        if code is op.LITERAL:
            nexts = [(chr(value), True)]
        elif code is op.IN and not folded and len(set(members(value))) <= MOST_SEEDS:
            nexts = [(each, True) for each in sorted(set(members(value)))]
        elif code is op.IN and folded:
            both = {case for each in members(value) for case in (each.lower(), each.upper())}
            nexts = [(each, True) for each in sorted(both)]
        elif code is op.MAX_REPEAT and value[0] >= 1 and min(len(text) for text, _ in found) < SHORTEST_SEED:
            nexts = [(text, False) for text, _ in beginnings(value[2], folded)]
        elif code is op.SUBPATTERN:
            nexts = beginnings(list(value[3]), folded or bool(value[1] & re.IGNORECASE))
        elif code is op.BRANCH:
            nexts = [each for branch in value[1] for each in beginnings(list(branch), folded)]
        else:
            nexts = [("", False)]
        found = [
            (text + after, more and goes_on) if more else (text, False)
            for text, more in found
            for after, goes_on in (nexts if more else [("", False)])
        ]
    return list(dict.fromkeys(found))


def name_token(rule: str) -> str:
    """Return the name of a kind of token, as it stands in a sentence."""
    first, *more = rule.split("-")
    return " ".join([NAMES.get(first, first.capitalize()), *(NAMES.get(each, each) for each in more)])


def make_pattern(rule: dict[str, Any]) -> dict[str, Any]:
    """Return the pattern of a rule; raises Unsuitable."""
    tree = find_secret(translate(rule["regex"]))
    seeds = sorted({text for text, _ in beginnings(tree)})
    if min(map(len, seeds)) < SHORTEST_SEED or len(seeds) > MOST_SEEDS:
        raise Unsuitable("it does not begin with text of its own")
    used = "".join(sorted(characters(tree)))
    shape = "".join(re.escape(each) for each in used if each not in WORD)
    word = r"\w" if any(each in WORD for each in used) else ""
    return {
        "name": name_token(rule["id"]),
        "seeds": seeds,
        "whole": write_pattern(tree),
        "characters": word + shape,
        **({"entropy": rule["entropy"]} if "entropy" in rule else {}),
    }


def main() -> None:
    """Write the file."""
    source, version = Path(sys.argv[1]), sys.argv[2]
    patterns, left_out = [], {}
    for rule in tomllib.loads(source.read_text("utf-8"))["rules"]:
        try:
            if rule["id"] in LEFT_OUT:
                raise Unsuitable(LEFT_OUT[rule["id"]])
            patterns.append(make_pattern(rule))
        except Unsuitable as why:
            left_out[rule["id"]] = str(why)
    head = {
        "source": f"gitleaks {version}, config/gitleaks.toml; made by scripts/service_tokens.py",
        "licence": "MIT, Copyright (c) 2019 Zachary Rice",
    }
    lines = ",\n".join(f"  {json.dumps(each)}" for each in patterns)
    rest = json.dumps(left_out, indent=1)
    start = json.dumps(head, indent=1).rstrip("}\n")
    TARGET.write_text(f'{start},\n "patterns": [\n{lines}\n ],\n "left_out": {rest}\n}}\n', "utf-8")
    print(f"{len(patterns)} patterns, {len(left_out)} rules left out")


main()
