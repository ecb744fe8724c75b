"""Lists the programs that a rehearsal lets through.

They read, compute, and write local files.
"""

from __future__ import annotations

# GNU coreutils and the other programs of every POSIX system; none of them uses a network by itself
HARMLESS = (
    "[", "ash", "awk", "b2sum", "base32", "base64", "basename", "bash", "bunzip2", "bzip2", "cat", "chmod",
    "cksum", "clear", "cmp", "column", "comm", "cp", "csplit", "cut", "dash", "date", "dd", "df", "diff",
    "dirname", "du", "echo", "env", "expand", "expr", "factor", "false", "fgrep", "file", "find", "fish",
    "fmt", "fold", "gawk", "grep", "egrep", "groups", "gunzip", "gzip", "head", "hexdump", "hostname",
    "iconv", "id", "install", "join", "jq", "less", "link", "ln", "locale", "logname", "ls", "mawk",
    "md5sum", "mkdir", "mkfifo", "mktemp", "mv", "nl", "nohup", "nproc", "numfmt", "od", "paste", "pathchk",
    "pr", "printenv", "printf", "ps", "ptx", "pwd", "readlink", "realpath", "rev", "rm", "rmdir", "sed",
    "seq", "sh", "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "shred", "shuf", "sleep",
    "sort", "split", "stat", "stdbuf", "stty", "sum", "sync", "tac", "tail", "tar", "tee", "test", "time",
    "timeout", "touch", "tput", "tr", "true", "truncate", "tsort", "tty", "uname", "unexpand", "uniq",
    "unlink", "unxz", "vdir", "wc", "which", "whoami", "xargs", "xxd", "xz", "yes", "zcat", "zsh",
)  # fmt: skip
