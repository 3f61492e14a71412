"""docs/your_repository.md shows a repository with a loss of its own and commands: the repository is played here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from tests.checkout import ROOT, copy_to, environment

for _framework in ("autograd", "torch"):
    pytest.importorskip(_framework)
EXAMPLE = ROOT / "tests" / "example_repository"
WORKFLOW = (EXAMPLE / ".github" / "workflows" / "duel.yml").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "your_repository.md").read_text(encoding="utf-8")
QUICK = "--backend autograd --pairs 8 --fresh-pairs 6 --seconds 0.03 --fresh-seconds 0.1 --batch-size 100"
"""What is added to the commands of the page, to measure less."""

RESIDUAL = "    return X @ w - y\n"
SLOW = "    return (X @ w - y + X @ w - y + X @ w - y + X @ w - y) / 4.0\n"
GIT = ("git", "-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")


def shown(name: str) -> str:
    """Return the block of code between `<!-- name -->` and `<!-- /name -->` in the page."""
    block = PAGE.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]
    return re.sub(r"^```.*\n", "", block, flags=re.MULTILINE)


def step() -> str:
    """Return the command of the workflow that duels."""
    (command,) = re.findall(r"- run: (python -m bench duel .*)\n +working-directory: descent-bench\n", WORKFLOW)
    return str(command)


@dataclass(frozen=True)
class Yours:
    """A copy of the example with a history, beside a copy of the checkout."""

    path: Path

    def git(self, *arguments: str) -> None:
        subprocess.run([*GIT, *arguments], cwd=self.path, check=True, capture_output=True)

    def commit(self, name: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", name)

    def installed(self, folder: str = "") -> dict[str, str]:
        """Return the variables with which Python finds the package as if `pip install -e` had installed it."""
        return {"PYTHONPATH": str(self.path / folder)}

    def slow_down(self) -> None:
        """Make the loss compute its residual four times: more work, the same answer."""
        path = self.path / "model" / "loss.py"
        text = path.read_text(encoding="utf-8")
        assert text.count(RESIDUAL) == 1
        path.write_text(text.replace(RESIDUAL, SLOW), encoding="utf-8")

    def shell(self, script: str, folder: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the script in a folder beside it, with this interpreter as `python`, until a command fails."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        env = environment() | {"PATH": path} | variables
        command = ["bash", "-e", "-c", script]
        return subprocess.run(
            command, cwd=self.path.parent / folder, env=env, capture_output=True, text=True, check=False
        )

    def verdicts(self) -> dict[str, str]:
        """Return the verdict of each backend."""
        found = pd.read_csv(self.path.parent / "duel" / "verdicts.csv")
        assert set(found["problem"]) == {"bench_loss"}
        return dict(zip(found["backend"], found["verdict"], strict=True))


@pytest.fixture
def yours(tmp_path: Path) -> Yours:
    """The example with its first commit, on a branch `main` that `origin` has too."""
    copy_to(tmp_path / "descent-bench")
    shutil.copytree(EXAMPLE, tmp_path / "yours", ignore=shutil.ignore_patterns("__pycache__"))
    found = Yours(tmp_path / "yours")
    found.git("init", "--quiet", "--initial-branch=main")
    found.commit("base")
    found.git("update-ref", "refs/remotes/origin/main", "HEAD")
    return found


def test_the_page_shows_the_files_of_the_example() -> None:
    assert shown("file") == (EXAMPLE / "bench_loss.py").read_text(encoding="utf-8")
    assert shown("workflow") == WORKFLOW


def test_the_commands_of_the_page_name_a_slower_loss_even_if_the_package_is_installed(yours: Yours) -> None:
    yours.slow_down()  # it need not be committed
    done = yours.shell(f"{shown('duel').strip()} {QUICK}", "yours", **yours.installed())
    assert "4 cases right" in done.stdout, done.stderr
    assert done.returncode == 1, done.stderr
    assert yours.verdicts() == {"autograd": "regressed"}


@pytest.mark.night  # its command is that of the test above with another base, and test_files.py resolves a --base-rev
def test_the_step_of_the_workflow_passes_a_change_of_something_else(yours: Yours) -> None:
    (yours.path / "README.md").write_text("# Other words\n", encoding="utf-8")
    yours.commit("head")
    done = yours.shell(f"{step()} {QUICK} --threshold 50%", "descent-bench")
    assert done.returncode == 0, done.stderr
    assert set(yours.verdicts().values()) <= {"unchanged", "inconclusive"}  # a busy machine


def test_a_package_in_src_is_the_one_of_the_files_own_side_if_the_file_names_the_folder(yours: Yours) -> None:
    (yours.path / "src").mkdir()
    (yours.path / "model").rename(yours.path / "src" / "model")
    bench = yours.path / "bench_loss.py"
    bench.write_text(shown("src") + bench.read_text(encoding="utf-8"), encoding="utf-8")
    base = yours.path.parent / "base"
    shutil.copytree(yours.path, base)
    code = (
        "import problems, sys; problems.add(problems.from_text(sys.argv[1])); problems.find('mine'); "
        "print(sys.modules['model.loss'].__file__)"
    )
    script = f'python -c "{code}" mine={base / "bench_loss.py"}'
    done = yours.shell(script, "descent-bench", **yours.installed("src"))
    assert done.stdout.strip() == str(base / "src" / "model" / "loss.py"), done.stderr
