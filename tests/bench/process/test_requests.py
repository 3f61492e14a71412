"""The process that measures, before it measures."""

from __future__ import annotations

import subprocess
import sys

from tests.checkout import ROOT


def test_what_measures_does_not_import_pandas() -> None:
    """An import of pandas makes small calls of NumPy 4 % slower, in the race's own process and in a worker."""
    code = "import sys, conftest, bench.racing.race, bench.process.requests; print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
