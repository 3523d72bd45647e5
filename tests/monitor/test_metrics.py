"""Series with the names that dashboards know, and no label that tells too much."""

import ast
import inspect

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from services.monitor import metrics
from services.monitor.metrics import ALL, Series, Told
from services.monitor.report import Member, Outbox, Report

from .made import TOPIC, group, part, report, service, stop

# of kafka-lag-exporter, whose dashboards are to work unchanged
KNOWN = {
    "kafka_consumergroup_group_lag",
    "kafka_consumergroup_group_lag_seconds",
    "kafka_consumergroup_group_offset",
    "kafka_consumergroup_group_max_lag",
    "kafka_consumergroup_group_max_lag_seconds",
    "kafka_consumergroup_group_sum_lag",
    "kafka_consumergroup_group_topic_sum_lag",
    "kafka_partition_latest_offset",
    "kafka_partition_earliest_offset",
}
ALLOWED = {
    *("cluster_name", "group", "topic", "partition"),
    *("member_host", "consumer_id", "client_id", "service"),
}
SOURCE = inspect.getsource(metrics)
DECLARED = [
    node
    for node in ast.parse(SOURCE).body
    if isinstance(node, ast.Assign)
    and isinstance(node.value, ast.Call)
    and ast.unparse(node.value.func) == Series.__name__
]


def samples(found: Report) -> dict[str, list[tuple[dict[str, str], float]]]:
    """What Prometheus reads, by name."""
    text = generate_latest(Told(found, "prod")).decode()
    return {
        family.name: [(sample.labels, sample.value) for sample in family.samples]
        for family in text_string_to_metric_families(text)
    }


@pytest.mark.parametrize(
    "node", DECLARED, ids=lambda node: ast.unparse(node.targets[0])
)
def test_each_series_says_what_a_rise_means(node: ast.Assign) -> None:
    above = SOURCE.splitlines()[node.lineno - 2]

    assert above.startswith("# rises")


def test_every_declared_series_is_told() -> None:
    names = [series.name for series in ALL]

    assert len(names) == len(DECLARED) == len(set(names))
    assert set(names) >= KNOWN


@pytest.mark.parametrize("series", ALL, ids=lambda series: series.name)
def test_no_label_names_a_party_a_type_or_an_initiative(series: Series) -> None:
    assert set(series.labels) <= ALLOWED


def test_a_partition_is_told_with_the_member_that_holds_it() -> None:
    member = Member(host="/10.0.0.7", consumer_id="c-1", client_id="ks")
    found = samples(report(group("ks", part(3, seconds=9.5, member=member))))
    labels = {
        "cluster_name": "prod",
        "group": "ks",
        "topic": TOPIC,
        "partition": "0",
        "member_host": "/10.0.0.7",
        "consumer_id": "c-1",
        "client_id": "ks",
    }

    assert found["kafka_consumergroup_group_lag"] == [(labels, 3)]
    assert found["kafka_consumergroup_group_lag_seconds"] == [(labels, 9.5)]
    assert found["kafka_consumergroup_group_offset"] == [(labels, 100)]


def test_a_group_is_told_by_its_worst_partition_and_by_its_sum() -> None:
    found = samples(report(group("ks", part(3), part(5, partition=1))))
    labels = {"cluster_name": "prod", "group": "ks"}

    assert found["kafka_consumergroup_group_max_lag"] == [(labels, 5)]
    assert found["kafka_consumergroup_group_max_lag_seconds"] == [(labels, 5)]
    assert found["kafka_consumergroup_group_sum_lag"] == [(labels, 8)]
    assert found["kafka_consumergroup_group_topic_sum_lag"] == [
        ({**labels, "topic": TOPIC}, 8)
    ]


def test_a_partitions_ends_are_told() -> None:
    labels = {"cluster_name": "prod", "topic": TOPIC, "partition": "0"}
    found = samples(report())

    assert found["kafka_partition_latest_offset"] == [(labels, 100)]
    assert found["kafka_partition_earliest_offset"] == [(labels, 0)]


def test_what_is_not_known_has_no_sample() -> None:
    found = samples(
        report(
            group("silent", part(), error="cannot be asked", members=None),
            group("no age", part(2, next=None, seconds=None)),
            services=(service(outbox=None, stopped=None, error="away"),),
            rejected=None,
            unanswered=("cannot be asked", "away"),
        )
    )
    groups = [
        labels["group"] for labels, _ in found["kafka_consumergroup_group_sum_lag"]
    ]

    assert groups == ["no age"]
    assert found["kafka_consumergroup_group_max_lag_seconds"] == []
    assert [
        labels["group"] for labels, _ in found["kafka_consumergroup_group_offset"]
    ] == ["silent"]
    for name in ("outbox_waiting", "partitions_stopped", "rejected_last_day"):
        assert found[f"tidlig_{name}"] == []
    assert found["tidlig_monitor_unanswered"] == [({}, 2)]


def test_outboxes_and_stopped_partitions_are_told() -> None:
    told = service(
        "registry", outbox=Outbox(waiting=4, oldest_seconds=7), stopped=(stop(),)
    )
    found = samples(report(services=(told,)))
    of_service = {"service": "registry"}
    of_place = {"group": "registry", "topic": TOPIC, "partition": "0"}

    assert found["tidlig_outbox_waiting"] == [(of_service, 4)]
    assert found["tidlig_outbox_oldest_seconds"] == [(of_service, 7)]
    assert found["tidlig_partitions_stopped"] == [(of_service, 1)]
    assert found["tidlig_partition_stopped_seconds"] == [(of_place, 60)]
    assert found["tidlig_rejected_last_day"] == [({}, 0)]
