"""Tests of the detector of commands that open another shell or prompt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis.strategies import lists, sampled_from

from runbook_exec.shells.inner.detector import find_inner_shell, may_open_shell
from runbook_exec.shells.inner.place_names import name_place
from runbook_exec.shells.inner.programs import LOGINS, PROMPTS, SHELL_NAMES, SUBCOMMANDS, WRAPPERS
from runbook_exec.shells.registry import SHELLS

OPENERS = (
    "ssh host",
    "ssh deploy@web1",
    "ssh -i key.pem -p 22 ec2-user@1.2.3.4",
    "ssh host -p 22",
    "ssh -A -J jump user@host",
    "sh",
    "bash",
    "bash -l",
    "bash --login",
    "/bin/bash",
    "exec bash",
    "exec $SHELL -l",
    'exec "$SHELL"',
    "exec su -l $USER",
    "exec newgrp docker",
    "sudo -i",
    "sudo -s",
    "sudo su",
    "sudo su -",
    "sudo su - postgres",
    "su",
    "su -",
    "su - postgres",
    "su postgres",
    "sudo bash",
    "sudo -u postgres psql",
    "sudo -iu postgres",
    "sudo -i -u postgres",
    "oc debug node/x",
    "oc debug node/x --image=foo",
    "oc rsh pod",
    "kubectl exec -it pod -- sh",
    "kubectl exec -ti pod -c app -n ns -- /bin/bash",
    "kubectl exec --stdin --tty pod -- /bin/bash",
    "kubectl -n ns exec -it deploy/x -- bash",
    "kubectl exec -it pod bash",
    "kubectl exec -it pg-0 -- psql -U postgres",
    "kubectl run -it --rm debug --image=busybox --restart=Never -- sh",
    "kubectl debug -it node/x --image=busybox",
    "docker exec -it c bash",
    "docker exec -ti c /bin/sh",
    "docker container exec -it c sh",
    "docker run -it ubuntu",
    "docker run -it --rm ubuntu:22.04 bash",
    "docker run --rm -it -v $PWD:/x alpine sh",
    "docker compose exec web bash",
    "docker-compose exec db psql -U x",
    "docker compose -f x.yml exec web sh",
    "chroot /mnt",
    "chroot /mnt /bin/bash",
    "arch-chroot /mnt",
    "psql",
    "psql service=app",
    "psql -h host -U user db",
    "mysql -u root -p",
    "mysql -uroot -psecret db",
    "sqlite3 app.db",
    "redis-cli",
    "redis-cli -h host -p 6379",
    'mongosh "mongodb://x"',
    "python3",
    "node",
    "vagrant ssh",
    "vagrant ssh master",
    "gcloud compute ssh my-vm --zone us-east1",
    "fly ssh console -a app",
    "nix-shell",
    "nix-shell -p hello",
    "nix develop",
    "tmux",
    "tmux new -s foo",
    "screen -S foo",
    "minikube ssh",
    "newgrp docker",
    "cd x && ssh host",
    "$SHELL",
    "ssh admin@host",
    "FOO=bar bash",
    "env FOO=bar bash -i",
    "rails c",
    "bin/rails console",
    "pct enter 102",
    "pct exec 102 -- bash",
    "pct console 102",
    "qm terminal 100",
    "virsh console vm",
    "lxc-attach -n web",
    "lxc-attach -n web -- bash",
    "jexec web",
    "run0",
    "run0 -u app",
    "tailscale ssh root@nas",
    "hcloud server ssh web1",
    "doctl compute ssh web1",
    "bundle exec rails console",
    "python manage.py shell",
    "heroku run bash",
    'aws ecs execute-command --cluster c --task t --interactive --command "/bin/sh"',
    "lxc exec c -- bash",
    "ssh -t host sudo -i",
    "ssh -t host 'sudo su -'",
    "nsenter -t 1 -m -u -n -i",
    "nsenter --target 1 --mount sh",
    "unshare -r",
    "script session.log",
    "time bash",
    "runuser -l postgres",
    "cqlsh",
    "kubectl exec -it cassandra-0 -- cqlsh",
)

OTHERS = (
    "pct list",
    "pct exec 102 -- apt update",
    "lxc-attach -n web -- apt update",
    "jexec web pkg update",
    "run0 apt update",
    "tailscale ssh nas uptime",
    "tailscale up",
    "hcloud server list",
    "ssh host ls",
    "ssh host 'cd x && ls'",
    "ssh -T git@github.com",
    "ssh git@github.com",
    "ssh host -p 22 uptime",
    "ssh -N -L 8080:localhost:80 host",
    "ssh -f -N host",
    "ssh-keygen -t rsa",
    "ssh-copy-id host",
    "ssh host <<EOF\nls\nEOF",
    "ssh host < script.sh",
    "sh script.sh",
    "sh -c 'ls'",
    "bash -lc 'ls'",
    "bash <(curl x)",
    "curl x | bash",
    "curl x | bash -s -- --yes",
    "curl x | sudo bash",
    "bash --version",
    "sudo -u postgres psql -c 'select 1'",
    "sudo -u postgres createuser x",
    'sudo su - postgres -c "ls"',
    "su - postgres -c ls",
    "sudo -l",
    "sudo apt install bash",
    "psql -f x.sql",
    "psql -Atc 'select 1'",
    "psql db < dump.sql",
    "echo 'select' | psql",
    "mysql -e 'x'",
    "mysql db < x.sql",
    "sqlite3 app.db 'select 1'",
    "sqlite3 app.db .dump",
    "redis-cli ping",
    "redis-cli -h x GET y",
    "mongosh --eval 'x'",
    "mongosh x script.js",
    "python3 script.py",
    "python3 -m venv v",
    "python -c 'x'",
    "python --version",
    "python3 -V",
    "node app.js",
    "kubectl exec pod -- ls",
    "kubectl exec -it pod -- ls /",
    "kubectl exec -it pod -- bash -c 'ls'",
    "kubectl exec -i pod -- psql < x",
    "kubectl run x --image=nginx",
    "kubectl debug --help",
    "oc debug node/x -- chroot /host ls",
    "docker exec c ls",
    "docker exec -it c ls",
    "docker run -d -it ubuntu",
    "docker run -it --rm myapp",
    "docker run --rm alpine sh -c 'x'",
    "docker compose exec -T web bash",
    "docker compose exec web ls",
    "docker compose up -d",
    "chroot /mnt apt install x",
    "chroot /mnt /bin/bash -c 'x'",
    "exec >log",
    "exec 3<file",
    "vagrant up",
    "vagrant ssh -c 'ls'",
    "gcloud compute ssh vm --command ls",
    "tmux ls",
    "tmux new -d -s foo",
    "tmux new-session -d -s foo 'x'",
    "screen -ls",
    "screen -dmS x y",
    "nix-shell --run x",
    "nix develop -c x",
    "rails db:migrate",
    "ls (sh)",
    "echo ssh host",
    "f() { ssh host; }",
    "apt install zsh",
    "which bash",
    "chsh -s /bin/zsh",
    "man bash",
    "env",
    "env FOO=1 make",
    "timeout 5 ls",
    "aws s3 ls",
    "aws ssm start-session --target x --document-name AWS-StartPortForwardingSession",
    "bash script.sh arg",
    'eval "$(ssh-agent -s)"',
    "ssh-agent bash -c 'x'",
    "minikube ssh -- ls",
    "heroku run rake db:migrate",
    "fly ssh console -C 'ls'",
    "az ssh vm --help",
    "nix shell nixpkgs#hello -c hello",
    "busybox ls",
)

# fish has other words for these
POSIX_ONLY = ("<<", "()", "<(", "(sh)", "$SHELL", "$(")


def opens(shell: str, text: str) -> bool:
    """Return whether a statement opens a shell or prompt."""
    return may_open_shell(text) and find_inner_shell(SHELLS[shell].find_commands(text)) is not None


@pytest.mark.parametrize("text", OPENERS)
def test_a_command_that_opens_a_shell_or_prompt_is_found(text: str) -> None:
    """A shell, a login, a container's shell or a client's prompt is found in every shell's grammar."""
    shells = [name for name in SHELLS if name != "fish" or not any(word in text for word in POSIX_ONLY)]
    assert {name: opens(name, text) for name in shells} == dict.fromkeys(shells, True)


