"""The losses in docs/problems.md and README.md are right in every backend, as they stand there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench import __main__ as command
from tests.checkout import ROOT, environment

EXAMPLES = {
    "mine": "numpy,autograd,torch-grad,jax-jit",
    "attention": "autograd,torch-grad,jax-loop",
}


def example(document: str, name: str) -> str:
    """Return the code between `<!-- name -->` and `<!-- /name -->`."""
    text = (ROOT / document).read_text(encoding="utf-8")
    code = text.partition(f"<!-- {name} -->\n```python\n")[2].partition(f"```\n<!-- /{name} -->")[0]
    assert code, f"{document} has no example {name}"
    return code


@pytest.mark.parametrize("name", ["mine", pytest.param("attention", marks=pytest.mark.night)])
def test_an_example_is_right_in_every_framework_that_has_its_loss(tmp_path: Path, name: str) -> None:
    """Its gradient: a descent makes a hundred steps of the same loss, and other tests check descents.

    `attention` is checked by night: its loss in JAX is compiled operation by operation.
    """
    (tmp_path / f"{name}.py").write_text(example("docs/problems.md", name), encoding="utf-8")
    command = [sys.executable, "-m", "bench", "check", str(tmp_path / f"{name}.py"), "--backend", EXAMPLES[name]]
    command += ["--dtype", "float32", "--operator", "gradient"]
    env = environment() | {"OMP_NUM_THREADS": "1"}  # the tests share the machine
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("right") >= 3


def test_the_readme_has_the_same_example() -> None:
    assert example("README.md", "mine") == example("docs/problems.md", "mine")


def test_an_example_is_short() -> None:
    assert all(len(example("docs/problems.md", name).splitlines()) <= 45 for name in EXAMPLES)


def test_the_commands_of_the_document_name_files_as_the_options_take_them(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")
    commands = text.partition("<!-- commands -->")[2].partition("<!-- /commands -->")[0]
    typed = [line.split("#")[0].split() for line in commands.splitlines() if line.startswith("$ python -m bench ")]
    assert {words[4] for words in typed} == {"check", "run", "duel"}
    for words in typed:
        with pytest.raises(SystemExit) as end:
            command.main([words[4], "--help"])
        assert end.value.code == 0
        shown = capsys.readouterr().out
        assert all(word in shown for word in words if word.startswith("--")), words
