"""Values in statements, and secrets in the output, with the whole program."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from runbook_exec.engine.events import Output, StatementStarted
from tests.support.program import COMMAND, Program, fish_page
from tests.support.screen import ENTER, open_screen
from tests.support.shells import SHELLS

HOSTILE = "x'; touch pwned; '"
SECRET = "correct horse,battery-staple"
CONTEXTS = {
    "bare": "printf '[%s]' <user>",
    "part of a word": "printf '[%s]' a<user>b",
    "single": "printf '[%s]' 'a <user> b'",
    "double": 'printf "[%s]" "a <user> b"',
    "comment": "printf '[%s]' nothing # for <user>",
    "substitution": "printf '[%s]' \"$(echo <user>)\"",
    "test": "test <user> = nobody || printf '[%s]' <user>",
}
_HEREDOCS = {"heredoc": "cat <<END\n<user>\nEND", "verbatim heredoc": "cat <<'END'\n<user>\nEND"}


def _page(shell: str, script: str) -> str:
    return f"# Page\n\n## Steps\n\n```{shell}\n{script}\n```\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_value_is_never_code(shell: str, program: Program) -> None:
    """A value full of quotes arrives unchanged in every context, and no part of it is executed."""
    contexts = CONTEXTS | ({} if shell == "fish" else _HEREDOCS)
    for text in (
        HOSTILE,
        "$(touch pwned)`touch pwned`",
        'a "quoted" $HOME \\ * ~ {b}',
        "two\nlines; touch pwned",
    ):
        ran = program.run_page(_page(shell, "\n".join(contexts.values())), "--yes", "--set", f"user={text}")
        assert ran.status == 0, ran.output
        for context in ("[{}]", "[a{}b]", "[a {} b]"):
            assert context.format(text) in ran.stdout, ran.stdout
        assert [path.name for path in program.work.iterdir()] == ["page.md"]


def test_a_statement_without_its_value_never_reaches_the_shell(program: Program) -> None:
    """The shell would read `domain` and write `-a`; neither happens, and the run waits."""
    ran = program.run_page(fish_page("echo before", "fly certs add <domain> -a app"), "--yes")
    assert ran.status == 3
    assert "step 1 needs a value for `<domain>`; `--set domain=VALUE` gives it" in ran.stdout
    assert [path.name for path in program.work.iterdir()] == ["page.md"]
    assert [event.event for event in program.read_events()].count("statement_started") == 1


_KINDS = {
    "set": ("", ("--set", f"api-token={SECRET}"), {}),
    "env": ("source: env:DEPLOY", (), {"DEPLOY": SECRET}),
    "file": ("source: file:secret.txt", (), {}),
    "cmd": ("source: cmd:cat secret.txt", (), {}),
    "op": ("source: op://vault/item/field", (), {}),
    "default": (f"default: {SECRET}", (), {}),
}


@pytest.mark.parametrize("kind", _KINDS)
def test_a_secret_is_masked_everywhere(kind: str, program: Program) -> None:
    """No output and no file has the value, a part of it, or another spelling of it."""
    details, options, variables = _KINDS[kind]
    stand_in = program.write(
        "bin-op", f"#!/bin/sh\ntest \"$*\" = 'read op://vault/item/field' && echo '{SECRET}'\n"
    )
    (program.work / "bin").mkdir()
    stand_in.chmod(0o755)
    stand_in.rename(program.work / "bin" / "op")
    program.write("secret.txt", f"{SECRET}\n")
    script = "\n".join(
        (
            "printf '%s\\n' <api-token>",
            "printf %s <api-token> | base64",
            "string escape --style=url <api-token>",
            "string split ' ' <api-token>",
            'echo "{\\"token\\": \\"<api-token>\\"}" >&2',
            "for c in (string split '' <api-token>); printf %s $c; sleep 0.001; end",
            "cat /no/such/<api-token>",
        )
    )
    matter = f"---\nrunbook:\n  inputs:\n    api-token:\n      help: h\n      {details}\n---\n\n"
    page = matter + fish_page(script)
    path = f"{program.work / 'bin'}:{program.environment()['PATH']}"
    for number, more in enumerate(((), ("--json",), ("--dry-run",))):
        ran = program.run_page(page, "--yes", *options, *more, env={"PATH": path, **variables})
        assert ran.status == (0 if "--dry-run" in more else 1), ran.output
        _clean(ran.output.encode())
        if number == 0:
            assert ran.stdout.count("••••••••") >= 12
    _clean(b"".join(path.read_bytes() for path in (program.folder / "home").rglob("*") if path.is_file()))


def _clean(told: bytes) -> None:
    encoded = base64.b64encode(SECRET.encode())
    parts = [b"correct horse", b"battery-staple", b"battery", encoded[:20], quote(SECRET).encode()]
    assert [part for part in parts if part in told] == [], told.decode()


def test_an_invalid_value_is_refused_before_anything_runs(program: Program) -> None:
    """Values of options, variables and files must match pattern or choices; secrets stay hidden."""
    inputs = "\n".join(
        (
            "---\nrunbook:\n  inputs:",
            "    port: {pattern: '[0-9]+'}",
            "    stage: {choices: [test, live], source: 'env:STAGE'}",
            "    api-token: {pattern: 'T-.+', source: 'file:token.txt'}",
            "    size: {pattern: '[0-9]+', default: large}\n---\n\n",
        )
    )
    program.write("token.txt", f"{SECRET}\n")
    page = inputs + fish_page("touch made", "echo <port> <stage> <api-token> <size>")
    ran = program.run_page(page, "--yes", "--set", "port=http", env={"STAGE": "holiday"})
    assert (ran.status, ran.stdout) == (2, "")
    for told in (
        "<port>: expected a value that matches `[0-9]+` as a whole, got `http`",
        "<stage>: expected one of `test`, `live`, got `holiday`",
        "<api-token>: expected a value that matches `T-.+` as a whole [",
        "<size>: expected a value that matches `[0-9]+` as a whole, got `large`",
    ):
        assert told in ran.stderr
    assert not (program.work / "made").exists()
    assert SECRET not in ran.stderr


def test_an_empty_value_is_a_word(program: Program) -> None:
    """A value may be empty, and is a word of its own nevertheless."""
    ran = program.run_page(fish_page("printf '[%s]' a <user> b"), "--yes", "--set", "user=")
    assert (ran.status, "[a][][b]" in ran.stdout) == (0, True)


def test_bytes_that_are_not_utf_8_are_passed_on(program: Program) -> None:
    """The output of a program is printed byte for byte, and the journal keeps it too."""
    ran = program.run_page(fish_page(r"printf '\xff\xfe caf\xc3\xa9\n'"), "--yes")
    assert "\udcff\udcfe café\n" in ran.stdout
    assert any(getattr(event, "text", "").startswith("\udcff\udcfe caf") for event in program.read_events())


def test_declarations_of_an_edited_document_apply_from_then_on(program: Program) -> None:
    """The page now declares its value as a secret, with another variable as its source."""
    page = "---\nrunbook:\n  inputs:\n    who: {source: 'env:BEFORE'}\n---\n"
    program.write("page.md", f"{page}# Page\n\n## Steps\n\n```bash\necho <who>\n```\n")
    change = "s/'env:BEFORE'/'env:AFTER', secret: true/"
    editor = program.write("editor", f'#!/bin/sh\nsed -i "{change}" page.md\n')
    editor.chmod(0o755)
    env = {"EDITOR": str(editor), "BEFORE": "known-to-all", "AFTER": SECRET}
    with open_screen([*COMMAND, "page.md"], program.work, program.environment(env)) as seen:
        seen.wait("known-to-all", "1 of 1 ›")
        seen.type("e")
        seen.wait("••••••••", "1 of 1 ›")
        seen.type(ENTER)
        assert seen.wait_status() == 0
        shown = seen.raw
    _clean(shown + program.journal_path().read_bytes())
    told = [event.text for event in program.read_events() if isinstance(event, StatementStarted | Output)]
    assert told == ["echo ••••••••", "••••••••\r\n"]
