"""Logs: JSON in production, pretty in a terminal; never a payload, never a secret.

An exception is logged by class and place: its text may hold what a fact says.
"""

import logging
import sys
from collections.abc import MutableMapping
from datetime import timedelta
from pathlib import Path
from time import monotonic
from traceback import extract_tb
from typing import Any

import structlog

ROOT = Path(__file__).parents[2]
QUIET = {
    "aiokafka": logging.ERROR,
    "faststream": logging.ERROR,
    "uvicorn.access": logging.WARNING,
    "asyncio": logging.WARNING,
    "httpx": logging.WARNING,
}


# they say the same many times a second while a broker is away
CHATTY = ("aiokafka", "faststream")
ONCE_IN = timedelta(seconds=30)


class Seldom(logging.Filter):
    """Lets a library say the same once in a while; then with how often it would have.

    The same is what one place in its code says, whatever it fills in.
    """

    def __init__(self) -> None:
        super().__init__()
        # when it was let through last, and what was not since
        self.said: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in CHATTY:
            return True
        place = (record.pathname, record.lineno)
        last, left_out = self.said.get(place, (-ONCE_IN.total_seconds(), 0))
        now = monotonic()
        if now - last < ONCE_IN.total_seconds():
            self.said[place] = (last, left_out + 1)
            return False
        self.said[place] = (now, 0)
        if left_out:
            record.msg = f"{record.msg} (and {left_out} times more since the last)"
        return True


def set_up(service: str, level: int = logging.INFO) -> None:
    """Send everything, the libraries' logs too, to stderr in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        error_by_class,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if sys.stderr.isatty():
        renderer = structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler()
    handler.addFilter(Seldom())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                renderer,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name, least in QUIET.items():
        library = logging.getLogger(name)
        library.setLevel(least)
        # FastStream brings a handler of its own, which writes an error's text
        library.handlers.clear()
        library.propagate = True
    structlog.contextvars.bind_contextvars(service=service)


def error_by_class(
    _: object, __: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace an exception by its class and the place in our code."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["place"] = place_of(error)
        event["event"] = without_text(str(event["event"]), error)
    return event


def without_text(message: str, error: BaseException) -> str:
    """Libraries put an error's text in the message too: on its first line, or below."""
    first = message.partition("\n")[0]
    text = str(error).partition("\n")[0]
    return first.replace(text, "…") if text else first


def place_of(error: BaseException) -> str:
    """The innermost line of our own code that the error came through."""
    frames = extract_tb(error.__traceback__)
    ours = [frame for frame in frames if is_ours(Path(frame.filename))]
    if not ours:
        return "outside our code"
    innermost = ours[-1]
    path = Path(innermost.filename).relative_to(ROOT)
    return f"{path}:{innermost.lineno} {innermost.name}"


def is_ours(path: Path) -> bool:
    return path.is_relative_to(ROOT) and "site-packages" not in path.parts
