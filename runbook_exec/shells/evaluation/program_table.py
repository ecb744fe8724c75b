"""Lists the programs that read arguments or their standard input as code."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from ..inner.programs import SHELL_NAMES
from .places import Reader


class CodeProgram(NamedTuple):
    """A program, and which of its arguments are code.

    Letters of short options stand without `-`. `operand` is the number of the operand that is code, from 1,
    if no option gave any code or a file with code. The code is all of the operands from there if `is_joined`.
    """

    reader: Reader
    options: frozenset[str]  # whose value is code
    others: frozenset[str] = frozenset()  # with another value
    files: frozenset[str] = frozenset()  # whose value is a file with code
    operand: int = 0
    is_joined: bool = False
    is_mixed: bool = True  # whether options may follow operands
    reads_input: bool = False  # whether it reads code on its standard input without code and operands …
    reads_always: bool = False  # … or also with operands
    grammar: str = ""  # the shell that has the grammar of the code


# which of our shells has the grammar of each; that of csh and others is none of them
_GRAMMARS = {
    "bash": "bash", "rbash": "bash", "ksh": "bash", "mksh": "bash", "zsh": "zsh", "ash": "ash", "sh": "sh",
    "dash": "sh",
}  # fmt: skip

# Names; options with code; options with other values; options with a file of code; flags: `operand N`,
# `joined`, `ordered` (no option follows an operand), `input` and `always` (its standard input is code).
_CODE = (
    ("python pypy ipython", "c", "W X m", "", "input ordered"),
    ("perl", "e E", "I M m", "", "input ordered"),
    ("ruby", "e", "I r", "", "input ordered"),
    ("node nodejs bun deno", "e p --eval --print", "r --require", "", "input ordered"),
    ("php", "r B R E --run", "d", "f F", "input ordered"),
    ("lua luajit julia R Rscript groovy osascript elixir", "e --eval", "", "", "input ordered"),
    ("scala jshell irb ghc", "e", "", "", "input ordered"),
    ("tclsh expect", "c", "", "", "input ordered"),
    ("awk gawk mawk nawk", "e --source", "F v --assign --field-separator", "f --file", "operand 1 ordered"),
    ("mongo mongosh", "--eval", "u p --host --port --username --password", "f --file", "always"),
    ("vi vim nvim ex view", "c --cmd", "u S s", "", "always"),
    ("ed sftp ftp lftp gdb", "ex e --eval-command", "", "", "always"),
    ("emacs", "--eval --execute", "", "", ""),
)  # fmt: skip

_SQL = (
    ("psql", "c --command", "d h p U F P R T v L o --dbname --host --port --username --set --variable",
     "f --file", "always"),
    ("mysql mariadb", "e --execute", "h u P S D --host --user --port --socket --database", "", "always"),
    ("sqlite3 duckdb", "c", "cmd init separator newline nullvalue", "", "operand 2 joined always"),
    ("sqlcmd", "Q q", "S U P d o", "i", "always"),
    ("sqlplus cqlsh clickhouse-client cockroach mysqlsh usql pgcli", "e q --execute --query --command",
     "u p k h --host --user --port --url", "f --file", "always"),
)  # fmt: skip

_SED = (("sed gsed", "e --expression", "l --line-length", "f --file", "operand 1"),)

# the grammar of these is that of a login shell; of those in `_SH`, of sh
_LOGIN_SHELL = (
    ("su runuser", "c --command --session-command", "s g G w u --shell --group", "", "always"),
    ("flock", "c --command", "w E", "", ""),
    ("script", "c --command", "T B I O o m", "", ""),
    ("pssh parallel-ssh pdsh dsh", "", "h H l p t o w x", "", "operand 1 joined ordered"),
    ("ansible", "a --args", "m i u --module-name --inventory", "", ""),
    ("hyperfine", "p c --prepare --cleanup", "w r", "", "operand 1 joined"),
    ("entr", "s", "", "", ""),
    ("nix-shell", "--run --command", "p A I", "", ""),
    ("fly flyctl", "C --command", "a --app", "", ""),
    ("vagrant cf bosh eb", "c --command", "", "", ""),
    ("gcloud", "--command", "", "", ""),
    ("az", "--scripts --exec-command", "", "", ""),
    ("crontab", "", "u", "", "always"),
)

_SH = (
    ("watch", "", "n --interval", "", "operand 1 joined ordered"),
    ("parallel", "", "j I a --jobs --colsep --tmpdir", "", "operand 1 joined ordered always"),
    ("at batch", "", "q t", "f", "always"),
)


def _read_rows(
    reader: Reader, rows: tuple[tuple[str, str, str, str, str], ...], grammar: str = ""
) -> Mapping[str, CodeProgram]:
    table = {}
    for names, code, others, files, flags in rows:
        words = flags.split()
        program = CodeProgram(
            reader,
            frozenset(code.split()),
            frozenset(others.split()),
            frozenset(files.split()),
            int(words[words.index("operand") + 1]) if "operand" in words else 0,
            is_joined="joined" in words,
            is_mixed="ordered" not in words,
            reads_input="input" in words or "always" in words,
            reads_always="always" in words,
        )._replace(grammar=grammar)
        table.update(dict.fromkeys(names.split(), program))
    return table


_SHELL = CodeProgram(
    Reader.SHELL,
    frozenset(("c", "--command")),
    frozenset(("o", "O", "--rcfile", "--init-file")),
    is_mixed=False,
    reads_input=True,
)

PROGRAMS: Mapping[str, CodeProgram] = {
    **{name: _SHELL._replace(grammar=_GRAMMARS.get(name, "")) for name in SHELL_NAMES},
    **dict.fromkeys(("$SHELL", "${SHELL}"), _SHELL),
    "fish": _SHELL._replace(grammar="fish", options=frozenset(("c", "C", "--command", "--init-command"))),
    **_read_rows(Reader.CODE, _CODE),
    **_read_rows(Reader.SQL, _SQL),
    **_read_rows(Reader.SED, _SED),
    **_read_rows(Reader.SHELL, _LOGIN_SHELL),
    **_read_rows(Reader.SHELL, _SH, "sh"),
}

# By program, the subcommands whose operands are code, with the shell and the options that take a value.
SUBCOMMANDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "git": {"submodule foreach": ("sh", "")},
    "tmux": dict.fromkeys(
        ("new", "new-session", "new-window", "neww", "split-window", "splitw", "respawn-pane", "run-shell",
         "run", "if-shell", "send-keys", "send", "pipe-pane", "popup"),
        ("", "s n t c x y F e l p"),
    ),
    "adb": {"shell": ("", "")},
    "heroku": {"run": ("", "a s")},
}  # fmt: skip

# settings of git that are commands
GIT_COMMANDS = LazyPattern(
    r"(?:alias\..*|core\.(?:editor|pager|sshcommand|fsmonitor|askpass|gitproxy)|pager\..*|sequence\.editor"
    r"|credential\.(?:.*\.)?helper|diff\.(?:external|.*\.(?:command|textconv))|(?:diff|merge)tool\..*\.cmd"
    r"|merge\..*\.driver|filter\..*\.(?:clean|smudge|process)|interactive\.difffilter)",
    re.IGNORECASE,
)

# Commands that run the words after their own options and operands, which are not listed one by one.
RUNNERS = frozenset(
    [
        "xargs",
        "find",
        "docker",
        "podman",
        "nerdctl",
        "kubectl",
        "oc",
        "k",
        "docker-compose",
        "lxc",
        "incus",
        "microk8s.kubectl",
        "crictl",
        "ctr",
        "fd",
        "flatpak",
        "toolbox",
        "distrobox",
        "minikube",
        "limactl",
        "multipass",
        "machinectl",
        "ip",
        "chpst",
        "setpriv",
        "capsh",
        "proot",
        "fakeroot",
        "faketime",
        "strace",
        "ltrace",
        "perf",
        "taskset",
        "ionice",
        "chrt",
        "numactl",
        "cgexec",
        "systemd-run",
        "firejail",
        "bwrap",
        "dotenv",
        "op",
        "doppler",
        "vault",
        "sops",
        "direnv",
        "poetry",
        "pipenv",
        "uv",
        "npx",
        "nvm",
        "rvm",
        "asdf",
        "mise",
        "wsl",
        "orb",
        "vagrant",
        "aws",
        "heroku",
        "fly",
        "flyctl",
        "parallel",
        "watch",
        "script",
        "setsid",
        "coproc",
        "noglob",
        "nocorrect",
        "repeat",
        "start-stop-daemon",
        "dumb-init",
        "tini",
        "gosu",
        "su-exec",
    ]
)
