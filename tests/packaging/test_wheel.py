"""The wheel as PyPI gets it, and as pipx and uv install it in a clean home."""

from __future__ import annotations

import email
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from email.message import Message
from pathlib import Path

import pytest
import yaml
from readme_renderer import markdown

from runbook_exec import __version__
from runbook_exec.cli.completion import FILES
from tests.support.paths import REPOSITORY
from tests.support.screen import open_screen

BIN = Path(sys.executable).parent
# how the package installers reach their index
_INDEX = re.compile(r"(?i)(?:PIP|UV|SSL|REQUESTS)_.*|.*_PROXY")
INSTALLERS: Mapping[str, Sequence[str]] = {
    "pipx": ("pipx", "install", "--python", sys.executable),
    "uv": ("uv", "tool", "install", "--python", sys.executable),
}


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    """The wheel."""
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def metadata(wheel: Path) -> Message:
    """The metadata of the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def clean(home: Path) -> dict[str, str]:
    """Return the environment of a new user."""
    more = {name: value for name, value in os.environ.items() if _INDEX.fullmatch(name)}
    path = f"{home / '.local' / 'bin'}:/usr/local/bin:/usr/bin:/bin"
    return more | {"HOME": str(home), "PATH": path, "TERM": "dumb", "LANG": "C.UTF-8"}


@pytest.fixture(scope="session", params=INSTALLERS)
def home(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder where the wheel was installed, with uv also its completions and man page."""
    home = tmp_path_factory.mktemp(request.param)
    program, *arguments = INSTALLERS[request.param]
    done = subprocess.run(
        [str(BIN / program), *arguments, str(wheel)], env=clean(home), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    if request.param == "uv":  # which links neither
        run(home, "runbook-exec", "completions", "--install")
    (home / "deploy.md").write_text("# Deploy\n\n## Steps\n\n### 1. Build\n\n```sh\ntrue\n```\n")
    return home


def run(home: Path, *command: str, **more: str) -> str:
    """Return what a command of this user prints."""
    done = subprocess.run(
        command, cwd=home, env=clean(home) | more, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_installed_program_runs(home: Path) -> None:
    """The command is on PATH and has the version of the wheel."""
    assert run(home, "runbook-exec", "--version") == f"runbook-exec {__version__}\n"
    assert "Build" in run(home, "runbook-exec", "show", "deploy.md")


def test_the_installed_completions_work_in_fish(home: Path) -> None:
    """fish finds them by itself."""
    (home / ".local/share/fish/generated_completions").mkdir(parents=True, exist_ok=True)
    assert run(home, "fish", "-c", "complete -C 'runbook-exec deploy.md --from '") == "1\tBuild\n"
    assert run(home, "fish", "-c", "complete -C 'runbook-exec sho'").startswith("show\t")


def test_the_installed_completions_work_in_bash_and_zsh(home: Path) -> None:
    """They load from where bash-completion and zsh look below the user's data folder."""
    share = home / ".local" / "share"
    (home / ".bashrc").write_text(f". {share / FILES['bash'].place}\nPS1='$ '\n")
    (home / ".zshrc").write_text(
        f"fpath=({(share / FILES['zsh'].place).parent} $fpath)\n"
        "autoload -Uz compinit && compinit -u -D\nPS1='$ '\nunsetopt prompt_sp\n"
    )
    for shell in ("bash", "zsh"):
        with open_screen([shell, "-i"], home, clean(home)) as screen:
            screen.wait_last("$")
            screen.type("runbook-exec deploy.md --from ")
            screen.wait_last("--from")
            screen.type("\t")
            screen.wait_last("--from 1")


def test_the_installed_man_page_is_found(home: Path) -> None:
    """`man runbook-exec` finds the page by PATH."""
    assert "run the Markdown how-to" in " ".join(run(home, "man", "runbook-exec", MANWIDTH="80").split())


def test_the_metadata_are_complete(built: Path, metadata: Message) -> None:
    """PyPI accepts them without a warning, and they name licences, versions, systems and addresses."""
    command = [str(BIN / "twine"), "check", "--strict", *map(str, sorted(built.iterdir()))]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"NO_COLOR": "1"})
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PASSED") == 2
    assert (metadata["Name"], metadata["Version"]) == ("runbook-live", __version__)
    assert metadata["License-Expression"] == "MIT AND Apache-2.0"
    assert len(metadata.get_all("License-File", [])) == 2
    assert {"Operating System :: POSIX", "Programming Language :: Python :: 3.11"} <= set(
        metadata.get_all("Classifier", [])
    )
    named = {each.partition(",")[0] for each in metadata.get_all("Project-URL", [])}
    assert named == {"Homepage", "Documentation", "Changelog", "Issues", "Source"}


