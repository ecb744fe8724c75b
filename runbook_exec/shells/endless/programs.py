"""Lists the programs that run until they are ended, with the options and subcommands that decide it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class EndlessUse(NamedTuple):
    """A use of a program that does not end by itself.

    `operands` are the first words after the program that are no options; one of `needs` must be among the
    options, and none of `ends`. Letters of short options are without `-`.
    """

    operands: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()


def _use(operands: str = "", needs: str = "", ends: str = "") -> EndlessUse:
    return EndlessUse(tuple(operands.split()), frozenset(needs.split()), frozenset(ends.split()))


# A script of this name in package.json, or of a tool that runs tasks, is taken for a server or a watcher.
TASKS = ("dev", "start", "serve", "server", "watch", "develop", "preview", "storybook")

TASK_PATTERN = (
    r"(?:(?:docs?|site|web|www|app|client|server|api|ui|frontend|backend|css|js|build|test):)?"
    rf"(?:{'|'.join(TASKS)})(?::[\w-]+)*"
)

TASK_RUNNERS: Mapping[str, tuple[str, ...]] = {
    "npm": ("run", "run-script"),
    "yarn": ("run", ""),
    "pnpm": ("run", ""),
    "bun": ("run",),
}  # the words before a script's name; "" if there may be none

MAKE_TARGETS = frozenset(("serve", "server", "watch", "runserver", "livehtml", "docs-serve", "serve-docs"))

_FOLLOWS = "f --follow"

_DETACHES = "d --detach"

_DAEMON = "D --daemon --daemonize --detach"

_KUBECTL = (
    _use("port-forward"),
    _use("proxy"),
    _use("get", "w --watch --watch-only"),
    _use("events", "w --watch"),
    _use("logs", _FOLLOWS),
    _use("cnpg logs", _FOLLOWS),
)

_COMPOSE = (
    _use("up", ends=f"{_DETACHES} --no-start --wait --abort-on-container-exit --exit-code-from"),
    _use("logs", _FOLLOWS),
    _use("watch"),
)

_DOCKER = (
    _use("logs", _FOLLOWS),
    _use("container logs", _FOLLOWS),
    _use("service logs", _FOLLOWS),
    _use("events", ends="--until"),
    _use("stats", ends="--no-stream"),
    _use("run", "p --publish P --publish-all", _DETACHES),
)

_FLY = (_use("logs", ends="n --no-tail"), _use("proxy"))

_SERVERS = (
    "nodemon live-server http-server json-server webpack-dev-server hypercorn daphne waitress-serve uvicorn "
    "tensorboard puma sidekiq shotgun prometheus alertmanager grafana-server mysqld mariadbd etcd ngrok "
    "stern kubetail dockerd containerd cloud_sql_proxy cloud-sql-proxy pgbouncer kubefwd multitail "
    "browser-sync dbus-monitor mitmproxy oauth2-proxy chromedriver geckodriver air watchexec entr"
)

USES: Mapping[str, tuple[EndlessUse, ...]] = {
    **dict.fromkeys(_SERVERS.split(), (_use(ends="version v V h --version d --daemon -D"),)),
    **dict.fromkeys(("kubectl", "oc", "k", "microk8s.kubectl"), _KUBECTL),
    **dict.fromkeys(("docker", "podman", "nerdctl"), _DOCKER),
    **dict.fromkeys(
        ("docker-compose", "podman-compose", "docker compose", "podman compose", "nerdctl compose"), _COMPOSE
    ),
    **dict.fromkeys(("fly", "flyctl"), _FLY),
    **dict.fromkeys(("crictl", "talosctl"), (_use("logs", _FOLLOWS), _use("get", "w --watch"))),
    **dict.fromkeys(("hugo",), (_use("server"), _use("serve"), _use("", "w --watch"))),
    **dict.fromkeys(("vite", "vitepress"), (_use("dev"), _use("serve"), _use("preview"))),
    **dict.fromkeys(("next", "nuxt", "astro", "docusaurus"), (_use("dev"), _use("start"), _use("preview"))),
    **dict.fromkeys(("ping", "ping6"), (_use(ends="c w o h V --count --deadline --help --version"),)),
    **dict.fromkeys(("gunicorn", "unicorn", "rackup"), (_use(ends=f"{_DAEMON} v --version"),)),
    **dict.fromkeys(("jupyter-lab", "jupyter-notebook"), (_use(ends="version"),)),
    **dict.fromkeys(("kafka-console-consumer", "kafka-console-consumer.sh"),
                    (_use(ends="--max-messages --timeout-ms"),)),
    **dict.fromkeys(("foreman", "honcho", "overmind"), (_use("start", ends=_DAEMON),)),
    **dict.fromkeys(("ssh", "autossh"), (_use("", "N", "f G O Q W"),)),
    **dict.fromkeys(("redis-server", "valkey-server"), (_use(ends="--daemonize v --version h --help"),)),
    **dict.fromkeys(("nc", "ncat", "netcat"), (_use("", "l --listen"),)),
    **dict.fromkeys(("mvn", "mvnw"), (_use("spring-boot:run"), _use("quarkus:dev"), _use("jetty:run"))),
    **dict.fromkeys(("gradle", "gradlew"), (_use("bootRun"), _use("quarkusDev"), _use("", "t --continuous"))),
    **dict.fromkeys(("serverless", "sls"), (_use("offline"), _use("logs", "t --tail"))),
    "minikube": (_use("tunnel", ends="c --cleanup"), _use("dashboard"), _use("mount")),
    "tail": (_use("", "f F --follow", "--pid --help --version"),),
    "journalctl": (_use("", _FOLLOWS),),
    "dmesg": (_use("", "w W --follow --follow-new"),),
    "watch": (_use(ends="g --chgexit v --version h --help"),),
    "heroku": (_use("logs", "t --tail"), _use("local")),
    "gcloud": (_use("logging tail"), _use("app logs tail"), _use("compute start-iap-tunnel")),
    "az": (_use("webapp log tail"), _use("containerapp logs show", "--follow"),
           _use("network bastion tunnel")),
    "aws": (_use("logs tail", "--follow"), _use("ssm start-session", "--document-name")),
    "cockroach": (_use("start", ends="--background"), _use("start-single-node", ends="--background")),
    "ng": (_use("serve"), _use("s"), _use("build", "watch --watch")),
    "gatsby": (_use("develop"), _use("serve")),
    "jekyll": (_use("serve", ends="B --detach"), _use("server", ends="B --detach"),
               _use("build", "w --watch")),
    "mkdocs": (_use("serve"),),
    "mdbook": (_use("serve"), _use("watch")),
    "zola": (_use("serve"),),
    "eleventy": (_use("", "--serve --watch"),),
    "storybook": (_use("dev"),),
    "webpack": (_use("serve"), _use("", "w --watch")),
    "parcel": (_use("serve"), _use("watch")),
    "tsc": (_use("", "w --watch"),),
    "rollup": (_use("", "w --watch"),),
    "esbuild": (_use("", "--serve --watch"),),
    "sass": (_use("", "--watch"),),
    "tailwindcss": (_use("", "w --watch"),),
    "wrangler": (_use("dev"), _use("tail")),
    "firebase": (_use("serve"), _use("emulators:start")),
    "netlify": (_use("dev"),),
    "expo": (_use("start"),),
    "flask": (_use("run"),),
    "fastapi": (_use("dev"), _use("run")),
    "streamlit": (_use("run"),),
    "jupyter": (_use("notebook", ends="version"), _use("lab", ends="version"), _use("server")),
    "celery": (_use("worker", ends=_DAEMON), _use("beat", ends=_DAEMON), _use("flower")),
    "airflow": (_use("webserver", ends=_DAEMON), _use("scheduler", ends=_DAEMON), _use("standalone")),
    "mlflow": (_use("server"), _use("ui")),
    "dagster": (_use("dev"),),
    "prefect": (_use("server start"),),
    "django-admin": (_use("runserver"),),
    "rails": (_use("server", ends="d --daemon"), _use("s", ends="d --daemon")),
    "middleman": (_use("server"),),
    "php": (_use("", "S"), _use("artisan serve"), _use("artisan queue:work", ends="--once --stop-when-empty"),
            _use("artisan queue:listen"), _use("artisan horizon"), _use("artisan schedule:work")),
    "symfony": (_use("serve", ends="d --daemon"), _use("server:start", ends="d --daemon")),
    "cargo": (_use("watch"),),
    "trunk": (_use("serve"), _use("watch")),
    "dotnet": (_use("watch"),),
    "mix": (_use("phx.server"),),
    "caddy": (_use("run"), _use("file-server"), _use("reverse-proxy"), _use("respond")),
    "sshd": (_use("", "D"),),
    "mongod": (_use(ends="--fork --version --shutdown"),),
    "consul": (_use("agent"), _use("monitor"), _use("watch")),
    "vault": (_use("server"), _use("monitor")),
    "nomad": (_use("agent"), _use("monitor"), _use("alloc logs", "f")),
    "cloudflared": (_use("tunnel run"), _use("tunnel", "--url"), _use("proxy-dns")),
    "temporal": (_use("server start-dev"),),
    "minio": (_use("server"),),
    "ollama": (_use("serve"),),
    "vllm": (_use("serve"),),
    "iperf3": (_use("", "s --server", "D --daemon 1 --one-off"),),
    "iperf": (_use("", "s --server", "D --daemon"),),
    "tcpdump": (_use(ends="c r W D L d h --version --list-interfaces"),),
    "tshark": (_use(ends="c r a D h v G --version"),),
    "strace": (_use("", "p"),),
    "free": (_use("", "s --seconds", "c --count"),),
    "inotifywait": (_use("", "m --monitor", "d --daemon t --timeout"),),
    "mosquitto_sub": (_use(ends="C W E --help"),),
    "redis-cli": (_use("monitor"), _use("subscribe"), _use("psubscribe"), _use("", "--stat --latency")),
    "etcdctl": (_use("watch"),),
    "nats": (_use("sub", ends="--count"),),
    "udevadm": (_use("monitor"),),
    "ip": (_use("monitor"),),
    "conntrack": (_use("", "E --event"),),
    "argo": (_use("logs", _FOLLOWS), _use("watch")),
    "argocd": (_use("app logs", _FOLLOWS),),
    "flux": (_use("logs", _FOLLOWS), _use("get", "w --watch")),
    "hubble": (_use("observe", _FOLLOWS),),
    "cilium": (_use("hubble port-forward"), _use("hubble ui")),
    "istioctl": (_use("dashboard"), _use("d")),
    "linkerd": (_use("viz dashboard"), _use("viz tap"), _use("viz top"), _use("dashboard")),
    "skaffold": (_use("dev"), _use("debug")),
    "devspace": (_use("dev"),),
    "okteto": (_use("up"),),
    "pm2": (_use("logs", ends="--nostream"), _use("monit")),
    "supervisorctl": (_use("tail", "f"),),
    "tsh": (_use("proxy"), _use("tunnel")),
    "boundary": (_use("connect"),),
    "sleep": (_use("infinity"), _use("inf")),
    "yes": (_use(),),
}  # fmt: skip

# With `-m`: the module, and the words of which one makes it endless; none if it always is.
PYTHON_MODULES: Mapping[str, frozenset[str]] = {
    "http.server": frozenset(),
    "SimpleHTTPServer": frozenset(),
    "uvicorn": frozenset(),
    "gunicorn": frozenset(),
    "aiosmtpd": frozenset(),
    "smtpd": frozenset(),
    "flask": frozenset(("run",)),
    "mkdocs": frozenset(("serve",)),
    "streamlit": frozenset(("run",)),
    "jupyter": frozenset(("notebook", "lab")),
    "celery": frozenset(("worker", "beat")),
}

MANAGE_COMMANDS = frozenset(("runserver", "runserver_plus", "qcluster", "process_tasks"))

# They run the command after their options and so many operands; `timeout` ends it.
RUNNERS: Mapping[str, int] = {
    "sudo": 0, "doas": 0, "env": 0, "nice": 0, "ionice": 0, "stdbuf": 0, "time": 0, "command": 0, "exec": 0,
    "builtin": 0, "nohup": 0, "npx": 0, "bunx": 0, "pnpx": 0, "dotenv": 0, "xvfb-run": 0, "unbuffer": 0,
    "bundle": 1, "poetry": 1, "pipenv": 1, "uv": 1, "hatch": 1, "rye": 1, "pdm": 1, "direnv": 2,
    "aws-vault": 2, "doppler": 1, "op": 1,
}  # fmt: skip

RUN_WORDS = frozenset(("exec", "run", "x"))  # the first operand of those with operands

# Programs that count, and repeat for ever if only the seconds are given.
SAMPLERS = frozenset(("vmstat", "iostat", "mpstat", "pidstat"))
