"""What one cycle finds on a real Kafka and Postgres."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import TopicPartition

from schemas import topics
from schemas.topics import REJECTED, STATE, TRACKER
from services.monitor.groups import ABSENT, read_by, services
from services.monitor.report import GroupLag, PartitionLag
from tests.stack import until

from .lab import Lab


def of(group: GroupLag, topic: str, partition: int = 0) -> PartitionLag:
    found = [
        p for p in group.partitions if (p.topic, p.partition) == (topic, partition)
    ]
    assert len(found) == 1
    return found[0]


async def test_everybody_is_caught_up(lab: Lab) -> None:
    report = await lab.report()

    assert report.verdict == "caught_up"
    assert report.unanswered == ()


async def test_a_service_that_has_never_run_is_shown_with_all_its_partitions(
    lab: Lab,
) -> None:
    report = await lab.report()

    assert {group.name for group in report.groups} == set(services())
    for group in report.groups:
        expected = {(name, n) for name in read_by(group.name) for n in range(12)}
        assert group.state == ABSENT
        assert {(part.topic, part.partition) for part in group.partitions} == expected


async def test_three_records_behind_are_three_and_as_old_as_the_oldest(
    lab: Lab,
) -> None:
    topic = lab.topic()
    lab.produce(topic, 2, age=500)
    lab.produce(topic, 3, age=90)
    group = await lab.group(lab.commit(topic, 2))

    assert group.records == 3
    assert group.seconds == pytest.approx(90, abs=1)


async def test_an_own_group_is_as_old_as_the_oldest_record_it_has_not_applied(
    lab: Lab,
) -> None:
    began = datetime.now(UTC)
    lab.produce(STATE.name, 3)
    group = await lab.group("registry")

    assert group.records == 3
    assert group.seconds is not None
    assert 0 <= group.seconds <= (datetime.now(UTC) - began).total_seconds()


async def test_the_checkpoint_wins_over_what_was_committed_too_early(lab: Lab) -> None:
    lab.produce(STATE.name, 3)
    end = of(await lab.group("registry"), STATE.name).end
    lab.commit(STATE.name, end, group="registry")

    group = await lab.group("registry")

    assert group.source == "checkpoint"
    assert group.records == 3
    assert of(group, STATE.name).committed == end


async def test_the_checkpoint_wins_over_what_was_committed_too_late(lab: Lab) -> None:
    lab.produce(STATE.name, 3)
    end = of(await lab.group("registry"), STATE.name).end
    lab.commit(STATE.name, end - 3, group="registry")
    await lab.execute(
        "UPDATE registry.checkpoint SET next = $1 WHERE next = $1 - 3", end
    )

    group = await lab.group("registry")

    assert group.records == 0
    assert group.state == "EMPTY"
    assert [g.name for g in (await lab.report()).groups].count("registry") == 1


async def test_where_there_is_no_checkpoint_the_group_begins_with_the_log(
    lab: Lab,
) -> None:
    await lab.execute("DELETE FROM intake.checkpoint WHERE partition = 3")
    lab.produce(TRACKER.name, partition=3)
    part = of(await lab.group("intake"), TRACKER.name, 3)

    assert part.next == 0
    assert part.records == part.end > 0


async def test_checkpoints_of_a_topic_that_was_made_anew_do_not_count(lab: Lab) -> None:
    lab.produce(TRACKER.name)
    await lab.catch_up()
    await lab.execute("UPDATE intake.checkpoint SET topic_id = 'of the one before'")

    part = of(await lab.group("intake"), TRACKER.name)

    assert part.next == 0
    assert part.records == part.end > 0


async def test_checkpoints_of_another_group_of_the_service_do_not_count(
    lab: Lab,
) -> None:
    lab.produce(STATE.name, 3)
    await lab.execute(
        "INSERT INTO registry.checkpoint "
        "SELECT 'rebuild', topic, topic_id, partition, next + 3, now() "
        "FROM registry.checkpoint WHERE topic = $1 AND partition = 0",
        STATE.name,
    )

    assert (await lab.group("registry")).records == 3


async def test_a_checkpoint_beyond_the_end_of_the_log_is_no_lag_but_said(
    lab: Lab,
) -> None:
    await lab.execute(
        "UPDATE intake.checkpoint SET next = next + 7 WHERE partition = 5"
    )
    report = await lab.report()
    group = report.group("intake")

    assert group is not None
    assert group.records == 0
    assert of(group, TRACKER.name, 5).ahead == 7
    assert report.verdict == "behind"


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
async def test_a_member_that_never_committed_is_counted_from_the_beginning(
    lab: Lab, protocol: str
) -> None:
    topic = lab.topic()
    lab.produce(topic, 4, age=60)
    group = await lab.group(lab.join(topic, protocol))
    part = of(group, topic)

    assert group.members == 1
    assert part.next is None
    assert part.records == 4
    assert part.seconds == pytest.approx(60, abs=1)
    assert part.member is not None
    assert part.member.client_id == "somebody"


async def test_records_deleted_before_they_were_read_are_said_and_not_counted(
    lab: Lab,
) -> None:
    topic = lab.topic()
    lab.produce(topic, 10, age=30)
    name = lab.commit(topic, 2)
    lab.admin.delete_records([TopicPartition(topic, 0, 6)])
    await until(lambda: starts_at(lab, name, topic, 6), what="the deletion")

    part = of(await lab.group(name), topic)

    assert (part.expired, part.records) == (4, 4)
    assert part.seconds == pytest.approx(30, abs=1)


async def starts_at(lab: Lab, group: str, topic: str, offset: int) -> bool:
    return of(await lab.group(group), topic).earliest == offset


async def test_a_deleted_group_is_gone_with_the_next_cycle(lab: Lab) -> None:
    topic = lab.topic()
    name = lab.commit(topic, 0)
    assert (await lab.report()).group(name)

    lab.delete_group(name)

    assert (await lab.report()).group(name) is None


async def test_a_deleted_topic_is_gone_and_keeps_nobody_behind(lab: Lab) -> None:
    topic = lab.topic()
    lab.produce(topic, 3)
    lab.commit(topic, 1)
    assert (await lab.report()).verdict == "behind"

    lab.delete_topic(topic)

    async def is_gone() -> bool:
        report = await lab.report()
        return report.verdict == "caught_up" and topic not in report.model_dump_json()

    await until(is_gone, what="the topic to be gone")


async def test_an_open_transaction_keeps_nobody_behind(lab: Lab) -> None:
    topic = lab.topic()
    lab.produce(topic, 2)
    name = lab.commit(topic, 2)
    uncommitted = lab.commit(topic, 3)
    producer = lab.producer(**{"transactional.id": topic})
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce(topic, b"{}", partition=0)
    producer.flush(20)

    report = await lab.report()
    producer.abort_transaction()

    assert report.verdict == "caught_up"
    for each in (name, uncommitted):
        group = report.group(each)
        assert group is not None
        assert (group.records, of(group, topic).ahead) == (0, 0)


async def test_markers_and_aborted_records_are_nothing_that_one_can_read(
    lab: Lab,
) -> None:
    topic = lab.topic()
    producer = lab.producer(**{"transactional.id": topic})
    producer.init_transactions()
    for finish in (producer.commit_transaction, producer.abort_transaction):
        producer.begin_transaction()
        producer.produce(topic, b"{}", partition=0)
        producer.flush(20)
        finish()
    # as librdkafka commits: the last record and one
    name = lab.commit(topic, 1)

    group = await lab.group(name)
    assert of(group, topic).end == 4
    assert (group.records, group.seconds) == (0, 0)

    lab.produce(topic, 2, age=40)
    group = await lab.group(name)
    assert group.records == 2
    assert group.seconds == pytest.approx(40, abs=1)


async def test_an_age_that_was_not_read_in_time_is_unknown_and_never_wrong(
    lab: Lab,
) -> None:
    topic = lab.topic()
    lab.produce(topic, 3, age=90)
    name = lab.commit(topic, 1)
    group = (await lab.report(read_budget=timedelta(0))).group(name)

    assert group is not None
    assert (group.records, group.seconds) == (2, None)


async def test_many_groups_at_many_places_of_one_partition_each_get_their_age(
    lab: Lab,
) -> None:
    topic = lab.topic()
    for n in range(20):
        lab.produce(topic, age=100 - n)
    names = [lab.commit(topic, n) for n in range(20)]
    report = await lab.report()

    for n, name in enumerate(names):
        group = report.group(name)
        assert group is not None
        assert group.records == 20 - n
        assert group.seconds == pytest.approx(100 - n, abs=1)


async def test_what_was_read_once_is_remembered_until_it_no_longer_holds(
    lab: Lab,
) -> None:
    topic = lab.topic()
    lab.produce(topic, age=900)
    name = lab.commit(topic, 0)
    async with lab.asking() as ask:

        async def age() -> float | None:
            group = (await ask()).group(name)
            return None if group is None else group.seconds

        assert await age() == pytest.approx(900, abs=1)
        lab.produce(topic, age=20)
        assert await age() == pytest.approx(900, abs=1)
        lab.commit(topic, 1, group=name)
        assert await age() == pytest.approx(20, abs=1)
        lab.commit(topic, 2, group=name)
        assert await age() == 0


async def test_a_topic_made_anew_is_not_as_old_as_the_one_before(lab: Lab) -> None:
    topic = lab.topic()
    lab.produce(topic, age=900)
    name = lab.commit(topic, 0)
    async with lab.asking() as ask:
        await ask()
        lab.delete_topic(topic)
        lab.topic(topic)
        lab.produce(topic, age=5)
        lab.commit(topic, 0, group=name)
        group = (await ask()).group(name)

    assert group is not None
    assert group.seconds == pytest.approx(5, abs=1)


async def test_nothing_to_read_is_remembered_until_there_is_something(lab: Lab) -> None:
    topic = lab.topic()
    producer = lab.producer(**{"transactional.id": topic})
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce(topic, b"{}", partition=0)
    producer.commit_transaction()
    name = lab.commit(topic, 1)
    async with lab.asking() as ask:
        before = (await ask()).group(name)
        lab.produce(topic, age=30)
        after = (await ask()).group(name)

    assert before is not None
    assert (before.records, before.seconds) == (0, 0)
    assert after is not None
    assert after.records == 1
    assert after.seconds == pytest.approx(30, abs=1)


async def test_what_a_service_cannot_get_past_is_told_without_the_errors_text(
    lab: Lab,
) -> None:
    await lab.execute(
        "INSERT INTO registry.stopped VALUES ('registry', $1, 4, 17, 'KeyError', "
        "'services/registry/rules.py:3 evolve')",
        STATE.name,
    )
    report = await lab.report()
    (stop,) = report.stopped

    assert report.verdict == "behind"
    assert (stop.group, stop.topic, stop.partition) == ("registry", STATE.name, 4)
    assert (stop.offset, stop.error_class) == (17, "KeyError")


async def test_facts_that_wait_in_an_outbox_are_counted_with_their_age(
    lab: Lab,
) -> None:
    await lab.execute(
        "INSERT INTO intake.outbox (topic, key, value, created) "
        "VALUES ($1, '', '', now() - interval '70 seconds'), ($1, '', '', now())",
        STATE.name,
    )
    report = await lab.report()
    boxes = {each.name: each.outbox for each in report.services}

    assert report.verdict == "behind"
    assert boxes["intake"] is not None
    assert boxes["intake"].waiting == 2
    assert boxes["intake"].oldest_seconds == pytest.approx(70, abs=1)
    assert boxes["registry"] is not None
    assert (boxes["registry"].waiting, boxes["registry"].oldest_seconds) == (0, 0)


async def test_a_rejected_record_is_counted(lab: Lab) -> None:
    lab.produce(REJECTED.name, 2, partition=7)
    report = await lab.report()

    assert report.rejected is not None
    assert (report.rejected.recent, report.rejected.kept) == (2, 2)
    assert report.verdict == "behind"


async def test_a_service_that_is_not_migrated_is_said_and_the_others_are_shown(
    lab: Lab,
) -> None:
    await lab.execute("ALTER VIEW registry_ops.checkpoint RENAME TO hidden")
    try:
        report = await lab.report()
    finally:
        await lab.execute("ALTER VIEW registry_ops.hidden RENAME TO checkpoint")
    told = {each.name: each for each in report.services}
    delivery, registry = report.group("delivery"), report.group("registry")

    assert report.unanswered == (
        "registry is not migrated: run `python -m services.registry migrate`",
    )
    assert delivery is not None
    assert delivery.records == 0
    assert registry is not None
    assert (registry.records, told["registry"].outbox) == (None, None)
    assert told["delivery"].outbox is not None


async def test_views_that_the_monitor_may_not_read_are_said(lab: Lab) -> None:
    await lab.execute("REVOKE USAGE ON SCHEMA intake_ops FROM tidlig_test_watcher")
    try:
        report = await lab.report()
    finally:
        await lab.execute("GRANT USAGE ON SCHEMA intake_ops TO tidlig_test_watcher")

    assert report.verdict == "unknown"
    assert [s for s in report.unanswered if "may not read what intake offers" in s]


async def test_a_topic_that_does_not_exist_is_no_all_clear(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = replace(STATE, name="tidlig.absent.v1", consumers=("registry",))
    monkeypatch.setattr("schemas.topics.ALL", (*topics.ALL, absent))
    report = await lab.report()
    registry, delivery = report.group("registry"), report.group("delivery")

    assert report.verdict == "unknown"
    assert registry is not None
    assert registry.records is None
    assert "tidlig.absent.v1 does not exist" in (registry.error or "")
    assert delivery is not None
    assert delivery.records == 0
