"""The notebook of the documents runs from its first cell to its last, and is committed without what it printed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.checkout import ROOT

nbformat = pytest.importorskip("nbformat", reason="the extra [test] is not installed")
nbclient = pytest.importorskip("nbclient", reason="likewise")
NOTEBOOK = ROOT / "docs" / "your_loss.ipynb"


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel `python3` is this interpreter, which finds the project, and no settings of the user."""
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Python 3", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    variables = {"JUPYTER_PATH": tmp_path, "JUPYTER_DATA_DIR": tmp_path, "IPYTHONDIR": tmp_path, "PYTHONPATH": ROOT}
    for name, path in variables.items():
        monkeypatch.setenv(name, str(path))


def executed() -> Any:
    """Return what the cells print. The rounds are shorter."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("max_time=0.1", "max_time=0.01")
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]


def printed(outputs: Any) -> str:
    return "".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs)


@pytest.mark.usefixtures("kernel")
def test_the_notebook_races_two_losses_and_reports_on_them() -> None:
    *_, race, shown, page, sharper = executed()
    rows = [line.split() for line in printed(race).splitlines() if line.endswith(" ok")]
    cases = [(backend, batch_size) for backend in ("autograd", "torch-grad") for batch_size in ("10", "1000")]
    assert sorted((row[2], row[3]) for row in rows) == sorted(cases)
    (first,) = {row[1] for row in rows}
    assert f"{first} (dimension=8): descent of 20 steps" in printed(shown)
    assert "<iframe" in page[0].data["text/html"]
    assert "neuron@" in printed(sharper)
    assert first not in printed(sharper)
    kinds = {output.get("name", output.output_type) for outputs in (race, shown, page, sharper) for output in outputs}
    assert kinds == {"stdout", "display_data", "execute_result"}  # so there is no error, and no warning
    assert race[0].data == {"text/plain": ""}  # the line of the progress


def test_the_notebook_is_committed_without_outputs() -> None:
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)
