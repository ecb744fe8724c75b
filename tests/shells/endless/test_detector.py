"""Which commands run until they are ended, in every shell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis.strategies import lists, sampled_from

from runbook_exec.shells.endless.detector import find_endless_command, may_be_endless
from runbook_exec.shells.endless.programs import RUNNERS, TASKS, USES
from runbook_exec.shells.registry import SHELLS

ENDLESS = {
    "kubectl port-forward svc/db 5432:5432 -n prod": "kubectl port-forward",
    "kubectl -n prod port-forward svc/db 5432": "kubectl port-forward",
    "kubectl proxy --port=8001": "kubectl proxy",
    "kubectl get pods -w": "kubectl get -w",
    "kubectl get pods --watch -o wide": "kubectl get --watch",
    "kubectl get -n prod -wo wide pods": "kubectl get -w",
    "kubectl logs -f deploy/web": "kubectl logs -f",
    "kubectl logs deploy/web --follow --tail 5": "kubectl logs --follow",
    "oc logs -fn prod web-1": "oc logs -f",
    "kubectl exec web-1 -- tail -f /var/log/web.log": "tail -f",
    "docker exec web tail -f /var/log/web.log": "tail -f",
    "ssh web1 tail -F /var/log/syslog": "tail -F",
    "ssh -N -L 5432:db:5432 bastion": "ssh -N",
    "tail -f app.log": "tail -f",
    "tail -n 100 -f app.log": "tail -f",
    "sudo tail -100f app.log": "tail -f",
    "tail -f app.log | grep ERROR": "tail -f",
    "journalctl -u web -f": "journalctl -f",
    "journalctl -fu web": "journalctl -f",
    "watch -n 2 df -h": "watch",
    "docker compose up": "docker compose up",
    "docker compose -f dev.yml up --build": "docker compose up",
    "docker-compose -f dev.yml logs -f web": "docker-compose logs -f",
    "docker logs -f web": "docker logs -f",
    "docker run -p 8080:80 nginx": "docker run -p",
    "npm run dev": "npm run dev",
    "npm start": "npm start",
    "cd web && npm run docs:serve": "npm run docs:serve",
    "yarn dev --port 3000": "yarn dev",
    "pnpm --filter web dev": "pnpm dev",
    "npx vite preview": "vite preview",
    "./node_modules/.bin/next dev": "next dev",
    "python -m http.server 8000": "python -m http.server",
    "python3 manage.py runserver": "manage.py runserver",
    "poetry run flask run": "flask run",
    "bundle exec rails server": "rails server",
    "FLASK_APP=x flask --app y run": "flask run",
    "uvicorn app:app --reload": "uvicorn",
    "mkdocs serve": "mkdocs serve",
    "ping 10.0.0.1": "ping",
    "vmstat 1": "vmstat",
    "php -S localhost:8000": "php -S",
    "caddy run": "caddy run",
    "minikube tunnel": "minikube tunnel",
    "tcpdump -i eth0 port 80": "tcpdump",
}
ENDS = (
    "kubectl port-forward svc/db 5432 &",
    "kubectl port-forward svc/db 5432 >/dev/null 2>&1 &",
    "cd web && npm run dev &",
    "kubectl get pods",
    "kubectl get pods --watch=false",
    "kubectl logs web-1",
    "kubectl logs --since 5m web-1 -c follow",
    "kubectl apply -f logs.yaml",
    "kubectl get -f web.yaml",
    "tail -n 5 app.log",
    "tail app.log",
    "tail -f app.log | grep -q ready",
    "tail -f app.log | head -n 3",
    "kubectl get pods -w | grep -m1 Running",
    "timeout 30 tail -f app.log",
    "docker compose up -d",
    "docker compose up --build --detach",
    "docker-compose -f dev.yml logs web",
    "docker compose -f watch.yml ps",
    "docker run -d -p 80:80 nginx",
    "docker run --rm alpine ls -p",
    "docker run --rm -it -p 80:80 ubuntu bash",
    "npm run build",
    "npm run migrate:dev",
    "npm ci",
    "yarn add serve",
    "python -m venv .venv",
    "python manage.py migrate",
    "mkdocs build",
    "vite build",
    "journalctl -u web",
    "ssh -fN -L 5432:db:5432 bastion",
    "ssh web1 uptime",
    "ping -c 3 10.0.0.1",
    "vmstat 1 5",
    "watch --help",
    "echo kubectl port-forward",
    "systemctl start web",
    "redis-cli ping",
    "gunicorn -D app:app",
    "php artisan migrate",
    "tcpdump -c 10",
    "/var/lib/etcd data",
)


def find(shell: str, text: str) -> str:
    """Return the name of the command in a statement that runs until it is ended, or ""."""
    found = find_endless_command(text, SHELLS[shell].find_commands(text))
    assert found is None or may_be_endless(text)
    return found.name if found else ""


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh", "sh", "ash"])
def test_commands_that_run_until_they_are_ended(shell: str) -> None:
    """Each is found under its name, and none of the others is."""
    assert {text: find(shell, text) for text in ENDLESS} == ENDLESS
    assert [text for text in ENDS if find(shell, text)] == []


def test_loops_without_an_end() -> None:
    """A loop whose condition is always true ends only if its body leaves it."""
    assert find("bash", "while true; do wget -q -O- http://web; done") == "a loop without an end"
    assert find("bash", "while :\ndo date; sleep 1\ndone") == "a loop without an end"
    assert find("fish", "while true\n  date\nend") == "a loop without an end"
    assert find("bash", "while true; do curl -fs web && break; sleep 1; done") == ""
    assert find("bash", "while true; do date; sleep 1; done &") == ""
    assert find("bash", "while read -r line; do echo $line; done <hosts") == ""


OPTIONS = sorted({option for uses in USES.values() for use in uses for option in use.needs | use.ends})
OPERANDS = sorted({word for uses in USES.values() for use in uses for word in use.operands})
OTHERS = ("npm", "python3", "-m", "http.server", "exec", "run", "--", *TASKS, *RUNNERS)
WORDS = sampled_from(sorted(USES)) | sampled_from(OTHERS) | sampled_from(OPERANDS)
WORDS |= sampled_from([option if option.startswith("-") else f"-{option}" for option in OPTIONS])


@pytest.mark.parametrize("shell", ["bash", "fish"])
@given(
    words=lists(WORDS, min_size=1, max_size=5),
    form=sampled_from(["{}", '"{}"', "'{}'", "/usr/bin/{}", "x{}", "{}=1", '{}""', "\\{}"]),
)
def test_a_quick_look_misses_no_endless_command(shell: str, words: list[str], form: str) -> None:
    """What is found by parsing is also expected from the words of the statement, in quotes or not."""
    find(shell, " ".join(words))
    find(shell, " ".join([*words[:1], *map(form.format, words[1:])]))
    find(shell, " ".join(["ssh", *(f'{word[:2]}"{word[2:]}"' for word in words)]))