@pytest.mark.parametrize("text", OTHERS)
def test_a_command_that_returns_by_itself_is_not_found(text: str) -> None:
    """A command given to the shell, a script, a file or a pipe opens no prompt."""
    shells = [name for name in SHELLS if name != "fish" or not any(word in text for word in POSIX_ONLY)]
    assert {name: opens(name, text) for name in shells} == dict.fromkeys(shells, False)


OTHER_WORDS = (
    "docker",
    "kubectl",
    "$SHELL",
    "-it",
    "-i",
    "-s",
    "--login",
    "--",
    "exec",
    "run",
    "debug",
    "host",
)
WORDS = sampled_from([*SHELL_NAMES, *PROMPTS, *LOGINS, *WRAPPERS, *SUBCOMMANDS]) | sampled_from(OTHER_WORDS)
WORDS |= sampled_from([word for uses in SUBCOMMANDS.values() for use, _ in uses for word in use.split()])


@pytest.mark.parametrize("shell", ["bash", "fish"])
@given(
    words=lists(WORDS, min_size=1, max_size=5),
    form=sampled_from(["{}", '"{}"', "'{}'", "/usr/bin/{}", "x{}", "{}=1", '{}""', "\\{}"]),
)
def test_a_quick_look_misses_no_opened_shell(shell: str, words: list[str], form: str) -> None:
    """What is found by parsing is also expected from the words of the statement, in quotes or not."""
    split = (f'{word[:2]}"{word[2:]}"' for word in words)
    for more in (words, map(form.format, words), split):
        text = " ".join(["sudo", words[0], *more])
        assert may_open_shell(text) or find_inner_shell(SHELLS[shell].find_commands(text)) is None


PLACES = (
    ("run0", "as root"),
    ("run0 --user=app", "as app"),
    ("sudo -uapp -i", "as app"),
    ("sudo -iu app", "as app"),
    ("lxc-attach --name web -- bash", "in web"),
    ("tailscale ssh root@nas", "on nas"),
    ("hcloud server ssh -p 2222 web1", "on web1"),
    ("pct enter 102", "in pct enter 102"),
    ("jexec web sh", "in jexec web"),
    ("docker run --rm -it -v data:/data alpine", "in a container of alpine"),
    ("docker run -it --network host -p 80:80 --entrypoint bash app", "in a container of app"),
)


@pytest.mark.parametrize(("command", "place"), PLACES)
def test_the_place_of_a_shell_has_a_name(command: str, place: str) -> None:
    """It is the host, the user or the container that the command names, and not a value of another option."""
    commands = SHELLS["bash"].find_commands(command)
    assert name_place(commands, commands[-1].start) == place
