"""Values in places where a shell or program reads them again, tried with real shells."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.evaluation import PLACES, VALUES, Attempt, fill_place, is_executed, prepare_folder
from tests.support.program import Program
from tests.support.shells import SHELLS

_STEP = (
    37  # the sample has every value with about so many places; `python -m tests.support.evaluation` has all
)


@pytest.mark.parametrize("shell", SHELLS)
def test_no_value_is_executed(shell: str, tmp_path: Path) -> None:
    """Of a sample of all values in all places, each is refused or arrives without being executed."""
    prepare_folder(tmp_path)
    attempts = [Attempt(shell, place, value) for place in PLACES[shell] for value in VALUES]
    ran = 0
    for attempt in attempts[:: _STEP * 10]:
        code = fill_place(attempt)
        if code is not None:
            ran += 1
            assert not is_executed(attempt, code, tmp_path), (attempt, code)
    assert ran > len(attempts) // (_STEP * 40)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ('ssh web-1 "systemctl restart <x>"', "nginx"),
        ("ssh <x> uptime", "deploy@web-1.example.com"),
        ("sudo sh -c 'echo <x> >> /etc/hosts'", "10.0.0.1"),
        ("kubectl exec -it <x> -- sh -c 'ls /srv'", "web-7d9f"),
        ("docker exec <x> psql -U app -c 'VACUUM'", "db-1"),
        ("psql -c \"ALTER ROLE app PASSWORD '<x>'\"", "a b!;$(c)#-"),
        ("sed -i 's/TITLE/<x>/' page.html", "A title; with $ and `signs`"),
        ("sed -i 's|ROOT|<x>|' conf", "/srv/www"),
        ("awk '$1 == \"<x>\" { print }' f", "Jo Doe, Ltd."),
        ("mongosh --eval 'db.users.find({name: \"<x>\"})'", "Jo Doe"),
        ("useradd -s /bin/bash -c '<x>' jo", "Jo Doe (ops) $HOME"),
        ("[ <x> -gt 3 ]", "12"),
        ("read <x> <f", "answer"),
        ("exit <x>", "0"),
        ("curl -fsSL https://example.com/<x>/install.sh | sh", "v1.2.3"),
        ("echo <x> | sudo -S true", "it's; a $(password)"),
        ("echo <x> | docker login --password-stdin", "it's; a $(password)"),
        ("echo <x> | ssh web 'cat >> notes'", "it's; a $(note)"),
        ("cat <<EOF | kubectl apply -f -\nname: <x>\nEOF", "it's; a $(name)"),
        ("git commit -m 'eval: <x>'", "it's; $(code)"),
        ("trap - <x>", "EXIT"),
    ],
)
def test_ordinary_values_are_written_as_they_are(place: str, value: str) -> None:
    """An ordinary value in an ordinary place is quoted once, as if nothing read it again."""
    code = fill_place(Attempt("bash", place, value))
    assert code is not None
    plain = place.replace("<x>", value)
    assert code.replace("'", "").replace("\\", "") == plain.replace("'", "").replace("\\", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_value_arrives_through_two_shells(shell: str, program: Program) -> None:
    """A value is quoted for the inner shell too, in each kind of quotes."""
    value = 'it\'s "a" $HOME `b`; c\\d *'
    scripts = (
        "sh -c 'printf \"[%s]\" <x>'",
        "sh -c \"printf '[%s]' <x>\"",
        'sh -c \'printf "[%s]" "<x>"\'',
        "sh -c \"printf '[%s]' 'a <x>'\"",
        "bash -c 'sh -c \"printf [%s] <x>\"'",
        "zsh -fc 'printf \"[%s]\" <x>'",
        "fish --no-config -c 'printf \"[%s]\" <x>'",
        "eval 'printf \"[%s]\" <x>'",
    )
    page = f"# Page\n\n```{shell}\n" + "\n".join(scripts) + "\n```\n"
    ran = program.run_page(page, "--yes", "--no-config", "--set", f"x={value}")
    assert ran.status == 0, ran.output
    assert ran.stdout.count(f"[{value}]") == len(scripts) - 1, ran.stdout
    assert ran.stdout.count(f"[a {value}]") == 1


def test_a_refused_value_has_its_place_and_a_way_out(program: Program) -> None:
    """Before anything runs, the message has line, column and carets, and says what to do instead."""
    page = "# Page\n\n```bash\ntouch made\necho 'restart <unit>' | sh\n```\n"
    ran = program.run_page(page, "--yes", "--set", "unit=nginx; touch pwned")
    assert (ran.status, ran.stdout) == (2, "")
    assert (
        "page.md:5:15: error: `sh` reads this value again, as code of a shell, and could execute it"
        in ran.stderr
    )
    assert "^^^^^^" in ran.stderr
    assert "write the command into the page" in ran.stderr
    assert [path.name for path in program.work.iterdir()] == ["page.md"]


def test_a_refused_value_of_the_environment_waits(program: Program) -> None:
    """A value that becomes known only in the run is refused with the same words, and never written."""
    page = (
        "---\nrunbook:\n  inputs:\n    unit: {source: 'cmd:printf %s ;id'}\n---\n\n"
        "# Page\n\n```bash\necho 'restart <unit>' | sh\n```\n"
    )
    ran = program.run_page(page, "--yes", "--trust")
    assert ran.status == 3, ran.output
    assert "`sh` reads this value again" in ran.output