def test_pypi_renders_the_readme(metadata: Message) -> None:
    """It renders without a problem; its links are absolute, and its pictures are PNGs of the repository."""
    html = markdown.render(str(metadata.get_payload()))
    assert html is not None
    (source,) = (
        each.partition(", ")[2] for each in metadata.get_all("Project-URL", []) if each.startswith("Source, ")
    )
    targets = re.findall(r'(?:href|src)="([^"]*)"', html)
    assert [each for each in targets if not each.startswith(("https://", "#"))] == []
    ours = [each.removeprefix(f"{source}/") for each in targets if each.startswith(source)]
    for each in ours:
        kind, _, path = each.partition(f"/v{__version__}/")
        assert kind in ("raw", "blob"), each
        assert (REPOSITORY / path.partition("#")[0]).exists(), each
    pictures = re.findall(r'<img[^>]*src="([^"]*)"', html)
    assert pictures
    assert all(each.startswith(source) and each.endswith(".png") for each in pictures)


def test_the_wheel_has_only_the_package(wheel: Path) -> None:
    """Besides the package and its metadata, it has the files for shells and `man`, and no tests."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    data = f"runbook_live-{__version__}.data/data/share/"
    shared = {name.removeprefix(data) for name in names if name.startswith(data)}
    assert shared == {each.place for each in FILES.values()}
    assert {name.partition("/")[0].partition(f"-{__version__}")[0] for name in names} == {
        "runbook_exec",
        "runbook_live",
    }


def test_the_version_is_the_same_everywhere() -> None:
    """The changelog, the extension for VS Code and the tags in the docs have the version of the package."""
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(__version__)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE)
    extension = json.loads((REPOSITORY / "editors" / "vscode" / "package.json").read_text(encoding="utf-8"))
    assert extension["version"] == __version__
    pages = [*(REPOSITORY / "docs").rglob("*.md"), REPOSITORY / "README.md"]
    tags = {
        (page.name, tag)
        for page in pages
        for tag in re.findall(r"(?:runbook-exec@|rev: )(v[\d.]+|main)\b", page.read_text(encoding="utf-8"))
    }
    assert tags
    assert {tag for _, tag in tags} == {f"v{__version__}"}


def test_the_changelog_has_the_form_of_keep_a_changelog() -> None:
    """Each version has known headings, and each heading only bullets."""
    lines = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    headings = [line.removeprefix("### ") for line in lines if line.startswith("### ")]
    assert set(headings) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    versions = [line for line in lines if line.startswith("## ")]
    assert versions[0] == "## [Unreleased]"
    first = next(number for number, line in enumerate(lines) if line.startswith("### "))
    for line in lines[first:]:
        assert line.startswith(("### ", "## ", "- ", "  ", "[", "Not released")) or not line, line


def test_the_release_workflow_checks_and_attests() -> None:
    """It runs for tags only, publishes after the attestation, and gives each job only the rights it needs."""
    path = REPOSITORY / ".github" / "workflows" / "release.yml"
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow[True] == {"push": {"tags": ["v*"]}}  # YAML 1.1 reads `on` as true
    jobs = workflow["jobs"]
    assert jobs["attest"]["needs"] == "build"
    assert jobs["publish"]["needs"] == "attest"
    assert workflow["permissions"] == {"contents": "read"}
    assert "permissions" not in jobs["build"]
    for script in (step["run"] for step in jobs["build"]["steps"] if "run" in step):
        assert subprocess.run(["sh", "-n"], input=script, text=True).returncode == 0
