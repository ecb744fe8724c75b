"""Writes what is typed into an inner shell: a question for its kind, a setup, and statements.

Everything is typed at the shell's own prompt, so statements keep the meaning that they have there: variables,
functions, `cd`, jobs and ^C are those of the shell. Each statement is one line, or some short ones: it is
written in printable characters, because a terminal takes no line of more than 4,096 bytes (macOS: 1,024), and
handles control characters itself. The line prints a mark when the statement begins. The end is marked by the
same line, or after ^C and errors by the shell's prompt. What comes between an end and the next beginning is
the echo of the line and the prompt, and is dropped.

What the operator has typed for a statement that did not read it must not run at the prompt. Therefore the
shell does not go back to its prompt after a statement: it reads lines and drops them until one has a secret
word, the key, which comes before the next statement. Without `/dev/tty`, as in a `chroot`, it reads none.

The lines begin with a blank, and the shell keeps no history, because values in them may be secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...light_classes import NamedTuple
from ...shells.posix.statuses import write_pipeline

_LINE = 700  # characters of a statement in one line

_CLEAR = "\x15"  # ^U: removes what was typed for a program that had ended

_PLAIN = frozenset(range(32, 127)) - frozenset(b"'\\")


class TypedShell(NamedTuple):
    """How one kind of shell is typed to.

    `setup` are lines that are typed once, each when the shell has finished the one before. In the others,
    `{code}` is a quoted text, and `{word}` the secret word of the statement. `{key}` ends the wait for the
    next statement.
    """

    name: str  # of the shell, as the registry has it
    setup: tuple[str, ...]
    begin: str  # keeps the first part of the code, and the status if no prompt has kept it
    add: str  # the next part of the code
    run: str  # decodes the code and runs it, between two marks
    after: str  # is added to the code, and keeps its statuses
    read_line: str  # the code that lets the operator type a line, which `line` holds
    line: str = "\"${__rb_l//[$'\\a\\e']/}\""  # without what would end the mark
    wake: str = "#{key}"  # the line before a statement, which does nothing at a prompt

    def waits_after(self, kind: str) -> bool:
        """Return whether the shell waits for the key after a mark of this kind; the prompt of `sh` cannot."""
        return self.name != "sh" or kind == "E"


_POSIX_BEGIN = " __rb_c={code}"

_POSIX_ADD = ' __rb_c="$__rb_c"{code}'

_AFTER = "\n__rb_a"

# The marks go to the terminal, even if the page has redirected the output of the shell. Another root may have
# no devices, where a redirection would make files. The kind of the last mark is E if the line has come to its
# end, I at a prompt after ^C or an error; `__rb_n` is set until then, and `__rb_k` during the wait.
# ^C has the terminal discard what was printed last, perhaps that mark. Therefore it is printed again at ^C.
# A failed status runs the page's trap on ERR, or ends the shell after `set -e`, but not before `&&`.
_POSIX_SETUP = (
    ' __rb_m() { [ -c /dev/tty ] && { {builtin} printf "$@" >/dev/tty; } 2>/dev/null '
    '|| {builtin} printf "$@"; }',
    ' __rb_b() { __rb_n=$1; {prompt}; __rb_m \'\\033]8133;B;%s\\007\' "$1"; return "$__rb_s"; }',
    ' __rb_a() { __rb_q="$? {statuses}"; }',
    " __rb_e() { __rb_s=$?; __rb_q=${__rb_q-$__rb_s $__rb_s}; __rb_s=${__rb_q%% *}; __rb_f E; "
    'return "$__rb_s"; }',
    ' __rb_f() { __rb_r="$1;$__rb_n;$__rb_s;${__rb_q#* };$PWD"; __rb_k=0 __rb_o=$__rb_n; __rb_n=; '
    "unset __rb_q; __rb_v; }",
    " __rb_v() { __rb_m '\\033]8133;%s\\007' \"$__rb_r\"; __rb_w; }",
    # a read fails at ^D and at some traps, and each time if the terminal is gone
    ' __rb_w() { [ -c /dev/tty ] || { unset __rb_k; return 0; }; __rb_k=0; while [ "$__rb_k" -lt 999 ]; do '
    "if IFS= {read} __rb_x; then case $__rb_x in *'#{key}') break;; esac; "
    "else {stop}__rb_k=$((__rb_k + 1)); fi; done </dev/tty || :; unset __rb_x __rb_k; }",
    ' __rb_p() { case ${__rb_n:+n}${__rb_k:+k} in n*) __rb_s=$?; __rb_q="$__rb_s $__rb_s"; __rb_f I;; '
    "k) __rb_v;; esac; }",
)


def _make_setup(first: str, last: str, **parts: str) -> tuple[str, ...]:
    lines = [first, *_POSIX_SETUP, f" __rb_s=0; __rb_n=; __rb_o=; {last}"]
    for name, part in parts.items():
        lines = [line.replace(f"{{{name}}}", part) for line in lines]
    return tuple(filter(None, lines))


_POSIX_RUN = (
    ' __rb_c=$(command printf %b "$__rb_c."); __rb_b {word} && :; command eval "${{__rb_c%.}}"; __rb_e && :'
)

_BASH_RUN = ' builtin printf -v __rb_c %b "$__rb_c"; __rb_b {word} && :; builtin eval "$__rb_c"; __rb_e && :'

BASH = TypedShell(
    "bash",
    _make_setup(
        " unset HISTFILE PS0; set +o history +o emacs +o vi +H; trap - DEBUG",
        "unset PROMPT_COMMAND PS1; PS1= PS2= PROMPT_COMMAND=__rb_p",
        builtin="builtin",
        statuses="${PIPESTATUS[@]}",
        # after `set -a` all of them would be exported
        prompt="unset PS1; PS1= PS2= PROMPT_COMMAND=__rb_p; "
        "builtin export -n PS1 PS2 PROMPT_COMMAND __rb_c __rb_n __rb_o __rb_r __rb_s",
        # up to a line end, bash would read whole blocks of a terminal that is left without line editing
        read="builtin read -r -d ';'",
        stop="[ $? -ne 142 ] || break; ",  # the time of $TMOUT is over
    ),
    _POSIX_BEGIN,
    _POSIX_ADD,
    _BASH_RUN,
    _AFTER,
    "IFS= builtin read -e -r -d $'\\r' -p '{prompt}' __rb_l",  # of what is pasted, all lines
    wake="#{key};",
)

ZSH = TypedShell(
    "zsh",
    _make_setup(
        " unset HISTFILE; unsetopt zle prompt_sp prompt_cr; precmd_functions=() preexec_functions=(); "
        "unfunction precmd preexec 2>&-",
        "PS1= PS2= RPS1= precmd_functions=(__rb_p)",
        builtin="builtin",
        statuses="${(j: :)pipestatus}",
        prompt="PS1= PS2= RPS1= precmd_functions=(__rb_p); "
        "builtin typeset -g +x PS1 PS2 RPS1 __rb_c __rb_n __rb_o __rb_r __rb_s",
        read="builtin read -r",
        stop="",
    ),
    _POSIX_BEGIN,
    _POSIX_ADD,
    _BASH_RUN,
    _AFTER,
    "__rb_l=; setopt zle; builtin vared -e -p '{prompt}' __rb_l; unsetopt zle; [ -n \"$__rb_l\" ]",
    wake=": #{key}",  # it may take no comments
)

# The prompt of such a shell can run nothing, but it shows variables. It has the mark after ^C.
_SH_PROMPT = "$(command printf '\\033]8133;I;\\044{__rb_n:-\\044__rb_o};\\044?;\\044?;\\044PWD\\007')"

SH = TypedShell(
    "sh",
    _make_setup(
        "",
        f'unset PS1; __rb_1="{_SH_PROMPT}"; PS1=$__rb_1 PS2=',
        builtin="command",
        statuses="$?",
        prompt="PS1=$__rb_1 PS2=",
        read="command read -r",
        stop="",
    ),
    " __rb_s=$?;" + _POSIX_BEGIN,
    _POSIX_ADD,
    _POSIX_RUN,
    _AFTER,
    "command printf %s '{prompt}'; IFS= read -r __rb_l",
    '"$(command printf %s "$__rb_l" | tr -d \'\\007\\033\')"',
)

# From version 4 on, fish itself tells the terminal that a line has ended; our mark comes before that.
_FISH_SETUP = (
    " set -g fish_autosuggestion_enabled 0; set -g fish_private_mode 1; function fish_title; end; "
    "function fish_greeting; end; function fish_right_prompt; end; function fish_mode_prompt; end",
    # fish may exit after its mark, but not at its prompt; the page may bring a prompt of its own
    " function __rb_f; functions -e fish_prompt; function fish_prompt; if set -q __rb_w; set -e __rb_w; "
    'test -c /dev/tty; and command /bin/sh -c \'trap "printf %s \\"\\$1\\"" INT; trap "" QUIT TSTP; n=0; '
    'while [ $n -lt 999 ]; do if IFS= read -r line; then case $line in *"#{key}") exit;; esac; '
    "else n=$((n + 1)); fi; done' rb (__rb_t | string collect) </dev/tty >/dev/tty; end; end; end; __rb_f",
    " function __rb_t; builtin printf '\\033]8133;%s\\007' $__rb_r; end",
    " function __rb_m; test -c /dev/tty; and builtin printf $argv >/dev/tty 2>/dev/null; "
    "or builtin printf $argv; end",
    " function __rb_b; set -g __rb_n $argv[1]; __rb_m '\\033]8133;B;%s\\007' $argv[1]; return $__rb_s; end",
    " function __rb_a; set -g __rb_q $status $pipestatus; return $__rb_q[1]; end",
    " function __rb_e --on-event fish_postexec; set -g __rb_s $status; "
    'if test -n "$__rb_n"; set -q __rb_q; or set -g __rb_q $__rb_s $__rb_s; '
    'set -g __rb_r "E;$__rb_n;$__rb_q[1];$__rb_q[2..-1];$PWD"; __rb_m %s (__rb_t | string collect); '
    "set -g __rb_w; set -g __rb_n; set -e __rb_q; __rb_f; end; return $__rb_s; end",
    " set -g __rb_s 0; set -g __rb_n",
)

FISH = TypedShell(
    "fish",
    _FISH_SETUP,
    " set -g __rb_s $status; set -g __rb_c {code}",
    ' set -g __rb_c "$__rb_c"{code}',
    " set -g __rb_c (builtin printf %b $__rb_c | string collect -N); __rb_b {word}; eval $__rb_c; __rb_e",
    _AFTER,
    "builtin read --shell --global --prompt-str '{prompt}' __rb_l",
    '"$__rb_l"',  # without control characters
)

DIALECTS: Mapping[str, TypedShell] = {each.name: each for each in (BASH, ZSH, FISH, SH)}


def write_probe(word: str) -> bytes:
    """Return the line that asks which shell reads it; every shell that is known here prints a mark.

    The word is in two parts, so the echo of the line is no answer.
    """
    half = len(word) // 2
    parts = f'"{word[:half]}""{word[half:]}" "$BASH_VERSION" "$ZSH_VERSION" "$FISH_VERSION"'
    return f" printf '\\033]8133;Q;%s;%s;%s;%s\\007' {parts}\n".encode()


def read_answer(rest: bytes) -> TypedShell:
    """Return the dialect of the shell that has answered the question; `rest` is that of its mark."""
    for dialect, version in zip((BASH, ZSH, FISH), rest.split(b";"), strict=False):
        if version:
            return dialect
    return SH


def write_setup(line: str, word: str, key: str) -> bytes:
    """Return a line of the setup, which prints a mark when it has been run."""
    half = len(word) // 2
    line = line.replace("{key}", key)
    return f'{line}; printf \'\\033]8133;A;%s\\007\' "{word[:half]}""{word[half:]}"\n'.encode()


def write_reading(dialect: TypedShell, word: str) -> bytes:
    """Return the code that lets the operator type a line, and brings it in a mark with this word."""
    read = dialect.read_line.format(prompt=f"{dialect.name}> ")
    return f"{read}\n__rb_m '\\033]8133;L;{word};%s\\007' {dialect.line}".encode()


def write_statuses(dialect: TypedShell, status: int, pipestatus: Sequence[int]) -> bytes:
    """Return the line that gives the next statement the statuses of a pipeline; b"" if it has them."""
    if dialect.name not in ("bash", "zsh") or len(pipestatus) < 2:
        return b""
    return write_pipeline(status, pipestatus, b"(exit %d)") + b"\n"


def write_statement(dialect: TypedShell, code: bytes, word: str, key: str = "") -> bytes:
    """Return the lines that run a statement with its secret word.

    `key` is what the shell waits for, "" if it is at its prompt.
    """
    first, *more = _encode(code + dialect.after.encode())
    run = dialect.run.format(word=word)
    lines = [dialect.wake.format(key=key)] if key else []
    if more:
        lines += [dialect.begin.format(code=first), *(dialect.add.format(code=part) for part in more), run]
    else:
        lines.append(f"{dialect.begin.format(code=first)};{run}")
    return (_CLEAR + "\n".join(lines) + "\n").encode()


def _encode(code: bytes) -> Iterator[str]:
    """Yield parts of the code, each in single quotes, as `printf %b` decodes them."""
    part: list[str] = []
    size = 0
    for number in code:
        each = chr(number) if number in _PLAIN else f"\\0{number:03o}"
        if size + len(each) > _LINE:
            yield "'" + "".join(part) + "'"
            part, size = [], 0
        part.append(each)
        size += len(each)
    yield "'" + "".join(part) + "'"
