"""Lists the programs that open shells and prompts, with the options that decide whether they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...light_classes import NamedTuple
from .arguments import OptionTable, make_table

SHELL_NAMES = frozenset(
    (
        "sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish", "csh", "tcsh", "rbash", "pwsh",
        "powershell", "elvish", "xonsh",
    )
)  # fmt: skip


class PromptProgram(NamedTuple):
    """A program with a prompt: its options, and how many operands it takes and still opens it."""

    options: OptionTable
    operands: int


_CLIENT = "h p u d U a n --host --port --user --password --username --db --database --dbname --url"

_INTERPRETER = PromptProgram(make_table("W X", "c m V --version --help h e p v --eval - -version"), 0)

PROMPTS: Mapping[str, PromptProgram] = {
    "psql": PromptProgram(
        make_table("d h p U F P R T v L o --dbname --host --port --username --set --variable",
                   "c f l V ? --command --file --list --version --help"), 2,
    ),
    **dict.fromkeys(
        ("mysql", "mariadb"),
        PromptProgram(
            make_table("h u P S D --host --user --port --socket --database --defaults-file",
                       "e V ? --execute --version --help", "p"), 1,
        ),
    ),
    "sqlite3": PromptProgram(make_table("cmd init separator newline nullvalue", "version help"), 1),
    "redis-cli": PromptProgram(
        make_table("h p s a u r i n --user --pass --cacert --cert --key --sni",
                   "v --version --help --scan --bigkeys --hotkeys --memkeys --stat --latency --pipe --rdb "
                   "--cluster --eval --functions-rdb --latency-history x"), 0,
    ),
    "valkey-cli": PromptProgram(make_table("h p s a u n", "--version --scan --bigkeys --cluster --eval"), 0),
    **dict.fromkeys(
        ("mongo", "mongosh"),
        PromptProgram(make_table(_CLIENT + " --authenticationDatabase", "f --eval --version --file"), 1),
    ),
    **dict.fromkeys(("sqlplus", "pgcli", "mycli"), PromptProgram(make_table(_CLIENT, "e c --version"), 2)),
    "cqlsh": PromptProgram(make_table("u p k --username --password", "e f --execute --file --version"), 2),
    "clickhouse-client": PromptProgram(
        make_table(_CLIENT, "q --query --queries-file --version --multiquery"), 0
    ),
    "vtysh": PromptProgram(make_table("", "c f --command"), 0),
    "sftp": PromptProgram(make_table("b P i o F J l s S", "b"), 1),
    "ftp": PromptProgram(make_table("", "n"), 2),
    **dict.fromkeys(("python", "python2", "python3"), _INTERPRETER),
    **dict.fromkeys(
        ("ipython", "ipython3", "node", "irb", "pry", "iex", "ghci", "julia", "R", "spark-shell", "pyspark"),
        _INTERPRETER,
    ),
}  # fmt: skip


class WrapperProgram(NamedTuple):
    """A program that runs the command after its options and so many operands.

    Without a command, it opens a shell if `opens_alone` is true or one of `alone_options` is there.
    """

    options: OptionTable
    operands: int = 0
    opens_alone: bool = False
    alone_options: frozenset[str] = frozenset()


WRAPPERS: Mapping[str, WrapperProgram] = {
    **dict.fromkeys(("command", "builtin", "time", "nohup", "setsid", "winpty", "rlwrap", "pkexec"),
                    WrapperProgram(make_table("", "v V"))),
    "sudo": WrapperProgram(
        make_table("u g h p C D R T U r t a --user --group --host --prompt --chdir",
                   "l v k K V e --list --validate --version --help"),
        alone_options=frozenset(("i", "s", "--login", "--shell")),
    ),
    "doas": WrapperProgram(make_table("u C", "L"), alone_options=frozenset("s")),
    "bundle": WrapperProgram(make_table(), 1),
    "env": WrapperProgram(make_table("u C S --unset --chdir")),
    "nice": WrapperProgram(make_table("n --adjustment")),
    "timeout": WrapperProgram(make_table("k s --kill-after --signal"), 1),
    "stdbuf": WrapperProgram(make_table("i o e")),
    "busybox": WrapperProgram(make_table()),
    "ssh-agent": WrapperProgram(make_table("a t", "k s c")),
    "nsenter": WrapperProgram(make_table("t S G r w --target", "V h"), 0, True),
    "unshare": WrapperProgram(make_table("S G R w --setuid --setgid --root --wd", "V h"), 0, True),
    "chroot": WrapperProgram(make_table("--userspec --groups"), 1, True),
    "arch-chroot": WrapperProgram(make_table("u", "h"), 1, True),
    "systemd-nspawn": WrapperProgram(make_table("D M i u --directory --machine --bind --image"), 0, True),
    "lxc-attach": WrapperProgram(
        make_table("n P v u g --name --lxcpath --set-var --uid --gid", "h --help --version"), 0, True
    ),
    "jexec": WrapperProgram(make_table("d e u U"), 1, True),
    "run0": WrapperProgram(make_table("u g D --user --group --chdir", "h --help --version"), 0, True),
    "aws-vault": WrapperProgram(make_table("d --duration"), 2),
}  # fmt: skip

# With the number of operands before the command that they would run instead.
LOGINS: Mapping[str, tuple[OptionTable, int]] = {
    "ssh": (make_table("B b c D E e F I i J L l m o p R S w", "N V Q G T O W f n"), 1),
    "mosh": (make_table("p --ssh --port"), 1),
    "autossh": (make_table("M b c D E e F I i J L l m o p R S w", "N f T"), 1),
    "su": (make_table("s g G w --shell --group", "c --command --version --help V h"), 2),
    "runuser": (make_table("s g G w u --shell --user", "c --command --version --help V h"), 2),
    "newgrp": (make_table(), 1),
}

SYSTEM_IMAGES = frozenset(
    (
        "ubuntu", "debian", "alpine", "centos", "fedora", "busybox", "rockylinux", "almalinux",
        "amazonlinux", "archlinux", "opensuse", "python", "node", "netshoot", "toolbox", "ubi", "ubi8",
        "ubi9", "kali-rolling", "golang", "ruby", "bash",
    )
)  # fmt: skip

# By program and the first words after it: options that end it without a prompt.
SUBCOMMANDS: Mapping[str, Sequence[tuple[str, OptionTable]]] = {
    "vagrant": (("ssh", make_table("p", "c --command")),),
    "minikube": (("ssh", make_table("n p --node --profile")),),
    "multipass": (("shell", make_table()),),
    "limactl": (("shell", make_table("--workdir")),),
    "colima": (("ssh", make_table()),),
    "lxc": (("shell", make_table()),),
    "incus": (("shell", make_table()),),
    "pct": (("enter", make_table("--keep-env")), ("console", make_table())),
    "qm": (("terminal", make_table("--escape --iface")),),
    "virsh": (("console", make_table()),),
    "iocage": (("console", make_table()),),
    "machinectl": (("shell", make_table()), ("login", make_table())),
    "toolbox": (("enter", make_table("c r")),),
    "distrobox": (("enter", make_table("n --name", "e")),),
    "docker-machine": (("ssh", make_table()),),
    "tailscale": (("ssh", make_table()),),
    "hcloud": (("server ssh", make_table("u p --user --port")),),
    "doctl": (("compute ssh", make_table("--ssh-user --ssh-key-path --ssh-port", "--ssh-command")),),
    "gcloud": (("compute ssh", make_table("--zone --project --region", "--command --dry-run")),),
    "az": (
        ("ssh vm", make_table("n g --name --resource-group --ip")),
        ("webapp ssh", make_table()),
        ("containerapp exec", make_table("n g --name --resource-group", "--command")),
    ),
    "aws": (("ssm start-session", make_table("--target --region --profile", "--document-name")),),
    "fly": (("ssh console", make_table("a C --app", "C --command")), ("postgres connect", make_table())),
    "flyctl": (("ssh console", make_table("a C --app", "C --command")), ("postgres connect", make_table())),
    "heroku": (("pg:psql", make_table("a --app", "c --command")), ("psql", make_table("a --app"))),
    "cockroach": (("sql", make_table("--url --host --certs-dir", "e --execute f --file")),),
    "poetry": (("shell", make_table()),),
    "pipenv": (("shell", make_table()),),
    "nix": (("develop", make_table("", "c --command")), ("shell", make_table("", "c --command"))),
    "guix": (("shell", make_table()),),
    "rails": (("console", make_table("e")), ("c", make_table("e")), ("dbconsole", make_table())),
    "tmux": (
        ("", make_table("L S f", "c V")),
        ("new", make_table("s n t c x y F e", "d")),
        ("new-session", make_table("s n t c x y F e", "d")),
        ("attach", make_table("t c")),
        ("attach-session", make_table("t c")),
        ("a", make_table("t c")),
    ),
    "screen": (("", make_table("S t e p h T c s", "d X ls list wipe Q v")),),
    "script": (("", make_table("c T B I O o m", "c V --version --command")),),
    "nix-shell": (("", make_table("p A I", "--run --command version")),),
}

PROMPT_SUBCOMMANDS = frozenset(("pg:psql", "psql", "sql", "postgres connect", "console", "c", "dbconsole"))

# Programs whose first operand after the subcommand may be there, but no command after it.
MOST_OPERANDS: Mapping[str, int] = {"screen": 0, "tmux": 0, "script": 1, "nix": 9, "nix-shell": 9, "guix": 9}
