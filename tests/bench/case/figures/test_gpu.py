"""What nvidia-smi says of a GPU's clocks becomes a warning. Neither the clocks nor the ramp are seen without a GPU."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import machine
from bench.case.figures import gpu
from tests.bench.test_machine import plant

OLD = """case "$*" in
  *clocks_event*) echo 'Field "clocks_event_reasons.active" is not a valid field to query.'; exit 2;;
esac
"""
ONE = """case "$*" in
  *driver_version*) echo 'GPU-11aa-1, NVIDIA T4, 580.65';;
  *--id=GPU-11aa-1*) echo '{bits}, 1230, 1590';;
esac
"""


@pytest.fixture(autouse=True)
def asked_again() -> Iterator[None]:
    """Forget the GPUs before the test and after it."""
    machine.gpus.cache_clear()
    yield
    machine.gpus.cache_clear()


@pytest.mark.parametrize("before", ["", OLD], ids=["driver 535", "older"])
@pytest.mark.parametrize(
    ("bits", "reasons"),
    [
        ("0x0000000000000000", None),
        ("0x0000000000000001", None),  # idle
        ("0x0000000000000002", None),  # clocks that somebody set
        ("0x0000000000000004", "its power limit"),
        ("0x0000000000000048", "its hardware and its temperature"),
        ("0x0000000000000060", "its temperature"),
        ("[N/A]", None),
    ],
)
def test_clocks_that_are_held_down_are_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, bits: str, reasons: str | None
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    plant(tmp_path, monkeypatch, "nvidia-smi", before + ONE.format(bits=bits))
    found = gpu.warning(*gpu.clocks())
    assert [warning.name for warning in found] == ["GPU throttled"] * (reasons is not None)
    assert all(f"held at 1230 of 1590 MHz by {reasons}: " in warning.remedy for warning in found)


def test_without_nvidia_smi_there_is_no_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu.warning(*gpu.clocks()) == []
