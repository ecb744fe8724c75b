"""Lists the programs that open shells and prompts, with the options that decide whether they do."""

from __future__ import annotations

from collections.abc import Mapping

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
