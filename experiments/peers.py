"""What do other gates say of the same launches? `python -m experiments.peers`, on what `experiments.runs` has kept

Nothing has changed between the runs, so whatever fails is a false alarm. Every gate gets the same pinned launches:
pytest-benchmark's rule one of them, or the mean of all that a run has, as `report compare`; pyperf, by its own command,
twenty processes, its default: those of two runs. pyperf comes with the extra `peers`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pandas as pd

from experiments import evidence
from experiments.rates import rate
from experiments.runs import KEPT

LIMITS = (0.05, 0.10)
"""Of pytest-benchmark's `--benchmark-compare-fail=median:5%` and `10%`: a case fails that takes so much longer."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m experiments.peers", description=__doc__.partition("\n")[0])
    evidence.add_kept(parser, KEPT)
    rows = evidence.read(parser.parse_args(arguments).kept)
    evidence.print_table(figures_of(rows), evidence.commits(rows))


def figures_of(rows: pd.DataFrame) -> Iterator[evidence.Figures]:
    """Yield how many suites of each gate fail, though nothing has changed."""
    times = rows.assign(case=rows["backend"] + " " + rows["batch_size"].astype(str))
    launches = times.pivot_table(index=["run", "launch"], columns="case", values="seconds_median")
    runs = launches.groupby("run", sort=False).mean()
    for name, suites in (("one launch", launches), (f"the mean of {launches.groupby('run').size().max()}", runs)):
        for limit in LIMITS:
            failed = [bool((head > base * (1.0 + limit)).any()) for base, head in pairwise(suites.to_numpy())]
            what = f"pytest-benchmark's rule, median:{100 * limit:g}%, on {name}: suites that fail"
            yield what, rate(sum(failed), len(failed)), "real"
    numbers = list(runs.index)
    twenty = [launches.loc[numbers[first : first + 2]] for first in range(0, len(numbers) - 1, 2)]
    with tempfile.TemporaryDirectory() as folder:
        files = [_suite(Path(folder) / f"{number}.json", suite) for number, suite in enumerate(twenty)]
        slower = [_slower(base, head) for base, head in pairwise(files)]
    what = f"pyperf compare_to --min-speed=5, {len(twenty[0])} processes: suites with a slower case"
    yield what, rate(sum(slower), len(slower)), "real"


def _suite(path: Path, launches: pd.DataFrame) -> Path:
    """Write the launches as pyperf would write its processes, and return the file."""
    import pyperf  # noqa: PLC0415 (of the extra `peers`)

    benchmarks = [
        pyperf.Benchmark(
            [pyperf.Run([value], metadata={"name": str(case)}, collect_metadata=False) for value in values]
        )
        for case, values in launches.items()
    ]
    pyperf.BenchmarkSuite(benchmarks).dump(str(path))
    return path


def _slower(base: Path, head: Path) -> bool:
    """Whether pyperf's own comparison reports a benchmark that is significantly slower, by 5 % or more."""
    command = [sys.executable, "-m", "pyperf", "compare_to", "--min-speed=5", str(base), str(head)]
    said = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 (its own command)
    return any(line.endswith("slower") for line in said.stdout.splitlines() if not line.startswith("Geometric"))


if __name__ == "__main__":
    main()
