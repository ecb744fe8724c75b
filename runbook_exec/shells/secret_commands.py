"""Says whether a statement prints a secret of a password manager or another keeper of secrets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Flag, auto

from ..light_classes import NamedTuple
from ..text.lazy_pattern import LazyPattern
from .inner.programs import LOGINS, SHELL_NAMES, WRAPPERS
from .simple_command import SimpleCommand, remove_quotes


class SecretUse(Flag):
    """What a statement does with what a keeper of secrets prints."""

    NONE = 0
    PRINTS = auto()  # it is in the statement's own output
    SETS = auto()  # a variable is set to it
    ALONE = auto()  # the statement is one pipeline that begins with the keeper


class _Reader(NamedTuple):
    """A command that prints secrets: its program's first operands, and what decides otherwise.

    With an option of `needs` it does, if there are any; with one of `without` it does not. A word that
    `spares` matches selects what is no secret.
    """

    operands: str = ""
    needs: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    spares: LazyPattern[str] | None = None


_OUT = ("-o", "--output", "--out-file", "--out", "--output-file")

_IDS = LazyPattern(
    r"(?:--query[= ]?)?['\"]?(?:\[?\]?\.?(?:id|name|ARN|Name|VersionId|attributes\S*|tags\S*))+['\"]?"
)

_PUBLIC_PATH = LazyPattern(
    r"(?:sys|auth)/.*|.*/(?:roles?|config|creds-config|issuers?)(?:/.*)?|.*pki.*/(?:ca|crl)\b.*"
)

_PASS = tuple(map(_Reader, ("show", "otp", "generate", "cat")))

_GPG = (_Reader(needs=("-d", "--decrypt", "--export-secret-keys", "--export-secret-subkeys"), without=_OUT),)

# `fly tokens create` is not here: its tokens have a known form, and are masked by it
_FLY = (_Reader("auth token"),)

_READERS: Mapping[str, tuple[_Reader, ...]] = {
    **dict.fromkeys(
        ("vault", "bao"),
        (
            _Reader("kv get"), _Reader("read", spares=_PUBLIC_PATH), _Reader("unwrap"),
            _Reader("print token"), _Reader("token create"), _Reader("operator init"),
        ),
    ),
    "op": (
        _Reader("read", without=_OUT), _Reader("item get"), _Reader("document get", without=_OUT),
        _Reader("inject", without=_OUT), _Reader("signin", needs=("--raw", "-r")),
        _Reader("service-account create"), _Reader("connect token create"),
    ),
    **dict.fromkeys(("pass", "gopass", "passage"), _PASS),
    **dict.fromkeys(("gpg", "gpg2"), _GPG),
    **dict.fromkeys(("age", "rage"), (_Reader(needs=("-d", "--decrypt"), without=_OUT),)),
    "sops": (
        _Reader(needs=("-d", "--decrypt"), without=(*_OUT, "-i", "--in-place")),
        _Reader("decrypt", without=(*_OUT, "-i", "--in-place")),
    ),
    "ansible-vault": (_Reader("view"),),
    "aws": (
        _Reader("secretsmanager get-secret-value", spares=_IDS),
        _Reader("secretsmanager get-random-password"),
        *(
            _Reader(f"ssm {each}", needs=("--with-decryption",), spares=_IDS)
            for each in ("get-parameter", "get-parameters", "get-parameters-by-path")
        ),
        _Reader("ecr get-login-password"), _Reader("ecr get-authorization-token"), _Reader("kms decrypt"),
        _Reader("sts get-session-token"), _Reader("sts assume-role"), _Reader("rds generate-db-auth-token"),
        _Reader("iam create-access-key"), _Reader("eks get-token"), _Reader("configure export-credentials"),
        _Reader("configure get aws_secret_access_key"), _Reader("configure get aws_session_token"),
    ),
    **dict.fromkeys(
        ("az",),
        (
            _Reader("keyvault secret show", spares=_IDS), _Reader("account get-access-token"),
            _Reader("acr credential show"), _Reader("storage account keys list"),
            _Reader("ad sp create-for-rbac"), _Reader("acr login", needs=("--expose-token",)),
            _Reader("redis list-keys"), _Reader("cosmosdb keys list"),
            _Reader("storage account show-connection-string"), _Reader("aks get-credentials", needs=("-",)),
        ),
    ),
    "gcloud": (
        _Reader("secrets versions access", without=_OUT), _Reader("auth print-access-token"),
        _Reader("auth print-identity-token"), _Reader("auth application-default print-access-token"),
        _Reader("sql generate-login-token"), _Reader("kms decrypt", needs=("--plaintext-file=-",)),
    ),
    "bw": (
        *(_Reader(f"get {kind}") for kind in ("password", "item", "notes", "totp")),
        _Reader("unlock", needs=("--raw",)), _Reader("login", needs=("--raw",)),
    ),
    "rbw": (_Reader("get"), _Reader("code"), _Reader("totp")),
    "bws": (_Reader("secret get"), _Reader("secret list")),
    "lpass": (_Reader("show"),),
    "keepassxc-cli": (_Reader("show"), _Reader("clip", needs=("-",))),
    "secret-tool": (_Reader("lookup"),),
    "security": tuple(
        _Reader(f"find-{kind}-password", needs=("-w", "-g")) for kind in ("generic", "internet")
    ),
    "keyring": (_Reader("get"),),
    "chamber": (_Reader("read"), _Reader("export"), _Reader("env")),
    "credstash": (_Reader("get"), _Reader("getall")),
    "doppler": (_Reader("secrets get"), _Reader("secrets download", needs=("--no-file",))),
    "infisical": (_Reader("secrets get"), _Reader("export")),
    "heroku": (_Reader("config"), _Reader("config:get"), _Reader("auth:token")),
    "gh": (_Reader("auth token"), _Reader("auth status", needs=("-t", "--show-token"))),
    **dict.fromkeys(("fly", "flyctl"), _FLY),
    "argocd": (_Reader("admin initial-password", ), _Reader("account generate-token")),
    "systemd-creds": (_Reader("decrypt"), _Reader("cat")),
    "berglas": (_Reader("access"),),
    "conjur": (_Reader("variable get"),),
    "ejson": (_Reader("decrypt", without=_OUT),),
    "pulumi": (_Reader("config", needs=("--show-secrets",)),
               _Reader("stack output", needs=("--show-secrets",))),
    **dict.fromkeys(
        ("kubectl", "oc", "k", "microk8s.kubectl"),
        (
            _Reader("create token"), _Reader("config view", needs=("--raw",)),
            _Reader("whoami", needs=("-t", "--show-token")), _Reader("extract", needs=("--to=-",)),
        ),
    ),
}  # fmt: skip

_KUBECTL = frozenset(("kubectl", "oc", "k", "microk8s.kubectl"))

_SECRETS = LazyPattern(r"(?:\S*,)?secrets?(?:[./,]\S*)?")

_SHOWS_DATA = LazyPattern(r"-o[= ]?(?:ya?ml|json)(?!path)|--output[= ](?:ya?ml|json)(?!path)")

_TEMPLATE = LazyPattern(r"-o[= ]?(?:json|go-?|custom-)|--output[= ](?:json|go-|custom-)|--template")

_DATA = LazyPattern(r"(?<!meta)(?<!\w)(?:data|stringData)\b|\.items\[\*\]\}")

_CERTIFICATE = LazyPattern(r"\b(?:ca|tls|issuer)\\*\.crt\b")

# what passes on what it reads, or a part of it
_FILTERS = frozenset(
    (
        "jq", "gojq", "yq", "base64", "gbase64", "cut", "awk", "gawk", "sed", "grep", "egrep", "rg", "head",
        "tail", "tr", "cat", "tee", "sort", "uniq", "xargs", "rev", "fold", "column", "paste", "nl", "echo",
        "python", "python3", "ruby", "perl", "node", "od", "xxd", "bat", "gunzip", "zcat", "iconv", "string",
        "openssl", "age", "gpg", "dasel", "fx", "less", "more",
    )
)  # fmt: skip

_QUIET = frozenset(("-q", "-c", "--quiet", "--count", "-qs", "-qi", "-sq", "-o/dev/null", "x509", "dgst"))

_PUBLIC_FIELDS = LazyPattern(r"\.metadata|\.type\b|\bkeys\b|\blength\b|\.kind\b|ownerReferences")

_PRINTERS = frozenset(("echo", "printf", "print", "cat", "tee"))

_ASSIGNERS = frozenset(("export", "declare", "typeset", "local", "readonly", "set", "setenv", "read"))

_ASSIGNMENT = LazyPattern(r"[A-Za-z_]\w*\+?=")

_OUTPUT_TO_FILE = LazyPattern(
    r"(?:(?<![0-9&>-])|(?<=\s)1|&)>>?(?![&(>])\|?\s*(?!/dev/(?:stdout|stderr|tty)\b)"
)

_QUOTED = LazyPattern(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.", re.DOTALL)

_OPENED = LazyPattern(r"[$<]?\(|`")

_FLATTENED = frozenset((*WRAPPERS, *LOGINS, *SHELL_NAMES, "docker", "podman", "xargs", "watch", *_KUBECTL))

_WORDS = r"[\w-]+"


def find_secret_use(text: str, find_commands: Callable[[str], Sequence[SimpleCommand]]) -> SecretUse:
    """Return what a statement does with the output of a keeper of secrets.

    `find_commands` returns the commands of a text in the statement's shell.
    """
    if not _may_read(text):
        return SecretUse.NONE
    use = SecretUse.NONE
    commands = find_commands(text)
    for command, rest in _each_pipeline(text, commands):
        if reads_secret(command.words):
            if _passes_on(rest):
                use |= SecretUse.PRINTS
                alone = len(rest) == len(commands) and not text[: command.start].strip()
                use |= SecretUse.ALONE if alone else SecretUse.NONE
        elif _substitutes(command, find_commands):
            names = [remove_quotes(word) for word in command.words]
            plain = [name for name in names if not _ASSIGNMENT.match(name)]
            if not plain or plain[0] in _ASSIGNERS:
                use |= SecretUse.SETS
            elif plain[0] in _PRINTERS and _passes_on(rest):
                use |= SecretUse.PRINTS
    return use


def _may_read(text: str) -> bool:
    return not _READERS.keys().isdisjoint(re.findall(_WORDS, text))


def _each_pipeline(
    text: str, commands: Sequence[SimpleCommand]
) -> Iterator[tuple[SimpleCommand, list[tuple[SimpleCommand, str]]]]:
    """Yield each command, and with their texts it and the commands to which its output is piped."""
    ends = [*(each.start for each in commands), len(text)][1:]
    texts = [_QUOTED.sub('""', text[each.start : end]) for each, end in zip(commands, ends, strict=True)]
    for at, command in enumerate(commands):
        until = at + 1
        while until < len(commands) and commands[until].is_fed and _ends_in_pipe(texts[until - 1]):
            until += 1
        yield command, list(zip(commands[at:until], texts[at:until], strict=True))


def _ends_in_pipe(text: str) -> bool:
    text = text.rstrip().removesuffix("{").removesuffix("(").rstrip().removesuffix("&")
    return text.endswith("|") and not text.endswith("||")


def _passes_on(pipeline: Sequence[tuple[SimpleCommand, str]]) -> bool:
    """Return whether the output of the first command of a pipeline reaches the terminal."""
    for command, _ in pipeline[1:]:
        name = command.words[0].rpartition("/")[2] if command.words else ""
        if name not in _FILTERS or _QUIET & {*command.words[1:]}:
            return False
        program = " ".join(command.words[1:])
        if name in ("jq", "yq", "gojq") and _PUBLIC_FIELDS.search(program) and not _DATA.search(program):
            return False
    return not _OUTPUT_TO_FILE.search(pipeline[-1][1]) or pipeline[-1][0].words[:1] == ("tee",)


def _substitutes(command: SimpleCommand, find_commands: Callable[[str], Sequence[SimpleCommand]]) -> bool:
    """Return whether a substitution in the words of a command reads a secret."""
    written = " ".join(command.words)
    if not _may_read(written):
        return False
    for opened in _OPENED.finditer(written):
        inner = written[opened.end() :]
        inner = inner.partition("`")[0] if opened[0] == "`" else inner
        pipeline = next(_each_pipeline(inner, find_commands(inner)), None)
        if pipeline and reads_secret(pipeline[0].words) and _passes_on(_close(pipeline[1])):
            return True
    return False


def _close(pipeline: list[tuple[SimpleCommand, str]]) -> list[tuple[SimpleCommand, str]]:
    """Return the pipeline of a substitution without what comes after it."""
    return [(command, re.split(r"[)`]", text, maxsplit=1)[0]) for command, text in pipeline]


def reads_secret(words: Sequence[str]) -> bool:
    """Return whether a command with these words prints secrets."""
    words = [word.strip("`)") for word in words]
    at = 0
    while at < len(words) and _ASSIGNMENT.match(words[at]):
        at += 1
    words = words[at:]
    if not words:
        return False
    if _is_reader(words):
        return True
    if words[0].rpartition("/")[2] not in _FLATTENED:
        return False
    flat = " ".join(words[1:]).split()
    return any(word.rpartition("/")[2] in _READERS and _is_reader(flat[at:]) for at, word in enumerate(flat))


def _is_reader(words: Sequence[str]) -> bool:
    name, arguments = words[0].rpartition("/")[2], words[1:]
    if name not in _READERS or "--help" in arguments or "-h" in arguments[-1:]:
        return False
    if name in _KUBECTL and _gets_secrets(arguments):
        return True
    return any(_fits(reader, arguments) for reader in _READERS[name]) or (
        name in ("pass", "passage", "gopass") and _names_entry(arguments)
    )


_NO_ENTRIES = frozenset(
    (
        "ls", "list", "find", "search", "grep", "insert", "add", "edit", "rm", "remove", "delete", "mv",
        "rename", "cp", "copy", "git", "help", "version", "init", "generate", "show", "otp", "sync", "audit",
        "clone", "setup", "config", "mounts", "recipients", "fsck", "update", "cat", "create", "new", "env",
        "history", "sum", "process", "templates", "unclip", "completion", "import", "tail", "extension",
    )
)  # fmt: skip


def _names_entry(arguments: Sequence[str]) -> bool:
    """Return whether `pass NAME` shows an entry."""
    operands = [each for each in arguments if not each.startswith("-")]
    copies = {"-c", "--clip", "--version", "-q", "--qrcode"} & {*arguments}
    return len(operands) == 1 and operands[0] not in _NO_ENTRIES and not copies


def _fits(reader: _Reader, arguments: Sequence[str]) -> bool:
    wanted = reader.operands.split()
    # options with values may come first: `vault -address=… kv get`, `aws --profile p secretsmanager …`
    at = next((i for i in range(len(arguments)) if [*arguments[i : i + len(wanted)]] == wanted), -1)
    if at < 0 or (at and len(wanted) < 2 and not all(_may_precede(each) for each in arguments[:at])):
        return False
    rest = arguments[at + len(wanted) :]
    if reader.needs and not any(_is_option(each, reader.needs) for each in arguments):
        return False
    if any(_is_option(each, (*reader.without, "-c", "--clip")) for each in rest):
        return False
    return reader.spares is None or not any(reader.spares.fullmatch(each) for each in rest)


def _may_precede(word: str) -> bool:
    return word.startswith("-") or "/" in word or "=" in word or word.islower()


def _is_option(word: str, options: Sequence[str]) -> bool:
    letters = word[1:] if 2 < len(word) < 6 and word[0] == "-" and word[1:].isalpha() else ""
    return not {word, word.partition("=")[0], *(f"-{letter}" for letter in letters)}.isdisjoint(options)


def _gets_secrets(arguments: Sequence[str]) -> bool:
    """Return whether `kubectl get` prints the data of secrets."""
    if "get" not in arguments or not any(map(_SECRETS.fullmatch, arguments)):
        return False
    written = " ".join(arguments)
    if _TEMPLATE.search(written):
        if _SHOWS_DATA.search(written):
            return True
        data = _DATA.search(written) is not None
        return data and not (_CERTIFICATE.search(written) and "key" not in written.split("data", 1)[1])
    return _SHOWS_DATA.search(written) is not None
