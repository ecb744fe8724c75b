"""A stand-in for `op`, the 1Password command line: vaults, items with sections and fields, and references."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import time

from . import store
from .cobra import HELP, Call, Command, Flag, Refused, find, parse, usage

TOO_MANY = "too many '/': secret references should match op://<vault>/<item>[/<section>]/<field>"
TOO_FEW = "too few '/': secret references should match op://<vault>/<item>[/<section>]/<field>"
VAULT = Flag("vault", "", "string", "Name or ID of the vault the item is in")
COMMON = (
    Flag("account", "", "string", "Account to use"),
    Flag("format", "", "string", "Output format: human-readable or json"),
    Flag("no-color", "", "bool", "Print output without color"),
)


def _signed_in(state: store.State) -> None:
    if not state["op_signed_in"]:
        raise Refused("account is not signed in")


def _vault(state: store.State, query: str) -> store.Vault:
    for vault in state["vaults"]:
        if query in (vault["id"], vault["name"]):
            return vault
    raise Refused(f'"{query}" isn\'t a vault in this account. Specify the vault with its ID or name.')


def _item(state: store.State, query: str, vault: str) -> store.Item:
    """The item of that id or title, in the vault or, without one, in any."""
    vaults = [_vault(state, vault)] if vault else state["vaults"]
    found = [each for one in vaults for each in one["items"] if query in (each["id"], each["title"])]
    if not found:
        where = f' in the "{vault}" vault' if vault else ""
        raise Refused(f'"{query}" isn\'t an item{where}. Specify the item with its UUID, name, or domain.')
    if len(found) > 1:
        raise Refused(f'More than one item matches "{query}". Try again and specify the item by its ID.')
    return found[0]


def _field(item: store.Item, section: str | None, label: str) -> store.Field | None:
    """The field of that label or id; a section of None means any."""
    for field in item["fields"]:
        if label.lower() in (field["label"].lower(), field["id"]) and section in (None, field["section"]):
            return field
    return None


def _format_field(item: store.Item, field: store.Field, reveal: bool) -> str:
    if field["type"] == "CONCEALED" and not reveal:
        return f"[use 'op item get {item['id']} --reveal' to reveal]"
    return field["value"]


def _print(state: store.State, item: store.Item, call: Call) -> None:
    vault = next(each for each in state["vaults"] if item in each["items"])
    reveal = call.on("reveal")
    if call.flags.get("format") == "json":
        fields = [
            {
                "id": field["id"],
                "type": field["type"],
                "label": field["label"],
                "value": field["value"],
                **({"section": {"label": field["section"]}} if field["section"] else {}),
            }
            for field in item["fields"]
        ]
        said = {key: item[key] for key in ("id", "title", "version", "category")}
        print(
            json.dumps(
                {**said, "vault": {"id": vault["id"], "name": vault["name"]}, "fields": fields}, indent=2
            )
        )
        return
    for label, value in (
        ("ID", item["id"]),
        ("Title", item["title"]),
        ("Vault", f"{vault['name']} ({vault['id']})"),
        ("Created", item["created"]),
        ("Updated", item["updated"]),
        ("Favorite", "false"),
        ("Version", str(item["version"])),
        ("Category", item["category"]),
    ):
        print(f"{label + ':':<13}{value}")
    section = ""
    print("Fields:")
    for field in sorted(item["fields"], key=lambda each: each["section"]):
        if field["section"] != section:
            section = field["section"]
            print(f"\n{section}:")
        print(f"  {field['label'] + ':':<14}{_format_field(item, field, reveal)}")


def _read(call: Call) -> int:
    reference = call.arguments[0]
    state = store.look(call.folder)
    _signed_in(state)
    if not reference.startswith("op://"):
        raise Refused(
            f"could not read secret '{reference}': invalid secret reference: expected it to start with op://"
        )
    parts = reference.removeprefix("op://").partition("?")[0].split("/")
    if len(parts) > 4:
        raise Refused(f"could not read secret '{reference}': {TOO_MANY}")
    if len(parts) < 3:
        raise Refused(f"could not read secret '{reference}': {TOO_FEW}")
    try:
        item = _item(state, parts[1], parts[0])
    except Refused as refused:
        raise Refused(f"could not read secret '{reference}': {refused}") from None
    field = _field(item, parts[2] if len(parts) == 4 else None, parts[-1])
    if field is None:
        missing = f"item '{parts[0]}/{parts[1]}' does not have a field '{'.'.join(parts[2:])}'"
        raise Refused(f"could not read secret '{reference}': {missing}")
    print(field["value"], end="" if call.on("no-newline") else "\n")
    return 0


def _item_get(call: Call) -> int:
    state = store.look(call.folder)
    _signed_in(state)
    item = _item(state, call.arguments[0], call.flags.get("vault", ""))
    if "fields" not in call.flags:
        _print(state, item, call)
        return 0
    values = []
    for wanted in call.flags["fields"].split(","):
        section, dot, label = wanted.removeprefix("label=").rpartition(".")
        field = _field(item, section if dot else None, label)
        if field is None:
            raise Refused(f'"{wanted}" isn\'t a field in the "{item["title"]}" item')
        values.append(_format_field(item, field, call.on("reveal")))
    print(",".join(values))
    return 0


def _assignment(word: str) -> tuple[str, str, str | None, str]:
    """Section, field, type and value of `[section.]field[[type]]=value`; a backslash keeps `.` and `=`."""
    found = re.fullmatch(r"((?:\\.|[^\\=])*)=(.*)", word, re.DOTALL)
    if not found:
        raise Refused(
            f'"{word}" isn\'t an assignment statement: expected [<section>.]<field>[[<fieldType>]]=<value>'
        )
    left, value = found[1], found[2]
    kind = re.search(r"\[(\w+)\]$", left)
    left = left[: kind.start()] if kind else left
    parts = [re.sub(r"\\(.)", r"\1", part) for part in re.findall(r"(?:\\.|[^\\.])+", left)]
    if not 1 <= len(parts) <= 2:
        raise Refused(f'"{left}" isn\'t the name of a field: expected [<section>.]<field>')
    return ("" if len(parts) == 1 else parts[0]), parts[-1], kind[1] if kind else None, value


def _piped_item() -> dict[str, str] | None:
    """The values by label of the JSON item on a piped standard input, or None where no pipe is."""
    try:
        piped = stat.S_ISFIFO(os.fstat(0).st_mode)
    except OSError:
        return None
    if not piped:
        return None
    try:
        item = json.loads(sys.stdin.buffer.read())
        return {str(field["label"]): str(field["value"]) for field in item["fields"] if field.get("value")}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Refused("unable to process line 1: invalid JSON in piped input") from None


def _item_edit(call: Call) -> int:
    piped = _piped_item()
    assignments = [_assignment(word) for word in call.arguments[1:]]
    with store.change(call.folder) as state:
        _signed_in(state)
        item = _item(state, call.arguments[0], call.flags.get("vault", ""))
        for label, value in (piped or {}).items():
            if existing := _field(item, None, label):
                existing["value"] = value
        for section, label, kind, value in assignments:
            existing = _field(item, section, label) or (_field(item, None, label) if not section else None)
            if existing is None:
                existing = {"id": label, "section": section, "label": label, "type": "CONCEALED", "value": ""}
                item["fields"].append(existing)
            if kind:
                existing["type"] = "CONCEALED" if kind in ("password", "concealed") else "STRING"
            existing["value"] = value
        item["title"] = call.flags.get("title", item["title"])
        item["version"] += 1
        item["updated"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        _print(state, item, call)
    return 0


def _sign(call: Call, signed_in: bool) -> int:
    with store.change(call.folder) as state:
        state["op_signed_in"] = signed_in
    return 0


def _signin(call: Call) -> int:
    return _sign(call, True)


def _signout(call: Call) -> int:
    return _sign(call, False)


def _whoami(call: Call) -> int:
    state = store.look(call.folder)
    _signed_in(state)
    said = {
        "URL": "https://practice.1password.com",
        "Email": state["email"],
        "User ID": "PRACTICEUSERPRACTICEUSERXX",
    }
    if call.flags.get("format") == "json":
        print(
            json.dumps({"url": said["URL"], "email": said["Email"], "user_uuid": said["User ID"]}, indent=2)
        )
    else:
        print("\n".join(f"{label + ':':<12}{value}" for label, value in said.items()))
    return 0


ROOT = Command(
    "op",
    "This is a practice world's stand-in for 1Password CLI.",
    commands=(
        Command(
            "item",
            "Perform CRUD operations on the 1Password items in your vaults",
            commands=(
                Command(
                    "edit",
                    "Edit an item's details",
                    _item_edit,
                    "{ <itemName> | <itemID> } [ <assignment> ... ]",
                    (VAULT, Flag("title", "", "string", "Set the item's title")),
                ),
                Command(
                    "get",
                    "Get an item's details",
                    _item_get,
                    "{ <itemName> | <itemID> }",
                    (
                        VAULT,
                        Flag("fields", "", "string", "Return data from specific fields"),
                        Flag("reveal", "", "bool", "Don't conceal sensitive fields"),
                    ),
                ),
            ),
        ),
        Command(
            "read",
            "Read a secret reference",
            _read,
            "<reference>",
            (Flag("no-newline", "n", "bool", "Do not print a new line after the secret"),),
        ),
        Command("signin", "Sign in to a 1Password account", _signin),
        Command("signout", "Sign out of a 1Password account", _signout),
        Command("whoami", "Get information about a signed-in account", _whoami),
    ),
)


def main(folder: str, words: list[str]) -> int:
    """Run `op` with these words in the world at `folder`, and return its exit status."""
    if words == ["--version"]:
        print("2.32.0")
        return 0
    try:
        found = find(ROOT, words, COMMON)
        flags, arguments = parse(found.words, (*found.command.flags, *COMMON, HELP))
        if found.command.run is None or flags.get("help") == "true":
            print(usage(found, COMMON), end="")
            return 0
        if found.command.use and not arguments:
            raise Refused("expected at least 1 argument, but got 0")
        if found.command.name in ("read", "get") and len(arguments) != 1:
            raise Refused(f"expected 1 argument, but got {len(arguments)}")
        return found.command.run(Call(folder, flags, arguments))
    except Refused as refused:
        sys.stdout.flush()
        print(f"[ERROR] {time.strftime('%Y/%m/%d %H:%M:%S')} {refused}", file=sys.stderr)
        return 1
