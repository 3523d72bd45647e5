"""A broker and a database of the monitor's own: nobody else is behind on them."""

from collections.abc import AsyncIterator, Iterator

import pytest
from confluent_kafka.admin import AdminClient

from deploy.local import kafka, topics

from .lab import Lab, watched_database


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a broker that has the project's topics, and no groups."""
    with kafka.running(tmp_path_factory.mktemp("monitored")) as address:
        topics.provision(address)
        yield address


@pytest.fixture(scope="session")
def admin(cluster: str) -> AdminClient:
    """Connected already: a new client may lose its first question for 3 seconds."""
    admin = AdminClient({"bootstrap.servers": cluster, "log_level": 0})
    admin.list_topics(timeout=20)
    return admin


@pytest.fixture(scope="session")
async def watched(admin_url: str) -> tuple[str, str]:
    """A migrated database: the administrator's URL and the monitor's."""
    return await watched_database(admin_url)


@pytest.fixture
async def lab(
    cluster: str, admin: AdminClient, watched: tuple[str, str]
) -> AsyncIterator[Lab]:
    """Everybody caught up, nothing rejected; what a test makes is gone after it."""
    lab = Lab(cluster, admin, *watched)
    await lab.catch_up()
    yield lab
    lab.clean_up()
