"""A real Kafka and a real Postgres for all tests; a fresh database for each module.

Every test begins at the end of the topics, so that it sees what it says itself.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from deploy.local import kafka, postgres
from services.kit.log import error_by_class

from .stack import Issuer, Stack, create_topics

# on two busy cores no example has a time of its own
settings.register_profile("house", deadline=None)
settings.load_profile("house")
# modules and folders that take longest, by the durations of a run
LONGEST = (
    "faults/test_faults.py",
    "simulation",
    "consultation/test_service.py",
    "mistakes",
    "kit/test_lost_end.py",
    "kit/test_replaced_end.py",
    "kit/test_outage.py",
    "processes",
    "registry/archive_files",
    "monitor",
    "properties",
)
# as services log: to draw an error's frames with all that they hold takes half a minute
structlog.configure(processors=[error_by_class, structlog.dev.ConsoleRenderer()])


@pytest.fixture(scope="session")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a broker that has the project's topics."""
    with kafka.running(tmp_path_factory.mktemp("kafka")) as address:
        create_topics(address)
        yield address


@pytest.fixture(scope="session")
def admin_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The administrator's URL of a Postgres."""
    with postgres.running(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    """Signs tokens as Maskinporten would."""
    return Issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="module")
def stack(
    bootstrap: str,
    admin_url: str,
    issuer: Issuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Stack:
    """Everything that a service needs around it, on a database of its own."""
    return Stack(bootstrap, admin_url, issuer, tmp_path_factory.mktemp("stack"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no worker ends long after the other.

    Raises UsageError for two tests of one name: side by side only the first would run.
    """
    twice = [
        name for name, times in Counter(i.nodeid for i in items).items() if times > 1
    ]
    if twice:
        raise pytest.UsageError(f"two tests of one name: {twice[0]}")
    turns = {path: turn for turn, path in enumerate(LONGEST)}
    here = Path(__file__).parent

    def turn(item: pytest.Item) -> int:
        path = item.path.relative_to(here)
        return min(turns.get(str(p), len(turns)) for p in (path, *path.parents))

    items.sort(key=turn)
