"""What is published: it installs with the runtime dependencies alone, and a small project runs with it."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.sandbox.sandbox import ROOT, environment

PROJECT = Path(__file__).with_name("small_project")

pytestmark = [pytest.mark.clone, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the source archive, made from what is committed."""
    clone = tmp_path_factory.mktemp("clone")
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    subprocess.run([sys.executable, "-m", "build", str(clone)], check=True, env=environment())
    return clone / "dist"


def the_only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def test_the_wheel_holds_the_app_and_nothing_else(dist: Path) -> None:
    names = zipfile.ZipFile(the_only(dist, "*.whl")).namelist()
    assert {name.split("/")[0] for name in names} == {"oscar_vipps", "django_oscar_vipps-0.1.0.dist-info"}
    committed = subprocess.run(
        ["git", "ls-files", "oscar_vipps"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(committed.stdout.split()) <= set(names)


def test_the_source_archive_names_no_account(dist: Path) -> None:
    with tarfile.open(the_only(dist, "*.tar.gz")) as archive:
        assert {(member.uname, member.gname) for member in archive} == {("root", "root")}


def test_a_small_project_runs_with_the_runtime_dependencies_alone(dist: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")

    def run(*command: str) -> None:
        subprocess.run(
            [python, *command], cwd=PROJECT, check=True, env=environment(DATABASE=str(tmp_path / "db"))
        )

    run("-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(the_only(dist, "*.whl")))
    run("-m", "pip", "check")
    run("manage.py", "check")
    run("manage.py", "migrate", "--verbosity=0")
    run("first_requests.py")
