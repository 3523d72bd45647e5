"""Logs: class and place of an error, never its text; nothing of a payload."""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog

from services.kit import log

SECRET = "what the fact says"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What has been logged, as objects."""
    kept, root, stderr = structlog.get_config(), logging.getLogger(), StringIO()
    loggers = [root, *map(logging.getLogger, log.QUIET)]
    was = [(each.handlers[:], each.level, each.propagate) for each in loggers]
    # pytest's own would be closed, for all tests to come
    root.handlers.clear()
    monkeypatch.setattr(sys, "stderr", stderr)
    log.set_up("test")
    yield lambda: [json.loads(line) for line in stderr.getvalue().splitlines()]
    structlog.configure(**kept)
    structlog.contextvars.clear_contextvars()
    for each, (handlers, level, propagate) in zip(loggers, was, strict=True):
        each.handlers[:], each.propagate = handlers, propagate
        each.setLevel(level)


def fails() -> None:
    raise ValueError(f"{SECRET}\nand more of it")


def failure() -> ValueError:
    try:
        fails()
    except ValueError as error:
        return error
    raise AssertionError


async def test_a_line_says_who_when_and_how_grave(lines: Any) -> None:
    structlog.get_logger().warning("something_happened", n=1)

    (line,) = lines()
    assert line["event"] == "something_happened"
    assert (line["level"], line["n"], line["service"]) == ("warning", 1, "test")
    assert line["timestamp"].endswith("Z")


def test_an_error_is_logged_by_class_and_place_and_not_by_its_text(lines: Any) -> None:
    try:
        fails()
    except ValueError as error:
        structlog.get_logger().exception("it_failed")
        structlog.get_logger().error("it_failed", exc_info=error)
        logging.getLogger("library").exception("it failed")

    found = lines()
    assert len(found) == 3
    assert {line["error"] for line in found} == {"ValueError"}
    assert all("test_log.py" in line["place"] for line in found)
    assert all(line["place"].endswith(" fails") for line in found)
    assert SECRET not in json.dumps(found)


def test_a_library_that_puts_the_text_in_its_message_is_not_repeated(
    lines: Any,
) -> None:
    error = failure()
    library = logging.getLogger("faststream")

    library.error("ValueError: %s", error, exc_info=error)
    library.critical(repr(error), exc_info=error)
    library.error("Handler failed\n%s", error, exc_info=error)

    found = lines()
    assert len(found) == 3
    assert SECRET not in json.dumps(found)


async def test_an_error_that_nobody_fetched_from_its_task_is_not_repeated(
    lines: Any,
) -> None:
    loop = asyncio.get_running_loop()

    async def forgotten() -> None:
        fails()

    task = asyncio.create_task(forgotten())
    await asyncio.wait([task])
    loop.default_exception_handler(
        {"message": "Task exception was never retrieved", "exception": task.exception()}
        | {"future": task}
    )

    (line,) = lines()
    assert line["error"] == "ValueError"
    assert SECRET not in json.dumps(line)


def test_what_libraries_say_all_the_time_is_left_out(lines: Any) -> None:
    logging.getLogger("aiokafka").warning("Unable to connect")
    logging.getLogger("httpx").info("GET")
    logging.getLogger("aiokafka").error("gone")

    assert [line["event"] for line in lines()] == ["gone"]


def test_what_a_library_says_again_and_again_is_said_once_in_a_while(
    lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, ours = logging.getLogger("aiokafka.conn"), logging.getLogger("services")
    now = 1000.0
    monkeypatch.setattr(log, "monotonic", lambda: now)

    def away(node: int) -> None:
        library.error("Unable connect to node with id %s", node)

    for node in range(1, 200):
        away(node)
        ours.error("each of ours counts")
    library.error("another thing")
    now += 31
    away(7)

    found = [line["event"] for line in lines()]
    assert found.count("each of ours counts") == 199
    assert [each for each in found if each != "each of ours counts"] == [
        "Unable connect to node with id 1",
        "another thing",
        "Unable connect to node with id 7 (and 198 times more since the last)",
    ]


def test_an_error_from_outside_our_code_says_so() -> None:
    try:
        json.loads("{")
    except ValueError as error:
        found = error.with_traceback(error.__traceback__.tb_next)  # type: ignore[union-attr]

    assert log.place_of(found) == "outside our code"
