"""Values in code of other languages: is their place surely inside a string?"""

from __future__ import annotations

import pytest

from tests.support.evaluation import Attempt, fill_place
from tests.support.program import Program

_SYSTEM = "__import__(chr(111)+chr(115)).system(chr(62)+chr(112)+chr(119)+chr(110)+chr(101)+chr(100))"


@pytest.mark.parametrize(
    ("script", "value"),
    [
        ("python3 - <<'EOF'\n# don't print more\nprint(<x>)\nEOF", _SYSTEM),
        ('python3 -c "# it\'s a test\nprint(<x>)"', _SYSTEM),
        ("python3 -c \"x='''a'b'''; print(<x>)\"", _SYSTEM),
        ("python3 -c 'print(f\"{<x>}\")'", _SYSTEM),
        ("perl -e '# it is \"quoted\nprint <x>'", "system(lc q(TOUCH PWNED))"),
        ('perl -e "print q(it\'s); print <x>"', "system(lc q(TOUCH PWNED))"),
        ('perl -e "print $\'; print <x>"', "system(lc q(TOUCH PWNED))"),
        ("echo a | perl -pe \"s/a/'<x>'/\"", "a/;system lc q(TOUCH PWNED);s/b/"),
        ("""awk '/"/ {q++} {n=<x>; print n}' page.md""", 'system("touch pwned")'),
        (
            'node -e "/it\'s/; <x>"',
            "process.getBuiltinModule(String(/fs/).slice(1,3)).mkdirSync(String(/pwned/))",
        ),
    ],
)
def test_no_value_is_executed_after_a_lone_quote(script: str, value: str, program: Program) -> None:
    """A quote in a comment or a regular expression begins no string: the value after it is refused."""
    ran = program.run_page(f"# Page\n\n```bash\n{script}\n```\n", "--yes", "--set", f"x={value}")
    assert ran.status == 2, ran.output
    assert "reads this value again" in ran.stderr
    assert not (program.work / "pwned").exists()


@pytest.mark.parametrize(
    "place",
    [
        "mysql -e \"update t set note='it\\\\'s', n=<x>\"",
        "mysql <<'EOF'\n# don't forget\nselect <x>;\nEOF",
        "psql <<'EOF'\n-- don't forget\nselect <x>;\nEOF",
        "psql -c \"select E'it\\\\'s', <x>\"",
        'psql -c "select /* it\'s */ <x>"',
        'psql -c "select $a$ it\'s $a$, <x>"',
        "ruby -e 'puts \"#{<x>}\"'",
        'ruby -e "# it\'s\nputs <x>"',
        'php -r "/* it\'s */ echo <x>;"',
        'php -r "// it\'s\necho <x>;"',
        "perl <<'X'\nprint <<E;\nit is \"\nE\nprint <x>\nX",
        "perl -e 'print split(/\"/, $a), <x>'",
        "node -e 'x.match(/[/\"]/); y(<x>)'",
        "node -e 'a = b.split(/\"/).length / 2; y(<x>)'",
        'lua -e "-- it\'s\nprint(<x>)"',
        'lua -e "x=[[ it\'s ]] y(<x>)"',
        "expect -c \"send '<x>'\"",
        'vim -c "%s/\'/<x>/" f',
    ],
)
def test_a_place_that_may_be_outside_of_strings_takes_a_word(place: str) -> None:
    """If one reading of the code has the value outside of strings, only a single word is written there."""
    assert fill_place(Attempt("bash", place, "1; drop table users")) is None
    assert fill_place(Attempt("bash", place, "system(x)")) is None
    assert fill_place(Attempt("bash", place, "12")) == place.replace("<x>", "12")


@pytest.mark.parametrize(
    "place",
    [
        "python3 -c 'print(\"<x>\")'",
        'python3 -c "print(\\"<x>\\")"',
        "python3 - <<'EOF'\n# see https://a.b/c\nfor s in x:\n  s = s.replace('a', '<x>')\nEOF",
        "python3 - <<'EOF'\nT = '''\nhello <x>\n'''\nEOF",
        "python3 - <<'EOF'\nd = {'a': \"it's\", 's': 1}\np = Path('/srv') / 'x' / '<x>'\nEOF",
        "awk '/foo/ { print \"<x>\" } /bar/ {next}' f",
        "awk '!/^#/ { print \"<x>\" }' f",
        "awk -F/ '/^[a-z]+/ { print $1\" <x>\" }' f",
        "awk '$1 ~ /foo|b/ && $2 > 3 { printf \"%s <x>\\n\", $1/2 }' f",
        "perl -ne 'print if /foo/; print \"<x>\"' f",
        "perl -e 'for (my $i=0;$i<3;$i++) { print \"<x>\" }'",
        'node -e \'fetch("https://a.b/c").then(r => console.log("<x>"))\'',
        'node -e \'const a = 1 / 2; f("a/b", "<x>")\'',
        "mongosh --eval 'db.users.updateOne({name: \"<x>\"}, {$set: {a: 1}})'",
        "mongosh --eval 'db.users.updateOne({a: 1}, {$set: {name: \"<x>\"}})'",
        "ruby -e \"puts 'a', '<x>'\"",
        "php -r 'echo \"a<x>\";'",
        "psql <<'EOF'\n-- don't\nSELECT data->>'a' FROM t WHERE n = '<x>' AND b = 'c';\nEOF",
        "psql -c \"SELECT data#>>'{a,b}' FROM t WHERE n = '<x>'\"",
        "psql -c \"SELECT ARRAY['a','<x>'], 4/2, 5-3\"",
        "mysql -e \"INSERT INTO t VALUES ('it''s', '<x>')\"",
        "mysql <<EOF\n# note\nCREATE USER 'a'@'%' IDENTIFIED BY '<x>';\nEOF",
    ],
)
def test_a_string_takes_text(place: str) -> None:
    """An ordinary text inside a string of ordinary code is written as it is."""
    assert fill_place(Attempt("bash", place, "Jo Doe; (x)")) == place.replace("<x>", "Jo Doe; (x)")


def test_a_variable_in_quoted_code_takes_text(program: Program) -> None:
    """A variable in quotes of the inner code may carry text; in `$( )` inside of them it may not."""
    page = '# Page\n\n```bash\nmessage=<message>\nbash -c "echo %s"\n```\n'
    for code in ("'say: $message'", "/srv/a/b -- 'say: $message' /c", '\\"say: $message\\"'):
        ran = program.run_page(page % code, "--yes", "--set", "message=Back at 10; sorry!")
        assert (ran.status, "say: Back at 10; sorry!" in ran.stdout) == (0, True), ran.output
    for code in ('\\"\\$(echo $message)\\"', "'' $message", "# it's\necho $message"):
        ran = program.run_page(page % code, "--yes", "--set", "message=a; touch pwned")
        assert ran.status == 2, ran.output
    ran = program.run_page(
        '# Page\n\n```bash\nm=<m>\necho "$m" | sh\n```\n', "--yes", "--set", "m=a; touch pwned"
    )
    assert ran.status == 2, ran.output
