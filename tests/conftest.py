"""What every test shares: how often to repeat, and where the browser is."""

import os
import shutil
import signal
from collections.abc import Callable

import pytest
from hypothesis import settings

settings.register_profile("the same each time", derandomize=True)  # `make soak` looks at new examples


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--soak"):
        settings.load_profile("the same each time")
    _hear_signals()


def _hear_signals() -> None:
    """A shell's background job ignores some signals, and so would every program that a test starts."""
    for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="repeat every repeated test in full")


@pytest.fixture(scope="session")
def count(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """How often to repeat: `count(1, 20)` is 1 in `make test` and 20 in `make soak`."""
    soaking = request.config.getoption("--soak")

    def how_often(quick: int, full: int) -> int:
        return full if soaking else quick

    return how_often


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium. Without one a test is left out on your machine, and fails in CI."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    without = "no Chromium here: get it with  sudo apt-get install chromium"
    if os.environ.get("CI") == "true":
        pytest.fail(without)
    pytest.skip(without)


@pytest.fixture(scope="session")
def bubblewrap() -> None:
    """That sandboxes work. Without them a test is left out on your machine, and fails in CI."""
    from autograder.sandbox import why_not

    if without := why_not():
        if os.environ.get("CI") == "true":
            pytest.fail(without)
        pytest.skip(without)
