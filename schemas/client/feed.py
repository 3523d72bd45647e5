"""Delivery over HTTP: the feed, page by page."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec

from .errors import CursorRefused
from .feed_event import FeedEvent, feed_event
from .service import Away, Service, Token, problem_in

# the longest that delivery lets a reader wait
LONGEST_WAIT_SECONDS = 30.0
SECONDS = 30.0
LIMIT = 100
EVENTS = msgspec.json.Decoder(list[msgspec.Raw])


class LogMadeAgain(Exception):
    """The cursor's log is no more: the feed begins again."""


@dataclass(frozen=True, slots=True)
class Page:
    """Events in the order in which they became readable, and the cursor after them."""

    events: tuple[FeedEvent, ...]
    cursor: str


class Feed(Service):
    """`GET /feed`."""

    def __init__(self, url: str, token: Token | None) -> None:
        super().__init__(url, token, seconds=SECONDS + LONGEST_WAIT_SECONDS)

    def page(self, after: str | None, *, limit: int = LIMIT, wait: float = 0) -> Page:
        """The page after a cursor, waiting `wait` seconds for something new.

        Using a cursor acknowledges the page it came with. Raises `LogMadeAgain`,
        `CursorRefused`, `TokenRefused` or `Away`.
        """
        asked: dict[str, Any] = {"limit": limit}
        if after is not None:
            asked["after"] = after
        if wait and self.token is not None:
            asked["timeout"] = int(min(wait, LONGEST_WAIT_SECONDS) * 1000)
        answer = self.ask("GET", "/feed", params=asked)
        if answer.status_code == 410 and after is not None:
            raise LogMadeAgain
        problem = problem_in(answer)
        if problem is not None and problem.code == "invalid_cursor":
            raise CursorRefused(
                f"{problem.detail}: is the token another organisation's? To read all "
                "of it anew, call `begin_again()`"
            )
        return page_in(answer)


def page_in(answer: httpx.Response) -> Page:
    """The page an answer holds. Raises `Away` for anything else."""
    where = answer.request.url.copy_with(query=None)
    if answer.status_code != 200:
        said = problem_in(answer) or answer.status_code
        raise Away(f"{where} gives no page of the feed: {said}")
    try:
        texts = [bytes(text) for text in EVENTS.decode(answer.content)]
        return Page(tuple(map(feed_event, texts)), next_cursor(answer))
    except (ValueError, msgspec.DecodeError) as error:
        raise Away(f"{where} gives no page of the feed ({error})") from error


def next_cursor(answer: httpx.Response) -> str:
    link = answer.links.get("next", {}).get("url", "")
    found = parse_qs(urlsplit(link).query).get("after")
    if not found:
        raise ValueError("no `Link` to the next page")
    return found[0]
