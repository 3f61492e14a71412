"""What the tests of reports share."""

from __future__ import annotations

import pytest

from report.run import launch_noise


@pytest.fixture
def alike_launches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Launches do not differ: the interval of one launch is that of its rounds, so it can be worked out by hand."""
    monkeypatch.setattr(launch_noise, "FLOOR", 0.0)
    monkeypatch.setattr(launch_noise, "LARGE_FLOOR", 0.0)
