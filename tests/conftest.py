"""What holds for every test of the project, and not for the race: there a framework's warning is no failure."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import hypothesis
import pytest

from tests.checkout import Checkout, copy_to

# How long a test takes is no failure.
hypothesis.settings.register_profile("brief", deadline=None, max_examples=10)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=300)
hypothesis.settings.load_profile("brief")

# What a shell runs in the background ignores Ctrl-C, and so would all that it starts: here some are sent one.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Likewise what nohup runs ignores the end of its terminal, and here some are sent that signal.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# What runs in a copy of the checkout would compile it in each of its processes, where bytecode is not written.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "hold every backend to its contract in every dtype and batch size, not in one of them a case, and try more "
    parser.addoption("--every-dtype", action="store_true", help=f"{text}examples of each property: minutes more")


def pytest_configure(config: pytest.Config) -> None:
    """Try many examples of each property where every dtype is asked for, as CI does by night."""
    config.addinivalue_line("markers", "night: takes seconds, and other tests see most of it; runs with --every-dtype")
    if config.getoption("every_dtype"):
        hypothesis.settings.load_profile("thorough")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Make warnings errors in the tests of this folder; those of a framework's own inside are its own business."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            # The last one added is applied first, so what follows it has the last word.
            item.add_marker(pytest.mark.filterwarnings("error"), append=False)
            item.add_marker(pytest.mark.filterwarnings(r"ignore:.*torch\.jit:DeprecationWarning"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("night") and not item.config.getoption("every_dtype"):
        pytest.skip("runs by night, or with --every-dtype")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A copy of the checkout that the test may change."""
    return copy_to(tmp_path)
