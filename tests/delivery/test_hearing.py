"""Who begins to lead speaks when the tracker's topic has been read to its end."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from schemas.topics import TRACKER
from services.delivery import hearing
from services.delivery.hearing import Hearing
from services.delivery.sequencer import Sequencer
from services.kit import checkpoint
from services.kit.checkpoint import Place
from services.kit.db import transaction

from .conftest import Desk
from .test_sequencer import many_initiatives, positions

HERE = Place(TRACKER.name, "id", 3)


class Kafka:
    """Where the topic ends, and how often it was asked."""

    def __init__(self, end: int) -> None:
        self.end = end
        self.asked = 0

    async def ends(self) -> Mapping[Place, int]:
        self.asked += 1
        return {HERE: self.end}


async def read_to(desk: Desk, offset: int) -> None:
    async with transaction(desk.pool) as conn:
        await checkpoint.create(conn, "delivery", [HERE])
        await conn.execute(
            "UPDATE checkpoint SET next = $1 WHERE partition = 3", offset
        )


def leader(desk: Desk, kafka: Kafka) -> Sequencer:
    heard = Hearing(desk.pool, kafka.ends)
    return Sequencer(desk.pool, url=desk.url, seal=desk.seal, hearing=heard)


async def test_a_new_leader_waits_for_what_was_said_before_it_led(desk: Desk) -> None:
    kafka = Kafka(7)
    new = leader(desk, kafka)
    await desk.consume(many_initiatives(1))
    await desk.pool.execute("TRUNCATE lease")

    waits = [await new.leads()]
    await read_to(desk, 6)
    waits.append(await new.leads())
    before = await positions(desk)
    kafka.end = 100
    await read_to(desk, 7)
    leads = await new.leads()
    await new.take_all()
    await new.lease.give_up()

    assert waits == [False, False]
    assert before == []
    assert leads
    assert kafka.asked == 1
    assert len(await positions(desk)) == 4


async def test_who_has_lost_the_lease_waits_anew(desk: Desk) -> None:
    kafka = Kafka(0)
    first, second = leader(desk, kafka), leader(desk, kafka)
    await desk.pool.execute("TRUNCATE lease")
    assert await first.leads()
    # paused for so long that another took over, and has spoken
    first.lease.until = 0.0
    await desk.pool.execute("UPDATE lease SET until = clock_timestamp()")
    assert await second.leads()
    await second.lease.give_up()
    kafka.end = 9

    again = await first.leads()
    await read_to(desk, 9)

    assert not again
    assert await first.leads()
    assert kafka.asked == 3
    await first.lease.give_up()


async def test_while_kafka_does_not_tell_where_the_topic_ends_it_waits_and_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> Mapping[Place, int]:
        raise ConnectionError

    monkeypatch.setattr(hearing, "PATIENCE", timedelta(0).total_seconds())
    heard = Hearing(desk.pool, away)
    new = Sequencer(desk.pool, url=desk.url, seal=desk.seal, hearing=heard)
    await desk.pool.execute("TRUNCATE lease")

    standby = await heard.check()
    leads = await new.leads()
    waits = await heard.check()
    new.lease.until = 0.0
    await desk.pool.execute("UPDATE lease SET holder = gen_random_uuid()")
    await new.leads()

    assert standby is None
    assert not leads
    assert waits is not None
    assert "tracker" in waits
    assert await heard.check() is None
