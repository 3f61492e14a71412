"""An installation: what it needs and no package, or with `pip install -e` this checkout, importable from any folder."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from report import table
from tests.checkout import Checkout, environment

# Not by `importlib.util.find_spec`: once somebody has looked for pip, setuptools hands out Python's own distutils.
INSTALLED = {distribution.name for distribution in importlib.metadata.distributions()}
pytestmark = [
    pytest.mark.skipif(name not in INSTALLED, reason=f"{name} is not installed: nothing can be built")
    for name in ("pip", "setuptools")
]
OFFLINE = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")


def done(*command: str, cwd: Path) -> None:
    """Run the command until it ends, without an error."""
    ran = subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_an_editable_installation_is_imported_and_races_from_any_folder(checkout: Checkout, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    venv.create(elsewhere / "venv", symlinks=True)
    python = str(elsewhere / "venv" / "bin" / "python")
    paths = sysconfig.get_paths(vars={"base": str(elsewhere / "venv"), "platbase": str(elsewhere / "venv")})
    Path(paths["purelib"], "tests.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    done(python, "-m", "pip", "install", *OFFLINE, "--editable", str(checkout.path), cwd=elsewhere)
    imports = "import problems, backends, bench.duel.command, report; from problems import Problem"
    where = f"; assert problems.__file__ == {str(checkout.path / 'problems' / '__init__.py')!r}"
    done(python, "-c", imports + where, cwd=elsewhere)
    one = ("--backend", "numpy", "--batch-size", "1", "--device", "cpu", "--benchmark-max-time=0.01", "--no-page")
    race = ("pytest", str(checkout.path / "bench"), "--benchmark-only", *one, "--results", "r.csv")
    done(python, "-m", *race, cwd=elsewhere)
    assert table.read(elsewhere / "r.csv")["status"].tolist() == ["ok"]


def test_a_normal_installation_has_no_packages(checkout: Checkout, tmp_path: Path) -> None:
    done(sys.executable, "-m", "pip", "wheel", *OFFLINE, "--wheel-dir", "wheels", str(checkout.path), cwd=tmp_path)
    (wheel,) = (tmp_path / "wheels").iterdir()
    folders = {Path(name).parts[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert folders == {"descent_bench-0.1.0.dist-info"}
