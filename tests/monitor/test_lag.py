"""`lag`: the exit status says what the table says, whatever is away."""

import asyncio
import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from schemas.topics import REJECTED, STATE
from services.kit.command import main
from services.monitor import lag
from services.monitor.__main__ import MONITOR

from .lab import Lab

Captured = pytest.CaptureFixture[str]
SHORT = timedelta(seconds=1)


async def run(lab: Lab, *, as_json: bool = False, **given: Any) -> int:
    """The command, in a thread: it has a loop of its own."""
    return await asyncio.to_thread(lag.run, lab.settings(**given), as_json=as_json)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Somebody who takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


async def test_0_where_nothing_is_behind(lab: Lab, capsys: Captured) -> None:
    assert await run(lab) == 0
    assert "Nothing is behind." in capsys.readouterr().out


async def test_1_where_a_group_is_behind(lab: Lab, capsys: Captured) -> None:
    lab.produce(STATE.name, 3, partition=2)

    assert await run(lab) == 1
    assert f"{STATE.name}/2" in capsys.readouterr().out


async def test_1_where_a_record_was_rejected(lab: Lab, capsys: Captured) -> None:
    lab.produce(REJECTED.name)

    assert await run(lab) == 1
    assert "1 in 24 h, 1 kept" in capsys.readouterr().out


async def test_1_where_a_partition_is_stopped(lab: Lab, capsys: Captured) -> None:
    await lab.execute(
        "INSERT INTO delivery.stopped VALUES ('delivery', $1, 4, 17, 'KeyError', '')",
        STATE.name,
    )

    assert await run(lab) == 1
    assert f"delivery: {STATE.name}/4" in capsys.readouterr().out


async def test_2_and_a_sentence_where_kafka_is_away(
    lab: Lab, closed_port: int, capsys: Captured
) -> None:
    address = f"127.0.0.1:{closed_port}"
    began = monotonic()

    status = await run(lab, bootstrap=address, ask_limit=SHORT)

    assert status == 2
    assert monotonic() - began < 3
    assert f"Kafka at {address} cannot be asked" in capsys.readouterr().out


async def test_2_and_a_sentence_where_kafka_is_silent(
    lab: Lab, silent_port: int, capsys: Captured
) -> None:
    address = f"127.0.0.1:{silent_port}"
    began = monotonic()

    status = await run(lab, bootstrap=address, ask_limit=SHORT)

    assert status == 2
    assert monotonic() - began < 3
    assert f"Kafka at {address} cannot be asked" in capsys.readouterr().out


@pytest.mark.parametrize("port", ["closed_port", "silent_port"])
async def test_2_and_a_sentence_where_postgres_is_away(
    lab: Lab, port: str, request: pytest.FixtureRequest, capsys: Captured
) -> None:
    url = f"postgresql://nobody:x@127.0.0.1:{request.getfixturevalue(port)}/nothing"
    began = monotonic()

    status = await run(lab, url=url, ask_limit=SHORT)

    text = capsys.readouterr().out
    assert status == 2
    assert monotonic() - began < 3
    assert "Postgres cannot be asked" in text
    assert "DATABASE_URL" in text


async def test_2_where_the_address_of_postgres_is_none(
    lab: Lab, capsys: Captured
) -> None:
    assert await run(lab, url="nonsense") == 2
    assert "is DATABASE_URL right?" in capsys.readouterr().out


async def test_2_where_the_fault_is_ours(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr("services.monitor.cycle.report", None)

    assert await run(lab) == 2
    assert "TypeError at services/monitor/cycle.py" in capsys.readouterr().err


async def test_json_is_one_object_in_the_documented_form(
    lab: Lab, capsys: Captured
) -> None:
    lab.produce(STATE.name, 3, partition=2)
    lab.produce(REJECTED.name)

    assert await run(lab, as_json=True) == 1

    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert set(told) == {
        *("measured", "took_seconds", "verdict", "groups", "services"),
        *("rejected", "partitions", "unanswered"),
    }
    assert told["verdict"] == "behind"
    assert told["rejected"] == {"recent": 1, "kept": 1}
    registry = next(each for each in told["groups"] if each["name"] == "registry")
    assert set(registry) == {
        *("name", "source", "state", "members", "records", "seconds"),
        *("error", "partitions"),
    }
    assert (registry["source"], registry["records"]) == ("checkpoint", 3)
    (part,) = [each for each in registry["partitions"] if each["records"]]
    assert set(part) == {
        *("topic", "partition", "next", "committed", "earliest", "end"),
        *("records", "seconds", "expired", "ahead", "member"),
    }
    assert (part["topic"], part["partition"]) == (STATE.name, 2)


async def test_what_is_not_known_is_null_in_json(lab: Lab, capsys: Captured) -> None:
    assert await run(lab, as_json=True, url="nonsense") == 2

    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "unknown"
    assert {each["records"] for each in told["groups"]} == {None}
    assert {each["seconds"] for each in told["groups"]} == {None}
    assert [each["outbox"] for each in told["services"]] == [None] * 4


def test_the_command_needs_no_issuer_of_tokens(
    closed_port: int, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.delenv("TIDLIG_TOKEN_ISSUER", raising=False)
    monkeypatch.delenv("TIDLIG_TOKEN_JWKS", raising=False)
    monkeypatch.setenv("TIDLIG_KAFKA_BOOTSTRAP", f"127.0.0.1:{closed_port}")
    monkeypatch.setenv("DATABASE_URL", f"postgresql://127.0.0.1:{closed_port}/nothing")
    monkeypatch.setenv("TIDLIG_MONITOR_ASK_LIMIT", "PT0.3S")

    assert main(MONITOR, ["lag"]) == 2
    assert f"Kafka at 127.0.0.1:{closed_port}" in capsys.readouterr().out
