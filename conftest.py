"""Connects pytest to the project: the options, one pytest item for each case, its progress, and the summary."""

from __future__ import annotations

import random
import shutil
from collections.abc import Generator, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench import clock, machine, options
from bench.progress import Ticker
from report.errors import ReportError
from report.run import relative
from report.table.keys import CASE, SGD

# NumPy and the frameworks read affinity and thread counts when they are imported. So nothing here imports them before
# pytest_configure has pinned the threads.
if TYPE_CHECKING:
    from bench.own.files import Files
    from bench.process.pool import Here, Pool
    from bench.racing.race import Race
    from bench.selection import Selection

STARTED = clock.now()

SELECTION = pytest.StashKey["Selection"]()
PATH = pytest.StashKey[Path]()
RACE = pytest.StashKey["Race"]()
PEERS = pytest.StashKey["Pool | Here"]()
TICKER = pytest.StashKey[Ticker]()
LOCK = pytest.StashKey[ExitStack]()
BROUGHT = pytest.StashKey[tuple[dict[str, str | None], "Files"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("race", "descent-bench: what is raced, and how")
    for name, text in options.HELP.items():
        group.addoption(options.flag(name), metavar=options.METAVAR.get(name, "LIST"), help=text)
    group.addoption("--threads", metavar="N", help="pin the process to N CPUs, and every thread pool to N threads")
    group.addoption(
        "--allocator",
        choices=machine.ALLOCATORS,
        default=machine.ALLOCATORS[0],
        help="'steady': glibc keeps freed memory, so that arrays cost no page faults; every row records it",
    )
    group.addoption("--precision", choices=options.PRECISIONS, default=options.PRECISIONS[0], help=options.PRECISION)
    group.addoption("--memory", choices=("on", "off"), default="on", help=options.MEMORY)
    group.addoption("--warm-cache", choices=("on", "off"), default="on", help=options.WARM_CACHE)
    group.addoption("--loss-curve", action="store_true", help=options.LOSS_CURVE)
    group.addoption(
        "--results", metavar="CSV", type=Path, help="file to append to (default: results/<UTC>-<commit>.csv)"
    )
    group.addoption(relative.FLAG, metavar="BACKEND", help=relative.HELP)
    group.addoption("--no-page", dest="page", action="store_false", help="write the CSV and its summary, but no page")
    group.addoption("--launch", metavar="N", default="0", help="number of this launch in its run (default: 0)")
    group.addoption("--case-timeout", metavar="SECONDS", default=str(options.TIMEOUT_SECONDS), help=options.TIMEOUT)
    group.addoption(
        "--isolation",
        choices=("process", "none"),
        default="process",
        help="'process': workers measure, one a framework; 'none': this process does, for a debugger or a profiler",
    )


def pytest_configure(config: pytest.Config) -> None:
    try:
        machine.require_supported()
    except OSError as error:
        raise pytest.UsageError(str(error)) from error
    _pin_threads(config.getoption("threads"))
    if config.getoption("allocator") == "steady" and not machine.steady_allocator():
        raise pytest.UsageError("--allocator steady: needs glibc's malloc, which this process does not use")


def pytest_unconfigure(config: pytest.Config) -> None:
    if PEERS in config.stash:
        config.stash[PEERS].close()
    if LOCK in config.stash:
        config.stash[LOCK].close()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the workers at once, before what pytest-benchmark and the summary print."""
    if PEERS in session.config.stash:
        session.config.stash[PEERS].close()


def pytest_sessionstart(session: pytest.Session) -> None:
    _launch(session.config)
    _timeout(session.config)
    if session.config.getoption("results"):
        _path(session.config)
    if any(_given(session.config).values()):
        _selection(session.config)  # a wrong option ends the session here, before anything is collected
    if session.config.getoption("relative_to"):
        _require_raced(session.config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "race" not in metafunc.fixturenames:
        return
    config = metafunc.config
    cases = [tuple(vars(case)[name] for name in CASE) for case in _selection(config).cases]
    # Shuffled, so that no backend always runs on a cold machine or after the same neighbour. The seed is in the CSV.
    random.Random(f"{_path(config).stem}/{_launch(config)}").shuffle(cases)  # noqa: S311 (not a secret)
    metafunc.parametrize(CASE, cases, ids=list(map(_label, cases)))


def pytest_collection_finish(session: pytest.Session) -> None:
    raced = _raced(session.items)
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if raced and terminal is not None and not session.config.option.collectonly:
        session.config.stash[TICKER] = Ticker(terminal.write, len(raced), live=terminal.isatty)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    ticker = item.config.stash.get(TICKER, None) if _raced([item]) else None
    if ticker is not None:
        ticker.begin(item.name.removeprefix("test_race"))
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """Show no letters for the cases of a race: the ticker shows them."""
    if TICKER in config.stash and report.outcome != "failed" and getattr(report, "when", "") == "call":
        return report.outcome, "", ""
    return None


def _raced(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    return [item for item in items if "race" in getattr(item, "fixturenames", ())]


def _label(case: tuple[object, ...]) -> str:
    """Return the name of the case's test: all fields but the steps and the usual optimizer.

    pytest-benchmark compares runs by this name.
    """
    *words, _, sizes, optimizer = map(str, case)
    return "-".join([*words, *sizes.split(), *[optimizer] * (optimizer not in {"", SGD})])


@pytest.fixture(scope="session")
def race(request: pytest.FixtureRequest) -> Race:
    """The race of this session."""
    from bench.case.rounds import Budget  # noqa: PLC0415 (imports NumPy)
    from bench.case.row import Launch  # noqa: PLC0415 (likewise)
    from bench.racing.race import Race  # noqa: PLC0415 (likewise)
    from bench.racing.referee import Referee  # noqa: PLC0415 (likewise)

    config = request.config
    budget = Budget(
        float(config.getoption("benchmark_min_time")),
        float(config.getoption("benchmark_max_time")),
        config.getoption("benchmark_min_rounds"),
        memory=config.getoption("memory") == "on",
        warm_cache=config.getoption("warm_cache") == "on",
        curve=config.getoption("loss_curve"),
    )
    path = _path(config)
    launch = Launch(path.stem, _launch(config), config.getoption("allocator"))
    selected, timeout = _selection(config), _timeout(config)
    referee = Referee(_peers(config), selected.inventory, selected.objectives, timeout)
    race = Race(referee, budget, timeout, path, launch)
    config.stash[RACE] = race
    return race


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    deselected = _raced(terminalreporter.stats.get("deselected", []))
    if deselected and len(deselected) == len(_selection(config).cases):
        from problems import load  # noqa: PLC0415 (imports NumPy)

        terminalreporter.write_line(options.none_left(config.option.keyword, load()))
    if RACE not in config.stash or not config.stash[RACE].rows:
        return
    from report import table  # noqa: PLC0415 (imports pandas)
    from report.write.text import summary  # noqa: PLC0415 (likewise)

    path = _path(config)
    rows = table.read(path)
    terminalreporter.section("summary", sep="-")
    width, colour = shutil.get_terminal_size().columns, terminalreporter.hasmarkup
    relative_to = config.getoption("relative_to")
    terminalreporter.write(summary.ending(rows, path, width, relative_to, colour=colour))
    summary.write_markdown(rows, path, relative_to)
    timed, total = config.stash[RACE].timed_seconds, clock.now() - STARTED
    terminalreporter.write_line(f"{timed:.0f} of {total:.0f} s were spent in timed and paired rounds.")
    terminalreporter.write_line(f"\n{path}\n{path.with_suffix('.md')}")
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        terminalreporter.write_line(f"interrupted; its page: python -m report html {path}")
    elif config.getoption("page"):
        from report.pages import saving  # noqa: PLC0415 (only where a page is made)

        terminalreporter.write_line(saving.beside(path))


def _pin_threads(threads: str | None) -> None:
    if threads is None:
        return
    try:
        machine.pin_threads(options.whole("--threads", threads))
    except (ValueError, RuntimeError) as error:
        raise pytest.UsageError(str(error)) from error


def _given(config: pytest.Config) -> dict[str, str | None]:
    return {name: config.getoption(name) for name in options.HELP}


def _brought(config: pytest.Config) -> tuple[dict[str, str | None], Files]:
    """Return the options with the names of problems in place of their files, and the user's files."""
    if BROUGHT not in config.stash:
        from bench.own.files import named  # noqa: PLC0415 (imports NumPy)

        try:
            config.stash[BROUGHT] = named(_given(config))
        except ValueError as error:
            raise pytest.UsageError(str(error)) from error
    return config.stash[BROUGHT]


def _path(config: pytest.Config) -> Path:
    """Return the CSV of this session. Its name is decided once."""
    if PATH not in config.stash:
        path = config.getoption("results")
        if path is not None and not config.option.collectonly:
            _lock(config, path)
        if path is not None and path.exists() and path.stat().st_size:
            _require_new_launch(path, _launch(config))
        config.stash[PATH] = path or config.rootpath / "results" / f"{machine.run_name()}.csv"
    return config.stash[PATH]


def _lock(config: pytest.Config, path: Path) -> None:
    """Hold the CSV for this session. Raise a usage error if another run writes to it, or nobody can."""
    from report.table.lock import lock  # noqa: PLC0415 (only where a file is named)
    from report.write.output import refuse_foreign_beside  # noqa: PLC0415 (likewise)

    config.stash[LOCK] = ExitStack()
    try:
        refuse_foreign_beside(path, page=config.getoption("page"))
        config.stash[LOCK].enter_context(lock(path))
    except ReportError as error:
        raise pytest.UsageError(f"--results {error}") from error


def _require_new_launch(path: Path, launch: int) -> None:
    """Raise a usage error if the CSV has rows of this launch already: its cases would be in the file twice."""
    from report import table  # noqa: PLC0415 (imports pandas)

    try:
        launches = set(table.read(path)["launch"])
    except ReportError as error:
        raise pytest.UsageError(f"--results {error}") from error
    if launch in launches:
        raise pytest.UsageError(f"--results {path}: has launch {launch} already; name another file or launch")


def _require_raced(config: pytest.Config) -> None:
    """Raise a usage error unless the backend of `--relative-to` is raced."""
    try:
        relative.require(config.getoption("relative_to"), {case.backend for case in _selection(config).cases})
    except ReportError as error:
        raise pytest.UsageError(str(error)) from error


def _launch(config: pytest.Config) -> int:
    word = config.getoption("launch")
    try:
        return options.natural("--launch", word)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error


def _timeout(config: pytest.Config) -> float:
    try:
        return options.seconds(config.getoption("case_timeout"))
    except ValueError as error:
        raise pytest.UsageError(f"--case-timeout {error}") from error


def _peers(config: pytest.Config) -> Pool | Here:
    """Return who measures: workers, or without isolation this process. Both are made once."""
    if PEERS not in config.stash:
        from bench.process.client import Side  # noqa: PLC0415 (imports NumPy)
        from bench.process.pool import Here, Pool  # noqa: PLC0415 (likewise)

        files = _brought(config)[1]
        allocator, threads = config.getoption("allocator"), config.getoption("threads")
        precision = config.getoption("precision")
        if config.getoption("isolation") == "none":
            # With a debugger, nothing is caught: it stops at the backend's own line.
            config.stash[PEERS] = Here(allocator, () if config.getoption("usepdb") else (Exception,), precision, files)
        else:
            count = None if threads is None else int(threads)
            side = Side(arguments=files.arguments())
            config.stash[PEERS] = Pool(count, allocator, _timeout(config), precision, side)
    return config.stash[PEERS]


def _selection(config: pytest.Config) -> Selection:
    """Return the selected cases. The selection is made once."""
    if SELECTION not in config.stash:
        from bench.selection import SelectionError, select  # noqa: PLC0415 (imports NumPy)

        try:
            peers = _peers(config)
            config.stash[SELECTION] = select(_brought(config)[0], peers.inventory, peers.objectives)
        except SelectionError as error:
            raise pytest.UsageError(str(error)) from error
    return config.stash[SELECTION]
