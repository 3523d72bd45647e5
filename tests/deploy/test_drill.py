"""The restore drill: what it would notice; and, as a long run, the drill itself."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from rich.console import Console

from deploy.local import kafka, topics
from deploy.local.demo.says import Identity
from deploy.local.demo.sets import Sets
from deploy.local.drill import backup, topics_anew
from deploy.local.drill.parties import Story
from deploy.local.drill.proof import Proof
from deploy.local.drill.readiness import waits_for
from deploy.local.drill.told import Telling
from deploy.local.drill.topics_anew import Known
from deploy.local.folder import CHECKOUT
from schemas.topics import STATE

ONE, TWO, HIDDEN = (("owner:x", "urn:orgnr:1:a", str(n)) for n in range(3))
ALL = {ONE, TWO, HIDDEN}
THEN = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)


def proof(
    *,
    in_kafka: Iterable[Identity] = ALL,
    archived: Iterable[Identity] = ALL,
    received: Iterable[Identity] = (ONE, TWO),
) -> Proof:
    """Three acknowledged facts, one of them not for KS; all is well by default."""
    shared = {ONE, TWO}
    found = Sets(ALL, list(in_kafka), list(archived), set(received), shared)
    return Proof(found, ALL, ALL, shared, wrong_states=0, given_twice=0)


def test_where_all_is_there_once_nothing_is_said() -> None:
    assert proof().faults == []
    assert proof().counts["lost"] == 0


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        (proof(archived={ONE, HIDDEN}), "lost: owner:x 1"),
        (proof(in_kafka={ONE, HIDDEN}), "lost: owner:x 1"),
        (proof(received={ONE}), "lost: owner:x 1"),
        (replace(proof(), delivered={ONE, HIDDEN}), "lost: owner:x 1"),
        (replace(proof(), receipts={ONE, HIDDEN}), "lost: owner:x 1"),
        (proof(received=ALL), "leaked to KS: owner:x 2"),
        (replace(proof(), told_readable={ONE}), "not told to be readable: owner:x 1"),
        (proof(archived=[*ALL, ONE]), "archived twice: 1"),
        (replace(proof(), wrong_states=2), "states that rest on other facts: 2"),
        (replace(proof(), given_twice=1), "given to KS twice: 1"),
    ],
)
def test_what_is_not_there_once_is_named(found: Proof, fault: str) -> None:
    assert found.faults == [fault]


def test_a_fact_that_nobody_acknowledged_is_named() -> None:
    found = replace(proof(), receipts={*ALL, ("owner:x", "urn:orgnr:1:a", "9")})

    assert found.faults == ["never acknowledged: owner:x 9"]


def test_a_fault_is_in_the_file_and_in_the_last_line(tmp_path: Path) -> None:
    console = Console(
        record=True, width=150, quiet=False, file=(tmp_path / "o").open("w")
    )
    telling = Telling(console)
    with telling.step("something is done") as step:
        step.showed = "so it was"
    telling.conclude(["lost: owner:x 1"], {"lost": 1}, tmp_path / "drill.json")
    report = json.loads((tmp_path / "drill.json").read_bytes())

    assert (report["verdict"], report["faults"]) == ("failed", ["lost: owner:x 1"])
    assert report["steps"][0]["showed"] == "so it was"
    assert console.export_text().splitlines()[-1].startswith("drill: failed lost 1,")
    console.file.close()


def test_every_saying_is_a_fact_of_its_own_and_only_what_is_shared_is_for_ks() -> None:
    story = Story()
    said = [*story.announcements(2), *story.changes(3), *story.changes(4, 1)]

    assert len({each.identity for each in said}) == len(said)
    assert [each.identity[0].split(":")[1] for each in said if not each.for_ks] == [
        "ikke-delt"
    ] * 3


def test_a_copy_keeps_holes_and_content(tmp_path: Path) -> None:
    source, target = tmp_path / "index", tmp_path / "copy"
    with source.open("wb") as file:
        file.seek(1_000_000)
        file.write(b"in the middle")
        file.truncate(8_000_000)
    backup.copy_with_holes(str(source), str(target))

    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_blocks <= source.stat().st_blocks + 16


def test_a_service_that_does_not_answer_is_not_ready() -> None:
    assert waits_for("http://127.0.0.1:9") == ["does not answer"]


def test_a_topic_made_anew_has_another_id_and_its_records_their_first_times(
    tmp_path: Path,
) -> None:
    records = [
        Known(1, STATE.name, 3, THEN, "owner:x", b"first"),
        Known(3, STATE.name, 3, THEN, "owner:x", b"second"),
    ]
    with kafka.running(tmp_path) as bootstrap:
        topics.provision(bootstrap)
        topics_anew.make_anew(bootstrap, [records[1]])
        topics_anew.make_anew(bootstrap, records)
        found = read(bootstrap, 3, 2)
        later = topics_anew.there(AdminClient({"bootstrap.servers": bootstrap}))

    assert [(value, at) for value, at in found] == [(b"first", THEN), (b"second", THEN)]
    assert {topic.name for topic in topics_anew.ANEW} <= later


def read(bootstrap: str, partition: int, number: int) -> list[tuple[bytes, datetime]]:
    """So many records of the partition from its beginning, with their times."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "x"})
    consumer.assign([TopicPartition(STATE.name, partition, 0)])
    found = []
    for message in consumer.consume(number, timeout=30):
        _, milliseconds = message.timestamp()
        at = datetime.fromtimestamp(milliseconds / 1000, UTC)
        found.append((message.value() or b"", at))
    consumer.close()
    return found


def run(*options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-m", "deploy.local", "drill", *options],
        cwd=CHECKOUT,
        env={**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/users-own"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


@pytest.mark.long
def test_the_drill_loses_nothing_and_touches_no_database_that_was_given() -> None:
    ran = run()
    last = ran.stdout.splitlines()[-1]

    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]
    assert re.match(r"drill: ok acknowledged \d+,", last)
    assert "lost 0, twice 0, leaked 0" in last


@pytest.mark.long
def test_a_restore_that_leaves_one_fact_out_ends_with_another_status() -> None:
    ran = run("--broken")

    assert ran.returncode == 1, ran.stdout[-4000:] + ran.stderr[-2000:]
    assert "lost 1, twice 0" in ran.stdout.splitlines()[-1]
