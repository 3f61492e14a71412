"""`python -m report plot`: the picture of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from report import __main__ as report
from report import table
from report.run import cases
from report.write.charts import loss, picture
from tests import rows


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "run.csv"
    for backend in ("numpy", "jax-loop", "mine-own"):
        for size in (1, 100):
            table.append(path, rows.row(backend=backend, batch_size=size))
    return path


def test_the_ending_of_the_file_says_what_picture_is_made(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for ending, magic in ((".png", b"\x89PNG"), (".svg", b"<svg")):
        out = run.with_suffix(ending)
        assert report.main(["plot", str(run), "-o", str(out)]) == 0
        assert out.read_bytes().startswith(magic)
    assert report.main(["plot", str(run), "-o", str(run.with_suffix(".jpg"))]) == 2
    assert "ends in .png or .svg" in capsys.readouterr().err


def test_every_backend_has_its_own_colour(run: Path) -> None:
    chart = picture.chart(cases.from_rows(table.read(run))).to_dict()
    scale = chart["spec"]["layer"][0]["encoding"]["color"]["scale"]
    assert scale["domain"] == ["numpy", "jax-loop", "mine-own"]
    assert len(set(scale["range"])) == 3


def test_the_loss_over_time_is_drawn_of_each_optimizer_in_its_first_backend(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "loss.csv", tmp_path / "loss.png"
    table.append(path, rows.row(backend="numpy"))
    assert report.main(["plot", "--figure", "loss", str(path), "-o", str(out)]) == 2
    assert "--loss-curve" in capsys.readouterr().err
    curve = "0:1 1e-05:0.5 2e-05:0.005 3e-05:0"
    for optimizer, backend, after in (("sgd", "jax-jit", 1e-3), ("sgd", "numpy", 2e-3), ("adam", "numpy", 3e-3)):
        table.append(
            path,
            rows.row(backend=backend, optimizer=optimizer, batch_size=7, loss_curve=curve)
            | rows.target(after, steps=5),
        )
    assert report.main(["plot", "--figure", "loss", str(path), "-o", str(out)]) == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    chart = loss.chart(cases.timed(cases.from_rows(table.read(path)))).to_dict()
    (drawn,) = chart["datasets"].values()
    assert {(point["optimizer"], point["backend"]) for point in drawn} == {("sgd", "jax-jit"), ("adam", "numpy")}
    assert [point["left"] for point in drawn] == [0.5, 0.005] * 2


def test_a_run_without_a_time_has_no_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.csv"
    table.append(path, rows.row(None))
    assert report.main(["plot", str(path), "-o", str(tmp_path / "run.png")]) == 2
    assert "there is nothing to draw" in capsys.readouterr().err
